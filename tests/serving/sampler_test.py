"""Requests that a sampler makes, and what it makes of the answers."""

import time

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, serving
from tf_mmdgan.serving import labels
from tf_mmdgan.serving.predictor import Signature


def signature(*inputs, shape=(None, 2, 2, 1), dtype=tf.uint8):
    images = tf.TensorSpec(shape, dtype)
    return Signature(frozenset(inputs), {"images": images})


RANGE = ("num_samples", "seed", "start", "truncation")
PLAIN = {
    "sample_range": signature(*RANGE),
    "interpolate": signature("seed_a", "seed_b", "steps", "truncation"),
}
WITH_CLASSES = {**PLAIN, "sample_class": signature(*RANGE, "label")}


class Recorder:
    """Row i of a seed is an image of value i; the label is i % 3."""

    def __init__(self, signatures):
        self._signatures = signatures
        self.requests = []

    def signatures(self):
        return self._signatures

    def predict(self, signature, inputs, wanted):
        self.requests.append((signature, inputs))
        count = inputs["steps" if signature == "interpolate" else "num_samples"]
        rows = inputs.get("start", 0) + np.arange(count)
        images = np.broadcast_to(rows[:, None, None, None], (count, 2, 2, 1))
        labels = (
            np.full(count, inputs["label"]) if "label" in inputs else rows % 3
        )
        arrays = {"images": images.astype(np.uint8), "labels": labels}
        return {name: arrays[name] for name in wanted}


def test_large_requests_are_split_by_start():
    recorder = Recorder(PLAIN)
    drawn = serving.Sampler(recorder, batch_size=4).sample(
        10, seed=7, start=5, truncation=0.5
    )
    np.testing.assert_array_equal(drawn.images[:, 0, 0, 0], np.arange(5, 15))
    assert drawn.labels is None and len(drawn.seconds) == 3
    asked = [
        (name, int(inputs["start"]), int(inputs["num_samples"]))
        for name, inputs in recorder.requests
    ]
    assert asked == [
        ("sample_range", 5, 4),
        ("sample_range", 9, 4),
        ("sample_range", 13, 2),
    ]
    for _, inputs in recorder.requests:
        assert set(inputs) == PLAIN["sample_range"].inputs
        assert inputs["seed"] == 7 and inputs["truncation"] == 0.5


def test_requests_have_no_more_bytes_than_the_predictor_takes():
    recorder = Recorder(PLAIN)
    recorder.most_bytes = 13  # of images of 4
    sampler = serving.Sampler(recorder, batch_size=64)
    assert len(sampler.sample(10, seed=7).images) == 10
    asked = [int(inputs["num_samples"]) for _, inputs in recorder.requests]
    assert asked == [3, 3, 3, 1]
    with pytest.raises(errors.UsageError, match="more than 13 bytes: ask for"):
        sampler.interpolate(1, 2, 4)


def test_names_of_many_classes_have_a_time_limit(monkeypatch):
    monkeypatch.setattr(labels, "_NAMES_SECONDS", 0.2)
    asked = []

    def ask(numbers):
        asked.append(numbers)
        time.sleep(0.05)
        table = [list(f"{n:05}".encode()) for n in numbers]
        return {
            "name": np.array(table, np.uint8),
            "num_classes": np.full(len(numbers), 60_000, np.int32),
        }

    with pytest.raises(
        errors.DataError, match=r"0\.2 seconds to name its 60,0"
    ):
        labels.names(ask, 64)
    assert 2 < len(asked) < 9
    assert len(labels.names(ask, 60_000)) == 60_000


def test_inputs_have_the_types_of_the_signatures():
    recorder = Recorder(WITH_CLASSES)
    sampler = serving.Sampler(recorder)
    sampler.sample(1, seed=-(2**63), label=2)
    sampler.interpolate(1, 2, steps=3, label=0)
    types = {
        name: value.dtype.name
        for _, inputs in recorder.requests
        for name, value in inputs.items()
    }
    assert types == {
        "num_samples": "int32", "seed": "int64", "start": "int64",
        "truncation": "float32", "label": "int32", "seed_a": "int64",
        "seed_b": "int64", "steps": "int32",
    }  # fmt: skip


def test_labels_are_returned_where_there_are_classes():
    sampler = serving.Sampler(Recorder(WITH_CLASSES), batch_size=2)
    drawn = sampler.sample(5, seed=0)
    np.testing.assert_array_equal(drawn.labels, [0, 1, 2, 0, 1])
    assert set(drawn.arrays()) == {"images", "labels"}
    drawn = sampler.sample(5, seed=0, label=2)
    np.testing.assert_array_equal(drawn.labels, [2] * 5)


def test_an_interpolation_is_one_request():
    recorder = Recorder(PLAIN)
    drawn = serving.Sampler(recorder, batch_size=2).interpolate(3, 4, steps=9)
    assert len(drawn.images) == 9 and len(recorder.requests) == 1
    name, inputs = recorder.requests[0]
    assert name == "interpolate"
    assert (inputs["seed_a"], inputs["seed_b"]) == (3, 4)


def test_bad_requests_never_leave():
    recorder = Recorder(PLAIN)
    sampler = serving.Sampler(recorder)
    with pytest.raises(errors.UsageError, match="num_samples=0, need an int"):
        sampler.sample(0, seed=0)
    for seed in (2**63, 1.5, "7", None):
        with pytest.raises(errors.UsageError, match="an integer of 64 bits"):
            sampler.sample(1, seed=seed)
        with pytest.raises(errors.UsageError, match=r"seed_b=.* of 64 bits"):
            sampler.interpolate(0, seed, 2)
    with pytest.raises(errors.UsageError, match="has no classes"):
        sampler.sample(1, seed=0, label=1)
    with pytest.raises(errors.UsageError, match="has no classes"):
        sampler.interpolate(0, 1, 2, label=1)
    with pytest.raises(errors.UsageError, match="has classes: name the label"):
        serving.Sampler(Recorder(WITH_CLASSES)).interpolate(0, 1, 2)
    with pytest.raises(errors.UsageError, match="batch_size=0"):
        serving.Sampler(recorder, batch_size=0)
    assert not recorder.requests


def test_other_models_are_refused():
    with pytest.raises(errors.UsageError, match="not exported by tf_mmdgan"):
        serving.Sampler(Recorder({"serving_default": signature("x")}))


def test_latency_summary():
    seconds = np.arange(1, 101) / 1000.0
    assert serving.latency_summary(seconds) == {
        "requests": 100, "mean": 50.5, "max": 100.0, "p50": 50.5,
        "p90": 90.1, "p99": 99.01,
    }  # fmt: skip


@pytest.mark.parametrize("predictor", ["x", None, np.zeros(3)])
def test_what_is_no_predictor(predictor):
    with pytest.raises(errors.UsageError, match="predictor: need a LocalPred"):
        serving.Sampler(predictor)


@pytest.mark.parametrize("signatures", ["x", {}, {"sample": 3}])
def test_what_are_no_signatures(signatures):
    with pytest.raises(errors.UsageError, match="signatures: need concrete"):
        serving.LocalPredictor(signatures)


def test_arguments_of_other_types():
    sampler = serving.Sampler(Recorder(PLAIN))
    with pytest.raises(errors.UsageError, match="=half does not fit into fl"):
        sampler.sample(3, 1, truncation="half")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.sample(3, 1, start=1.5), "start: need an Integral"),
        (lambda s: s.sample(3, 1, start="a"), "start: need an Integral"),
        (lambda s: s.interpolate(0, 1, 2.5), "steps: need an Integral"),
        (lambda s: s.interpolate(0, 1, None), "steps: need an Integral"),
    ],
)
def test_what_is_no_whole_number_is_refused(ask, message):
    with pytest.raises(errors.UsageError, match=message):
        ask(serving.Sampler(Recorder(PLAIN)))


def test_numbers_of_numpy_are_whole_numbers():
    sampler = serving.Sampler(Recorder(PLAIN))
    three, one = np.int64(3), np.int32(1)
    drawn = (
        sampler.sample(three, one, start=one),
        sampler.interpolate(1, 2, three),
    )
    assert [len(each.images) for each in drawn] == [3, 3]
