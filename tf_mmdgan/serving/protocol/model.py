"""The versions of one model, run as TensorFlow Serving runs them.

Codes and messages of errors are those of `predict_util.cc`,
`get_model_status_impl.cc` and `servable_manager` in
github.com/tensorflow/serving.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from tf_mmdgan import errors, files
from tf_mmdgan.serving.protocol.batching import (
    BatchingSession,
    BatchingSettings,
)

with errors.extra("demo", "The test server needs"):
    import grpc
    from tensorflow_serving.apis import model_pb2

Code = grpc.StatusCode
_CODES = {code.value[0]: code for code in Code}
_DEFAULT = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


class StatusError(Exception):
    """What a server answers instead of a result."""

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


class Version:
    """One version, in a session of its own.

    Args:
      path: folder of the SavedModel.
      batching: how requests are joined; None: each is run by itself.

    Attributes:
      signatures: `SignatureDef` by name.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        batching: BatchingSettings | None = None,
    ):
        files.check_plain(path)
        compat = tf.compat.v1
        graph = tf.Graph()
        session = compat.Session(graph=graph)
        self._session = (
            BatchingSession(session, batching) if batching else session
        )
        try:
            with graph.as_default(), _no_advice():
                loaded = compat.saved_model.load(
                    session,
                    [tf.saved_model.SERVING],
                    os.fspath(path),
                )
        except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
            raise errors.DataError(
                f"{path} cannot be served: {str(error).strip().splitlines()[0]}"
            ) from error
        self.signatures = loaded.signature_def

    def run(
        self,
        signature: str,
        inputs: Mapping[str, np.ndarray],
        output_filter: Sequence[str] = (),
    ) -> dict[str, np.ndarray]:
        """Runs a signature.

        Raises:
          StatusError: as the real server would answer.
        """
        definition = self.definition(signature)
        _check_names(inputs, definition)
        wanted = output_filter or list(definition.outputs)
        _check_outputs(wanted, definition)
        feeds = {
            definition.inputs[alias].name: _checked(
                number, value, definition.inputs[alias]
            )
            for number, (alias, value) in enumerate(sorted(inputs.items()))
        }
        fetches = {alias: definition.outputs[alias].name for alias in wanted}
        try:
            return self._session.run(fetches, feeds)
        except tf.errors.OpError as error:
            raise StatusError(
                _CODES.get(error.error_code, Code.UNKNOWN), error.message
            ) from error
        except (TypeError, ValueError) as error:  # of another shape
            raise StatusError(Code.INVALID_ARGUMENT, str(error)) from error

    def definition(self, signature: str) -> meta_graph_pb2.SignatureDef:
        """What a signature takes and returns; the empty name is the default.

        Raises:
          StatusError: if there is none of this name.
        """
        name = signature or _DEFAULT
        if name not in self.signatures:
            raise StatusError(
                Code.FAILED_PRECONDITION,
                f'Serving signature key "{name}" not found.',
            )
        return self.signatures[name]


@contextlib.contextmanager
def _no_advice() -> Iterator[None]:
    """Without the remark that sessions are deprecated: servers have them."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


class ServedModel:
    """A model by name, with all the versions that it is given.

    Args:
      name: what clients call it.
      paths: folders of SavedModels, by version.
      batching: how requests are joined; None: each is run by itself.

    Attributes:
      name: what clients call it.
      versions: by number.

    Raises:
      DataError: if there is no version, or one that cannot be loaded.
    """

    def __init__(
        self,
        name: str,
        paths: Mapping[int, str | os.PathLike[str]],
        batching: BatchingSettings | None = None,
    ):
        if not paths:
            raise errors.DataError(f"The model {name} has no version to serve.")
        self.name = name
        self.versions = {
            number: Version(path, batching)
            for number, path in sorted(paths.items())
        }

    def choose(self, spec: model_pb2.ModelSpec) -> int:
        """The number of the version that a request is for.

        Raises:
          StatusError: if there is no such model or version.
        """
        number = max(self.versions)
        wanted = f"Latest({spec.name})"
        if spec.HasField("version"):
            number = spec.version.value
            wanted = f"Specific({spec.name}, {number})"
        elif spec.HasField("version_label"):
            raise StatusError(
                Code.INVALID_ARGUMENT,
                f"Unrecognized servable version label: {spec.version_label}",
            )
        if spec.name != self.name or number not in self.versions:
            raise StatusError(
                Code.NOT_FOUND, f"Servable not found for request: {wanted}"
            )
        return number

    def status(self, spec: model_pb2.ModelSpec) -> list[int]:
        """The versions that a request for a status is about.

        Raises:
          StatusError: if there is no such model or version.
        """
        found = self.versions if spec.name == self.name else {}
        if spec.HasField("version"):
            number = spec.version.value
            if number not in found:
                raise StatusError(
                    Code.NOT_FOUND,
                    f"Could not find version {number} of model {spec.name}",
                )
            return [number]
        if not found:
            raise StatusError(
                Code.NOT_FOUND,
                f"Could not find any versions of model {spec.name}",
            )
        return sorted(found, reverse=True)


def _check_names(
    inputs: Mapping[str, np.ndarray], definition: meta_graph_pb2.SignatureDef
) -> None:
    sent, known = set(inputs), set(definition.inputs)
    if len(sent) != len(known):
        texts = [
            ",".join(sorted(names))
            for names in (sent, known, sent - known, known - sent)
        ]
        raise StatusError(
            Code.INVALID_ARGUMENT,
            f"input size does not match signature: {len(sent)}!={len(known)} "
            f"len({{{texts[0]}}}) != len({{{texts[1]}}}). Sent extra: "
            f"{{{texts[2]}}}. Missing but required: {{{texts[3]}}}.",
        )
    for alias in sorted(sent - known):
        raise StatusError(
            Code.INVALID_ARGUMENT,
            f"input tensor alias not found in signature: {alias}. Inputs "
            f"expected to be in the set {{{','.join(sorted(known))}}}.",
        )


def _check_outputs(
    wanted: Sequence[str], definition: meta_graph_pb2.SignatureDef
) -> None:
    known = ",".join(sorted(definition.outputs))
    for alias in wanted:
        if alias not in definition.outputs:
            raise StatusError(
                Code.INVALID_ARGUMENT,
                f"output tensor alias not found in signature: {alias} Outputs "
                f"expected to be in the set {{{known}}}.",
            )
        if list(wanted).count(alias) > 1:
            raise StatusError(
                Code.INVALID_ARGUMENT, f"duplicate output tensor alias: {alias}"
            )


def _checked(
    number: int, value: np.ndarray, info: meta_graph_pb2.TensorInfo
) -> np.ndarray:
    """Session.run would convert another type; the real server does not."""
    expected = tf.dtypes.as_dtype(info.dtype)
    found = tf.dtypes.as_dtype(value.dtype)
    if found != expected:
        raise StatusError(
            Code.INVALID_ARGUMENT,
            f"Expects arg[{number}] to be {expected.name} but {found.name} is "
            "provided",
        )
    return value
