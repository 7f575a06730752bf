"""tools/demo.py as a user runs it: the page, and the test server behind it."""

import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import requests

from tf_mmdgan import errors, export
from tf_mmdgan.config import DemoConfig, SampleConfig
from tf_mmdgan.latents import Latents
from tf_mmdgan.tools.demo import demo
from tf_mmdgan.tools.sample import sample

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory):
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((4,)),
        keras.layers.Dense(6 * 6, activation="tanh"),
        keras.layers.Reshape((6, 6, 1)),
    ]
    folder = tmp_path_factory.mktemp("m")
    latents = Latents(4, "uniform")
    export.export_generator(keras.Sequential(layers), latents, folder)
    return folder


@pytest.fixture(scope="module")
def addresses(saved_model):
    """Of gRPC, REST and the page, as the tool prints them."""
    flags = ["--port=0", "--grpc_port=0", "--rest_port=0", "--local"]
    command = [sys.executable, "tools/demo.py", *flags]
    with subprocess.Popen(
        [*command, f"--saved_model={saved_model}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        lines = [process.stderr.readline() for _ in range(2)]
        yield re.findall(r"127\.0\.0\.1:\d+", "".join(lines))
        # Not SIGINT: what a shell starts in the background ignores it.
        process.terminate()
        try:
            assert process.wait(30) == 0
        finally:
            process.kill()
        assert '{"page": "http://127.0.0.1' in process.stdout.read()


def test_page_and_both_interfaces_draw_the_same(
    addresses, saved_model, tmp_path
):
    grpc, rest, page = addresses
    drawn = []
    for source in (
        {"target": grpc},
        {"target": rest, "rest": True},
        {"saved_model": str(saved_model)},
    ):
        out = str(tmp_path / f"{len(drawn)}.npz")
        sample(SampleConfig(**source, num_samples=5, seed=2, out=out))
        with np.load(out) as file:
            drawn.append(file["images"])
    assert drawn[0].shape == (5, 6, 6, 1) and drawn[0].std() > 1
    for images in drawn[1:]:
        np.testing.assert_array_equal(images, drawn[0])
    model = requests.get(f"http://{page}/api/model").json()
    assert model["source"] == f"generator of the test server at {grpc}"
    found = requests.get(f"http://{page}/api/samples?num_samples=5&seed=2")
    assert len(found.json()["images"]) == 5
    assert "tf_mmdgan" in requests.get(f"http://{page}/").text


def test_what_cannot_be_shown(addresses, saved_model, tmp_path):
    port = int(addresses[2].split(":")[1])
    with pytest.raises(errors.DataError, match=f":{port} .*name another --po"):
        demo(DemoConfig(saved_model=str(saved_model), port=port))
    with pytest.raises(errors.DataError, match="holds no exported generator"):
        demo(DemoConfig(saved_model=str(tmp_path), local=True))
