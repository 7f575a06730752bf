"""Requests over gRPC, made with the bare stubs."""

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2


def predict_request(signature="", version=None, outputs=(), **inputs):
    """A PredictRequest for the model "generator"."""
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = "generator"
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def sample_request(**changes):
    """A request for two images of seed 7."""
    inputs = {"num_samples": np.int32(2), "seed": np.int64(7)}
    return predict_request("sample", **{**inputs, **changes})
