"""Configuration of TensorFlow Serving for an exported model, as text protos.

Three files beside the versions, written once and then left to the user:
`models.config` (where the model is), `monitoring.config` (metrics for
Prometheus) and `batching.config`.
"""

import csv
import io
import os
import pathlib
import shlex
from collections.abc import Mapping

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message,
    message_factory,
    text_format,
    wrappers_pb2,
)

from tf_mmdgan import errors, files
from tf_mmdgan.export.signatures import MAX_SAMPLES

MODELS = "models.config"
BATCHING = "batching.config"
MONITORING = "monitoring.config"
NAMES = (MODELS, BATCHING, MONITORING)
GRPC_PORT = 8500
REST_PORT = 8501
_MOST_BYTES = 2**20  # of a file
METRICS_PATH = "/monitoring/prometheus/metrics"
# The newest one, and the one before to go back to.
_VERSIONS_SERVED = 2
_MOST_ROWS = 64  # that a server joins

_Field = descriptor_pb2.FieldDescriptorProto


def write(
    export_dir: str | os.PathLike[str],
    model_name: str,
    max_samples: int = MAX_SAMPLES,
) -> list[str]:
    """Writes those files that are not there yet.

    Args:
      export_dir: the model's folder, with the versions in it.
      model_name: what clients call the model.
      max_samples: the most images that the model makes at once.

    Returns:
      The paths of the three files.

    Raises:
      UsageError: without the extra `serving`.
      DataError: as `check`.
    """
    folder = pathlib.Path(export_dir).resolve()
    for name, content in _contents(folder, model_name, max_samples).items():
        if not (folder / name).exists():
            text = text_format.MessageToString(content)
            files.write_bytes(folder / name, text.encode())
    check(folder, model_name, max_samples)
    return [str(folder / name) for name in NAMES]


def check(
    export_dir: str | os.PathLike[str],
    model_name: str,
    max_samples: int = MAX_SAMPLES,
) -> None:
    """Refuses files that a server could not serve this model by.

    Files that are not there yet are none of them.

    Args:
      export_dir: as of `write`.
      model_name: as of `write`.
      max_samples: as of `write`.

    Raises:
      UsageError: without the extra `serving`.
      DataError: if a file there cannot be read by a server, if `models.config`
        is about another folder or another name, or if `batching.config` joins
        more rows than the model takes.
    """
    folder = pathlib.Path(export_dir).resolve()
    found = parse(folder)
    if MODELS in found:
        served = [
            (model.name, model.base_path)
            for model in found[MODELS].model_config_list.config
        ]
        if (model_name, str(folder)) not in served:
            raise errors.DataError(
                f"{folder / MODELS} is not about the model {model_name} in "
                f"{folder}: edit it, or delete it to have it written anew."
            )
    if BATCHING in found:
        joined = found[BATCHING].max_batch_size.value
        if joined > max_samples:
            raise errors.DataError(
                f"{folder / BATCHING} joins up to {joined} rows, and the model "
                f"takes {max_samples} (--max_samples): edit it, or delete it "
                "to have it written anew."
            )


def parse(export_dir: str | os.PathLike[str]) -> Mapping[str, message.Message]:
    """Reads those files that are there, by the protos of TensorFlow Serving.

    Raises:
      UsageError: without the extra `serving`.
      DataError: for a file that cannot be read.
    """
    found = {}
    for name, kind in _kinds().items():
        path = pathlib.Path(export_dir) / name
        if not path.exists():
            continue
        try:
            text = files.read_text(path, _MOST_BYTES)
            found[name] = text_format.Parse(text, kind())
        except (OSError, errors.DataError, text_format.ParseError) as error:
            raise errors.DataError(
                f"{path} cannot be read: {errors.excerpt(error)}; delete it to "
                "have it written anew."
            ) from error
    return found


def server_commands(export_dir: str | os.PathLike[str]) -> list[str]:
    """How to serve the model: in a container, or by an installed server."""
    folder = str(pathlib.Path(export_dir).resolve())
    options = [
        f"--model_config_file={folder}/{MODELS}",
        f"--monitoring_config_file={folder}/{MONITORING}",
    ]
    ports = [f"--port={GRPC_PORT}", f"--rest_api_port={REST_PORT}"]
    # Under the same path inside, so that one models.config is right in both.
    container = ["docker", "run", "--rm"]
    for port in (GRPC_PORT, REST_PORT):
        container += ["-p", f"{port}:{port}"]
    container += [*_mounted(folder), "tensorflow/serving"]
    return [
        shlex.join([*container, *options]),
        shlex.join(["tensorflow_model_server", *ports, *options]),
    ]


def _mounted(folder: str) -> list[str]:
    """Options of `docker run` that show a folder, read-only."""
    if ":" not in folder:
        return ["-v", f"{folder}:{folder}:ro"]
    # Fields of a line of CSV, in which colons mean nothing.
    places = io.StringIO()
    csv.writer(places, lineterminator="").writerow(
        ["type=bind", f"source={folder}", f"target={folder}", "readonly"]
    )
    return ["--mount", places.getvalue()]


def _contents(
    folder: pathlib.Path, model_name: str, max_samples: int
) -> Mapping[str, message.Message]:
    kinds = _kinds()
    models = kinds[MODELS]()
    model = models.model_config_list.config.add(
        name=model_name, base_path=str(folder), model_platform="tensorflow"
    )
    model.model_version_policy.latest.num_versions = _VERSIONS_SERVED
    batching = kinds[BATCHING]()
    most = min(_MOST_ROWS, max_samples)
    batching.max_batch_size.value = most
    # A graph is prepared once for each size; rows that are missing are padded.
    powers = (2**power for power in range(most.bit_length()))
    batching.allowed_batch_sizes.extend(sorted({*powers, most}))
    batching.batch_timeout_micros.value = 5000
    batching.max_enqueued_batches.value = 100
    batching.num_batch_threads.value = os.cpu_count() or 1
    monitoring = kinds[MONITORING]()
    monitoring.prometheus_config.enable = True
    monitoring.prometheus_config.path = METRICS_PATH
    return {MODELS: models, BATCHING: batching, MONITORING: monitoring}


def _kinds() -> Mapping[str, type[message.Message]]:
    with errors.extra("serving", "Configurations of a server need"):
        from tensorflow_serving.config import model_server_config_pb2
    pool = _server_protos()
    official = {
        BATCHING: "tensorflow.serving.BatchingParameters",
        MONITORING: "tensorflow.serving.MonitoringConfig",
    }
    return {
        MODELS: model_server_config_pb2.ModelServerConfig,
        **{
            name: message_factory.GetMessageClass(
                pool.FindMessageTypeByName(kind)
            )
            for name, kind in official.items()
        },
    }


def _server_protos() -> descriptor_pool.DescriptorPool:
    """Two messages of the server that tensorflow-serving-api leaves out.

    Names, numbers and types are those of `session_bundle_config.proto` and of
    `monitoring_config.proto` in github.com/tensorflow/serving.
    """
    wrappers = ".google.protobuf."
    integer, string = f"{wrappers}Int64Value", f"{wrappers}StringValue"
    messages = {
        "BatchingParameters": [
            ("max_batch_size", 1, integer),
            ("batch_timeout_micros", 2, integer),
            ("max_enqueued_batches", 3, integer),
            ("num_batch_threads", 4, integer),
            ("thread_pool_name", 5, string),
            ("allowed_batch_sizes", 6, _Field.TYPE_INT64),
            ("pad_variable_length_inputs", 7, _Field.TYPE_BOOL),
        ],
        "PrometheusConfig": [
            ("enable", 1, _Field.TYPE_BOOL),
            ("path", 2, _Field.TYPE_STRING),
        ],
        "MonitoringConfig": [
            ("prometheus_config", 1, ".tensorflow.serving.PrometheusConfig"),
        ],
    }
    file = descriptor_pb2.FileDescriptorProto(
        name="server_configs.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    for name, fields in messages.items():
        kind = file.message_type.add(name=name)
        for field, number, type_ in fields:
            added = kind.field.add(name=field, number=number)
            added.label = _Field.LABEL_OPTIONAL
            if isinstance(type_, str):
                added.type, added.type_name = _Field.TYPE_MESSAGE, type_
            else:
                added.type = type_
            if field == "allowed_batch_sizes":
                added.label = _Field.LABEL_REPEATED
    # A pool of their own: whoever ships the whole protos shall not collide.
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return pool
