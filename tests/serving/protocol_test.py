"""The test server, asked with the bare stubs and in bare JSON."""

import base64
import io
import shutil
import socket

import grpc
import numpy as np
import PIL.Image
import pytest
import requests
import tensorflow as tf
from exported import LATENTS
from limits import within
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tf_mmdgan import errors
from tf_mmdgan.serving.protocol import ProtocolServer


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(server.grpc_target) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(channel):
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def predict_request(signature="", version=None, outputs=(), **inputs):
    request = predict_pb2.PredictRequest(output_filter=outputs)
    request.model_spec.name = "generator"
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def sample_request(**changes):
    inputs = {"num_samples": np.int32(2), "seed": np.int64(7)}
    return predict_request("sample", **{**inputs, **changes})


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


def test_what_it_does_not_do_is_unimplemented(stub):
    with pytest.raises(grpc.RpcError) as caught:
        stub.Classify(classification_pb2.ClassificationRequest())
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def rest(server, path, body=None, text=None, kind="application/json"):
    url = f"http://{server.rest_target}/v1/models/{path}"
    if body is None and text is None:
        return requests.get(url)
    headers = {"Content-Type": kind}
    return requests.post(url, json=body, data=text, headers=headers)


def test_rest_in_columns(server, stub):
    body = {"signature_name": "sample", "inputs": {"num_samples": 2, "seed": 7}}
    found = rest(server, "generator:predict", body).json()["outputs"]
    response = stub.Predict(sample_request())
    for name, value in response.outputs.items():
        np.testing.assert_array_equal(found[name], tf.make_ndarray(value))


def test_rest_in_rows(server, stub):
    latents = LATENTS.sample((1, 2), 3).numpy()
    rows = [
        {"latents": row.tolist(), "labels": label}
        for label, row in enumerate(latents)
    ]
    found = rest(server, "generator:predict", {"instances": rows}).json()
    response = stub.Predict(
        predict_request(latents=latents, labels=np.int32([0, 1, 2]))
    )
    want = tf.make_ndarray(response.outputs["images"])
    got = np.float32(found["predictions"])
    np.testing.assert_array_equal(got, want)


def test_rest_writes_bytes_as_base64(server, stub):
    asked = {"num_samples": 1, "seed": 7}
    body = {"signature_name": "sample_png", "inputs": asked}
    found = rest(server, "generator/versions/1:predict", body).json()
    png = base64.b64decode(found["outputs"]["png_bytes"][0]["b64"])
    pixels = np.asarray(PIL.Image.open(io.BytesIO(png)))
    response = stub.Predict(sample_request(version=1, num_samples=np.int32(1)))
    images = tf.make_ndarray(response.outputs["images"])
    np.testing.assert_array_equal(pixels, images[0])


def test_rest_status_and_metadata(server):
    found = rest(server, "generator").json()["model_version_status"]
    assert [(v["version"], v["state"]) for v in found] == [
        ("2", "AVAILABLE"),
        ("1", "AVAILABLE"),
    ]
    found = rest(server, "generator/versions/1/metadata").json()
    assert found["model_spec"]["version"] == "1"
    definitions = found["metadata"]["signature_def"]["signature_def"]
    assert definitions["sample"]["inputs"]["seed"]["dtype"] == "DT_INT64"


def test_pages_of_others_get_nothing(server):
    url = f"http://{server.rest_target}/v1/models/generator"
    for headers in (
        {"Host": "rebound.example"},
        {"Origin": "https://b.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        response = requests.get(url, headers=headers)
        assert response.status_code == 403 and "error" in response.json()
    # What a page may send to any server, without asking it first.
    response = rest(server, "generator:predict", None, "{}", "text/plain")
    assert response.status_code == 400
    assert "must be application/json" in response.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        "[" * 10**5,
        '{"inputs": ' * 10**5,
        f'{{"inputs": {"1" * 10**5}}}',
        '{"signature_name": "sample", "inputs": {"seed": 1, "num_samples": '
        + "[" * 500 + "]" * 500 + "}}",
        '{"signature_name": "sample", "inputs": {"seed": 1, "num_samples": '
        f'["{"x" * 10**5}", {"1," * 10**5} 1]}}}}',
        '{"signature_name": "sample", "inputs": {"seed": 1, "num_samples": '
        '"1"}}',
        '{"instances": [1, {"' + "x" * 10**5 + '": 2}]}',
        "1" * (2**20 + 1),
        '{"instances": [1, ' + '{"a": ' * 950 + "1" + "}" * 950 + "]}",
    ],
    ids=range(9),
)  # fmt: skip
def test_json_that_is_nested_or_huge(server, body):
    with within(seconds=10, megabytes=100):
        response = rest(server, "generator:predict", text=body)
    assert response.status_code == 400
    assert len(response.json()["error"]) < 400


def test_versions_of_many_digits(server):
    response = rest(server, f"generator/versions/{'9' * 5000}")
    assert response.status_code == 400
    assert "to numeric" in response.json()["error"]


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


SAMPLE = {"signature_name": "sample"}


@pytest.mark.parametrize(
    "path, body, status, message",
    [
        ("nope:predict", {"inputs": {}}, 404, "request: Latest(nope)"),
        ("generator/versions/9", None, 404, "not find version 9 of model"),
        ("nope", None, 404, "Could not find any versions of model nope"),
        ("generator:classify", {}, 400, "Malformed request: POST /v1/models"),
        ("generator:predict", SAMPLE, 400, "Missing 'inputs' or 'instances'"),
        (
            "generator:predict",
            {"signature_name": "nope", "inputs": {}},
            400,
            'Serving signature name: "nope" not found in signature def',
        ),
        (
            "generator:predict",
            {**SAMPLE, "inputs": {"seed": 1}},
            400,
            "Missing named input: num_samples in 'inputs' object.",
        ),
        (
            "generator:predict",
            {**SAMPLE, "inputs": {"num_samples": 1.5, "seed": 1}},
            400,
            "num_samples cannot be converted",
        ),
        (
            "generator:predict",
            {**SAMPLE, "inputs": {"num_samples": 0, "seed": 1}},
            400,
            "num_samples must be 1 to 100, not 0",
        ),
        (
            "generator:predict",
            {**SAMPLE, "inputs": 3},
            400,
            "inputs is a plain value/list",
        ),
        ("generator:predict", {"signature_name": 3}, 400, "must be a string"),
        ("generator:predict", {"signature_name": "\ud800"}, 400, "be a string"),
        ("generator:predict", {"instances": []}, 400, "No values in 'inst"),
        ("generator:predict", {"instances": [3]}, 400, "is a plain list"),
        (
            "generator:predict",
            {"instances": [{"latents": [0] * 6}]},
            400,
            "must only have keys: labels,latents",
        ),
    ],
)
def test_rest_refuses_as_tf_serving_does(server, path, body, status, message):
    found = rest(server, path, body)
    assert found.status_code == status
    assert message in found.json()["error"]


def test_rest_refuses_what_is_no_json(server):
    found = rest(server, "generator:predict", text="{")
    assert found.status_code == 400
    assert found.json()["error"].startswith("JSON Parse error: ")


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
