"""The gRPC services of the test server."""

import concurrent.futures
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.serving.protocol.model import Code, ServedModel, StatusError

with errors.extra("demo", "The test server needs"):
    import grpc
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )


_MOST_BYTES = 2**22  # of a request
_MOST_VALUES = 2**22  # of all inputs of a request, which may claim more


def make_server(model: ServedModel, threads: int = 8) -> grpc.Server:
    """A server of both services; it has no port yet, and does not run."""
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(threads),
        options=[
            ("grpc.max_receive_message_length", _MOST_BYTES),
            ("grpc.max_send_message_length", -1),
            # Else few bytes could be sent that become many.
            ("grpc.per_message_decompression", 0),
            # Else two servers could share a port without a word.
            ("grpc.so_reuseport", 0),
        ],
    )
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        PredictionService(model), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(
        ModelService(model), server
    )
    return server


def _answers(method: Callable[..., Any]) -> Callable[..., Any]:
    """Sends a StatusError of the method as the status of the call."""

    @functools.wraps(method)
    def answered(self, request, context):
        try:
            return method(self, request)
        except StatusError as error:
            context.abort(error.code, error.message)

    return answered


@_answers
def _unimplemented(self: object, request: object) -> NoReturn:
    del self, request
    # gRPC's own raise an error, whose traceback would be in the terminal.
    raise StatusError(Code.UNIMPLEMENTED, "Method not implemented!")


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and GetModelMetadata; the other methods are unimplemented."""

    Classify = Regress = MultiInference = _unimplemented

    def __init__(self, model: ServedModel):
        self._model = model

    @_answers
    def Predict(
        self, request: predict_pb2.PredictRequest
    ) -> predict_pb2.PredictResponse:
        """Runs a signature."""
        number = self._model.choose(request.model_spec)
        outputs = self._model.versions[number].run(
            request.model_spec.signature_name,
            _arrays(request.inputs),
            request.output_filter,
        )
        response = predict_pb2.PredictResponse(
            model_spec=_answered_spec(self._model, number)
        )
        response.model_spec.signature_name = (
            request.model_spec.signature_name
            or tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
        )
        for name, value in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return response

    @_answers
    def GetModelMetadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Tells the signatures."""
        if not request.metadata_field:
            raise StatusError(
                Code.INVALID_ARGUMENT,
                "GetModelMetadataRequest must specify at least one "
                "metadata_field",
            )
        for field in request.metadata_field:
            if field != "signature_def":
                raise StatusError(
                    Code.INVALID_ARGUMENT,
                    f"Metadata field {field} is not supported",
                )
        return metadata(self._model, request.model_spec)


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """GetModelStatus; ReloadConfig is unimplemented."""

    HandleReloadConfigRequest = _unimplemented

    def __init__(self, model: ServedModel):
        self._model = model

    @_answers
    def GetModelStatus(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Tells which versions are served: all that there are."""
        return status(self._model, request.model_spec)


def metadata(
    model: ServedModel, spec: model_pb2.ModelSpec
) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """The signatures of the version that `spec` asks for."""
    number = model.choose(spec)
    response = get_model_metadata_pb2.GetModelMetadataResponse(
        model_spec=_answered_spec(model, number)
    )
    definitions = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in model.versions[number].signatures.items():
        definitions.signature_def[name].CopyFrom(definition)
    response.metadata["signature_def"].Pack(definitions)
    return response


def status(
    model: ServedModel, spec: model_pb2.ModelSpec
) -> get_model_status_pb2.GetModelStatusResponse:
    """The versions that `spec` asks about."""
    response = get_model_status_pb2.GetModelStatusResponse()
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    for number in model.status(spec):
        response.model_version_status.add(
            version=number, state=available
        ).status.SetInParent()
    return response


def _answered_spec(model: ServedModel, number: int) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=model.name)
    spec.version.value = number
    return spec


def _arrays(inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The inputs of a request; none is made before all claims are summed."""
    left = _MOST_VALUES
    for name, proto in inputs.items():
        sides = [dimension.size for dimension in proto.tensor_shape.dim]
        left -= math.prod(sides)
        if min(sides, default=0) < 0 or left < 0:
            raise _damaged(name)
    return {name: _array(name, proto) for name, proto in inputs.items()}


def _array(name: str, proto: Any) -> np.ndarray:
    try:
        return tf.make_ndarray(proto)
    except (LookupError, OverflowError, TypeError, ValueError) as error:
        raise _damaged(name) from error


def _damaged(name: str) -> StatusError:
    return StatusError(
        Code.INVALID_ARGUMENT, f"tensor parsing error: {errors.excerpt(name)}"
    )
