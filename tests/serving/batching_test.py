"""A test server that joins requests, as a batching server does."""

import concurrent.futures

import numpy as np
import pytest
import tensorflow as tf
from exported import CLASSES, LATENTS, make_generator

from tf_mmdgan import errors, export, serving
from tf_mmdgan.conditions import Classes
from tf_mmdgan.export import warmup
from tf_mmdgan.serving.protocol import BatchingSettings, ProtocolServer
from tf_mmdgan.serving.protocol.batching import BatchingSession

SETTINGS = BatchingSettings(timeout=0.2)


class Session:
    """Doubles what it is fed, and remembers how many rows that were."""

    def __init__(self):
        self.rows = []

    def run(self, names, feeds):
        self.rows.append(len(feeds["x"]))
        if (feeds["x"] < 0).any():
            raise tf.errors.InvalidArgumentError(None, None, "negative")
        return [2 * feeds["x"] for _ in names]


def test_requests_are_joined_padded_and_split():
    session = Session()
    joined = BatchingSession(
        session,
        BatchingSettings(
            max_batch_size=8, timeout=5.0, allowed_batch_sizes=(4, 8)
        ),
    )
    parts = [np.arange(3), np.arange(10, 14), np.array([20])]

    def ask(part):
        return joined.run({"y": "out"}, {"x": part})["y"]

    with concurrent.futures.ThreadPoolExecutor() as threads:
        found = list(threads.map(ask, parts))
    for part, doubled in zip(parts, found, strict=True):
        np.testing.assert_array_equal(doubled, 2 * part)
    assert session.rows == [8]


@pytest.mark.parametrize(
    "feeds, words",
    [
        ({"x": np.int32(1)}, "must have at least one dimension"),
        ({"x": np.zeros(2), "z": np.zeros(3)}, "equal 0th-dimension size"),
        ({"x": np.zeros(65)}, "Task size 65 is larger than maximum"),
        ({"x": np.array([-1])}, "negative"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_the_words_of_the_source(
    feeds, words
):
    joined = BatchingSession(Session(), BatchingSettings(timeout=0.0))
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        joined.run({"y": "out"}, feeds)


def test_missing_rows_are_padded_and_not_returned():
    session = Session()
    joined = BatchingSession(session, BatchingSettings(timeout=0.0))
    found = joined.run({"y": "out"}, {"x": np.arange(5)})["y"]
    assert session.rows == [8] and found.tolist() == [0, 2, 4, 6, 8]


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    return export.export_generator(
        make_generator(),
        LATENTS,
        tmp_path_factory.mktemp("m"),
        condition=Classes(CLASSES),
        with_warmup=True,
    )


@pytest.fixture(scope="module")
def server(version):
    with ProtocolServer(
        "generator", {1: version}, batching=SETTINGS
    ) as running:
        yield running


def test_warm_up_records_run_where_requests_are_joined(version, server):
    predictor = serving.connect(serving.Connection(server.grpc_target))
    signatures = predictor.signatures()
    records = dict(warmup.read(version))
    assert set(records) == {"serving_default", "sample_by_seed"}
    for name, inputs in records.items():
        wanted = {
            output: tf.TensorSpec([1, *spec.shape[1:]], spec.dtype)
            for output, spec in signatures[name].outputs.items()
        }
        assert predictor.predict(name, inputs, wanted)


@pytest.mark.parametrize("interface", ["grpc", "rest"])
def test_client_draws_from_a_server_that_joins_requests(
    version, server, interface
):
    target = server.grpc_target if interface == "grpc" else server.rest_target
    remote = serving.Sampler(
        serving.connect(serving.Connection(target), rest=interface == "rest"), 4
    )
    local = serving.Sampler(
        serving.LocalPredictor(export.load_generator(version).signatures), 4
    )
    requests = [
        {"num_samples": 6, "seed": seed, "label": seed % CLASSES}
        for seed in range(4)
    ]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        drawn = list(threads.map(lambda r: remote.sample(**r), requests))
    for request, got in zip(requests, drawn, strict=True):
        want = local.sample(**request)
        np.testing.assert_array_equal(got.labels, want.labels)
        levels = got.images.astype(int) - want.images
        assert np.abs(levels).max() <= 1
    with pytest.raises(
        errors.UsageError, match=r"joins requests.*name a label"
    ):
        remote.sample(2, seed=0)
