import base64
import io

import numpy as np
import PIL.Image
import pytest
import requests
import tensorflow as tf
from asking import predict_request, sample_request
from exported import LATENTS
from limits import within


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
