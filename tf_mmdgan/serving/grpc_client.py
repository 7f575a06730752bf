"""A model on a server, asked over gRPC with TensorFlow Serving's stubs."""

import functools
import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from tf_mmdgan import errors, protos
from tf_mmdgan.serving import answers, tls
from tf_mmdgan.serving.connection import (
    Connection,
    Unavailable,
    late,
    persist,
    refused,
)
from tf_mmdgan.serving.predictor import Arrays, Signature, Wanted, reason

# Else gRPC writes to the terminal what servers say, as they say it. It reads
# this when it is imported, by whomever.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

with errors.extra("serving", "Requests to a server need"):
    import grpc
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        model_pb2,
        predict_pb2,
    )

_SERVICE = "/tensorflow.serving.PredictionService/"
# Of an answer that says what a model is; and of channels, which are made for
# few sizes of answers, so that one serves nearly all requests.
_SMALLEST_LIMIT = 2**22
# Of an answer, and of a model's description, which has signatures.
_MOST_PARTS, _DESCRIBED_PARTS = 1000, 100_000
_NUMBERS_BESIDE = 2**16  # integers that nobody asked for
_OPTIONS = (
    ("grpc.max_send_message_length", -1),
    # Retries are those of `persist`: seen, counted, and within the deadline.
    ("grpc.enable_retries", 0),
    # A few packed bytes could become gigabytes, before any limit is looked at.
    ("grpc.per_message_decompression", 0),
    ("grpc.compression_enabled_algorithms_bitset", 1),  # none
)
_USAGE = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.OUT_OF_RANGE,
)
_REFUSED = (
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
)


class GrpcPredictor:
    """Asks a server over gRPC; one may be shared by threads.

    Args:
      connection: which model on which server.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        self._credentials = None
        if connection.tls:
            trusted = tls.roots(connection.tls_ca)
            self._credentials = grpc.ssl_channel_credentials(trusted)
        self._channel = functools.cache(self._make_channel)

    def _make_channel(self, limit: int) -> Any:
        """A channel that takes no answer of more bytes."""
        target = self._connection.target
        options = [*_OPTIONS, ("grpc.max_receive_message_length", limit)]
        if self._credentials is not None:
            return grpc.secure_channel(target, self._credentials, options)
        return grpc.insecure_channel(target, options)

    def signatures(self) -> Mapping[str, Signature]:
        """See `Predictor`."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._model_spec(), metadata_field=["signature_def"]
        )
        content = self._ask("GetModelMetadata", request, _SMALLEST_LIMIT)
        made = get_model_metadata_pb2.GetModelMetadataResponse
        try:
            response = _parsed(made, content)
            described = response.metadata["signature_def"].value
            found = _parsed(
                get_model_metadata_pb2.SignatureDefMap,
                described,
                _DESCRIBED_PARTS,
            )
            return answers.signatures(found.signature_def)
        except (DecodeError, ValueError) as error:
            raise self._foreign(error) from error

    def predict(self, signature: str, inputs: Arrays, wanted: Wanted) -> Arrays:
        """See `Predictor`."""
        request = predict_pb2.PredictRequest(
            model_spec=self._model_spec(signature), output_filter=wanted
        )
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        content = self._ask("Predict", request, _limit(wanted))
        made = predict_pb2.PredictResponse
        try:
            response = _parsed(made, content, most_numbers=_values(wanted))
            return {
                name: answers.of_proto(response.outputs[name], spec)
                for name, spec in wanted.items()
            }
        except (DecodeError, ValueError) as error:
            raise self._foreign(error) from error

    def _foreign(self, error: Exception) -> errors.DataError:
        return errors.DataError(
            f"{self._connection.model} answers something else than it was "
            f"asked for: {reason(error)}"
        )

    def _model_spec(self, signature: str = "") -> model_pb2.ModelSpec:
        spec = model_pb2.ModelSpec(
            name=self._connection.model_name, signature_name=signature
        )
        if self._connection.model_version is not None:
            spec.version.value = self._connection.model_version
        return spec

    def _ask(self, method: str, request: Any, limit: int) -> bytes:
        """The answer to a request, of so many bytes at most."""
        metadata = tuple(self._connection.authorization.items())
        call = self._channel(limit).unary_unary(f"{_SERVICE}{method}")
        content = request.SerializeToString()

        def attempt(seconds: float) -> bytes:
            try:
                return call(content, timeout=seconds, metadata=metadata)
            except grpc.RpcError as error:
                raise self._translated(error) from error

        return persist(self._connection, attempt, grpc=True)

    def _translated(self, error: grpc.RpcError) -> Exception:
        code, details = error.code(), reason(error.details() or "")
        if code == grpc.StatusCode.UNAVAILABLE:
            return Unavailable(details)
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return late(self._connection)
        if code in _REFUSED:
            return refused(self._connection, code.name)
        if code in _USAGE:
            return errors.UsageError(f"{self._connection.model}: {details}")
        return errors.DataError(
            f"{self._connection.model} failed: {code.name}, {details}"
        )


def _parsed(
    made: Any,
    content: bytes,
    most_parts: int = _MOST_PARTS,
    most_numbers: int = _NUMBERS_BESIDE,
) -> Any:
    """An answer as a message of a class.

    Raises:
      ValueError: for one that would take far more memory than it has bytes.
      DecodeError: for what is none.
    """
    protos.check(content, made.DESCRIPTOR, most_parts, most_numbers)
    return made.FromString(content)


def _values(wanted: Wanted) -> int:
    """The most integers of an answer."""
    asked = (spec.shape.num_elements() for spec in wanted.values())
    return _NUMBERS_BESIDE + sum(asked)


def _limit(wanted: Wanted) -> int:
    """The most bytes of an answer: a power of two, for few channels."""
    # In the long form of protos, small integers take up to twice their size.
    values = sum(
        2 * spec.shape.num_elements() * spec.dtype.size
        for spec in wanted.values()
    )
    return 1 << (max(_SMALLEST_LIMIT, 2**16 + values) - 1).bit_length()
