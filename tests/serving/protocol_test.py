"""The test server, asked with the bare stubs and in bare JSON."""

import shutil
import socket

import grpc
import numpy as np
import pytest
import tensorflow as tf
from asking import predict_request, sample_request
from exported import LATENTS
from limits import within
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
)

from tf_mmdgan import errors
from tf_mmdgan.serving.protocol import ProtocolServer


def test_predict_answers_which_version_and_signature(stub):
    response = stub.Predict(sample_request())
    assert set(response.outputs) == {"images", "labels", "latents"}
    spec = response.model_spec
    assert (spec.name, spec.version.value) == ("generator", 2)
    assert spec.signature_name == "sample"
    response = stub.Predict(
        sample_request(version=1, outputs=["labels"]),
    )
    assert set(response.outputs) == {"labels"}
    assert response.model_spec.version.value == 1


def test_the_default_signature_takes_latents(stub):
    latents, labels = LATENTS.sample((1, 2), 3).numpy(), np.int32([0, 1, 2])
    response = stub.Predict(predict_request(latents=latents, labels=labels))
    images = tf.make_ndarray(response.outputs["images"])
    np.testing.assert_array_equal(images.mean((1, 2)).argmax(1), labels)
    assert response.model_spec.signature_name == "serving_default"


@pytest.mark.parametrize(
    "request_, code, details",
    [
        (
            predict_request("nope"),
            grpc.StatusCode.FAILED_PRECONDITION,
            'Serving signature key "nope" not found.',
        ),
        (
            sample_request(version=3),
            grpc.StatusCode.NOT_FOUND,
            "Servable not found for request: Specific(generator, 3)",
        ),
        (
            predict_request("sample", num_samples=np.int32(1)),
            grpc.StatusCode.INVALID_ARGUMENT,
            "input size does not match signature: 1!=2 len({num_samples}) != "
            "len({num_samples,seed}). Sent extra: {}. Missing but required: "
            "{seed}.",
        ),
        (
            predict_request("sample", num_samples=np.int32(1), sed=np.int64(1)),
            grpc.StatusCode.INVALID_ARGUMENT,
            "input tensor alias not found in signature: sed. Inputs expected "
            "to be in the set {num_samples,seed}.",
        ),
        (
            sample_request(seed=np.int32(1)),
            grpc.StatusCode.INVALID_ARGUMENT,
            "Expects arg[1] to be int64 but int32 is provided",
        ),
        (
            sample_request(outputs=["image"]),
            grpc.StatusCode.INVALID_ARGUMENT,
            "output tensor alias not found in signature: image Outputs "
            "expected to be in the set {images,labels,latents}.",
        ),
        (
            sample_request(outputs=["images", "images"]),
            grpc.StatusCode.INVALID_ARGUMENT,
            "duplicate output tensor alias: images",
        ),
        (
            sample_request(num_samples=np.int32(101)),
            grpc.StatusCode.INVALID_ARGUMENT,
            "num_samples must be 1 to 100, not 101",
        ),
    ],
)
def test_predict_refuses_as_tf_serving_does(stub, request_, code, details):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(request_)
    assert caught.value.code() == code
    assert details in caught.value.details()


def test_damaged_tensors(stub):
    request = sample_request()
    request.inputs["seed"].tensor_content = b"abc"
    with pytest.raises(grpc.RpcError) as caught:
        stub.Predict(request)
    assert caught.value.details() == "tensor parsing error: seed"
    for kind in (0, 20, 21, 999):  # resources and variants are no arrays
        request.inputs["seed"].dtype = kind
        with pytest.raises(grpc.RpcError) as caught:
            stub.Predict(request)
        assert caught.value.details() == "tensor parsing error: seed"


def test_metadata_tells_the_signatures(stub):
    request = get_model_metadata_pb2.GetModelMetadataRequest()
    request.model_spec.name = "generator"
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetModelMetadata(request)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    request.metadata_field.append("signature_def")
    found = get_model_metadata_pb2.SignatureDefMap()
    response = stub.GetModelMetadata(request)
    response.metadata["signature_def"].Unpack(found)
    sample = found.signature_def["sample"]
    assert sample.inputs["seed"].dtype == tf.int64.as_datatype_enum
    assert set(sample.outputs) == {"images", "labels", "latents"}


def test_status_of_versions(channel):
    stub = model_service_pb2_grpc.ModelServiceStub(channel)
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "generator"
    found = stub.GetModelStatus(request).model_version_status
    assert [status.version for status in found] == [2, 1]
    assert all(status.state == status.AVAILABLE for status in found)
    request.model_spec.version.value = 5
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetModelStatus(request)
    details = "Could not find version 5 of model generator"
    assert caught.value.details() == details
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_what_it_does_not_do_is_unimplemented(stub, caplog):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Classify(classification_pb2.ClassificationRequest())
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert not caplog.records  # such as tracebacks


def test_inputs_over_grpc_may_not_claim_more_than_they_hold(stub):
    request = sample_request()
    for side in (2**33, -1):
        shape = request.inputs["num_samples"].tensor_shape
        del shape.dim[:]
        shape.dim.add(size=side)
        with within(10, megabytes=50), pytest.raises(grpc.RpcError) as caught:
            stub.Predict(request)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "tensor parsing error: num_samples" in caught.value.details()


def test_all_inputs_over_grpc_share_what_may_be_claimed(stub):
    request = sample_request()
    for number in range(100):
        proto = request.inputs[f"x{number}"]
        proto.CopyFrom(tf.make_tensor_proto(1.0, shape=[2**20]))
    with within(10, megabytes=50), pytest.raises(grpc.RpcError) as caught:
        stub.Predict(request)
    assert "tensor parsing error: " in caught.value.details()


@pytest.mark.parametrize(
    "name", ["saved_model.pb", "variables/variables.data-00000-of-00001"]
)
def test_damaged_models_are_not_served(paths, tmp_path, name):
    copy = shutil.copytree(paths[2], tmp_path / "1")
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(errors.DataError, match="1 cannot be served: ") as error:
        ProtocolServer("generator", {1: copy})
    assert "\n" not in str(error.value)


def test_no_version_and_taken_ports(paths):
    with pytest.raises(errors.DataError, match="has no version to serve"):
        ProtocolServer("generator", {})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for name in ("grpc_port", "rest_port"):
            with pytest.raises(errors.DataError, match=f"port {port} is taken"):
                ProtocolServer("generator", {1: paths[1]}, **{name: port})
