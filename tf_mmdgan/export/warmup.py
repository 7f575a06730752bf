"""Warm-up records: requests that TF Serving runs before it serves a version.

They lie in `assets.extra/tf_serving_warmup_requests`, one `PredictionLog` per
signature, so that no user waits for the first run of a graph. Where a record
fails, the server does not load the version; and a server that joins requests
fails all whose inputs are scalars. So there are records of those signatures
alone whose inputs have one row per image.
"""

import importlib.util
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.latents import Latents

FILE = "assets.extra/tf_serving_warmup_requests"


def available() -> bool:
    """Whether what the records are made of is installed."""
    return importlib.util.find_spec("tensorflow_serving") is not None


def write(
    version: pathlib.Path,
    requests: Mapping[str, Mapping[str, Any]],
    model_name: str,
) -> None:
    """Writes one record for each signature without scalar inputs.

    Args:
      version: the folder of the version.
      requests: inputs by name, as NumPy values, by signature.
      model_name: what the server calls the model.

    Raises:
      UsageError: without the extra `serving`.
    """
    with errors.extra("serving", "Warm-up records need"):
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    path = version / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            if any(np.ndim(value) == 0 for value in inputs.values()):
                continue
            request = predict_pb2.PredictRequest()
            request.model_spec.name = model_name
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())


def read(
    version: pathlib.Path,
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The signature and the inputs of each record of a version.

    Raises:
      UsageError: without the extra `serving`.
    """
    with errors.extra("serving", "Warm-up records need"):
        from tensorflow_serving.apis import prediction_log_pb2
    for record in tf.data.TFRecordDataset(str(version / FILE)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        yield (
            request.model_spec.signature_name,
            {name: tf.make_ndarray(v) for name, v in request.inputs.items()},
        )


def example_requests(
    latents: Latents, signatures: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    """A small request for each signature: inputs by name, as NumPy values."""
    shown = {
        "latents": latents.sample((0, 0), 1), "labels": 0, "label": 0,
        "num_samples": 1, "seed": 0, "start": 0, "index": 0, "truncation": 1.0,
        "seed_a": 0, "seed_b": 1, "steps": 2, "other_seed": 1,
        "other_index": 0, "cutoff": 1,
    }  # fmt: skip

    def value(spec: tf.TensorSpec) -> np.ndarray:
        found = tf.constant(shown[spec.name], spec.dtype).numpy()
        shape = [1 if side is None else side for side in spec.shape]
        # Of a label of numbers, all are the same.
        return found if found.ndim else np.broadcast_to(found, shape)

    return {
        name: {
            spec.name: value(spec)
            for spec in tf.nest.flatten(function.structured_input_signature)
            if spec is not None
        }
        for name, function in signatures.items()
    }
