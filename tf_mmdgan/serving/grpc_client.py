"""A model on a server, asked over gRPC with TensorFlow Serving's stubs."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.serving.connection import (
    Connection,
    Unavailable,
    late,
    persist,
    refused,
)
from tf_mmdgan.serving.predictor import Arrays, reason

with errors.extra("serving", "Requests to a server need"):
    import grpc
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        model_pb2,
        predict_pb2,
        prediction_service_pb2_grpc,
    )

Answer = TypeVar("Answer")

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Retries are those of `persist`: seen, counted, and within the deadline.
    ("grpc.enable_retries", 0),
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

    Raises:
      UsageError: if the certificates to trust cannot be read.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        target = connection.target
        if connection.tls:
            credentials = _credentials(connection)
            channel = grpc.secure_channel(target, credentials, _OPTIONS)
        else:
            channel = grpc.insecure_channel(target, _OPTIONS)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def signatures(self) -> Mapping[str, frozenset[str]]:
        """See `Predictor`."""
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=self._model_spec(), metadata_field=["signature_def"]
        )
        response = self._call(self._stub.GetModelMetadata, request)
        found = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(found)
        return {
            name: frozenset(definition.inputs)
            for name, definition in found.signature_def.items()
        }

    def predict(
        self, signature: str, inputs: Arrays, outputs: Sequence[str]
    ) -> Arrays:
        """See `Predictor`."""
        request = predict_pb2.PredictRequest(
            model_spec=self._model_spec(signature), output_filter=outputs
        )
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        response = self._call(self._stub.Predict, request)
        try:
            return {
                name: tf.make_ndarray(response.outputs[name])
                for name in outputs
            }
        except (TypeError, ValueError) as error:
            raise errors.DataError(
                f"{self._connection.model} sent an array that is damaged: "
                f"{error}"
            ) from error

    def _model_spec(self, signature: str = "") -> model_pb2.ModelSpec:
        spec = model_pb2.ModelSpec(
            name=self._connection.model_name, signature_name=signature
        )
        if self._connection.model_version is not None:
            spec.version.value = self._connection.model_version
        return spec

    def _call(self, method: Callable[..., Answer], request: object) -> Answer:
        metadata = tuple(self._connection.authorization.items())

        def attempt(seconds: float) -> Answer:
            try:
                return method(request, timeout=seconds, metadata=metadata)
            except grpc.RpcError as error:
                raise self._translated(error) from error

        return persist(self._connection, attempt)

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


def _credentials(connection: Connection) -> grpc.ChannelCredentials:
    if connection.tls_ca is None:
        return grpc.ssl_channel_credentials()
    with open(connection.tls_ca, "rb") as file:
        return grpc.ssl_channel_credentials(file.read())
