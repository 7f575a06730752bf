"""Exported generators that are told numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import LATENTS

from tf_mmdgan import errors, export, serving
from tf_mmdgan.conditions import Numbers
from tf_mmdgan.latents import sampling_seed

ROWS = np.float32([[0.5, -0.5], [-0.25, 0.75], [0.0, 0.1]])


def make_generator():
    """Of a label (a, b) the left half is a bright, the right half b."""
    keras.utils.set_random_seed(0)
    latents = keras.Input((LATENTS.size,))
    labels = keras.Input((2,))
    noise = keras.layers.Reshape((4, 2, 1))(keras.layers.Dense(8)(latents))
    halves = keras.layers.Reshape((1, 2, 1))(labels)
    x = 0.01 * keras.ops.tanh(noise) + halves
    return keras.Model([latents, labels], keras.layers.UpSampling2D((1, 2))(x))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    export.export_generator(
        make_generator(), LATENTS, folder, condition=Numbers(2, ROWS),
        max_samples=100, with_warmup=export.warmup_available(),
    )  # fmt: skip
    return export.load_generator(folder)


@pytest.fixture(scope="module")
def sampler(loaded):
    predictor = serving.LocalPredictor(loaded.signatures)
    return serving.Sampler(predictor, batch_size=5)


def shown(drawn):
    """Brightness of both halves of images uint8 [n, 4, 4, 1]: [n, 2]."""
    halves = drawn.images.reshape(-1, 4, 2, 2) / 127.5 - 1.0
    return halves.mean(axis=(1, 3))


def test_labels_are_floats_in_all_signatures(loaded):
    forms = {
        name: {
            spec.name: (spec.dtype.name, spec.shape.as_list())
            for spec in function.structured_input_signature[1].values()
            if spec.name.startswith("label")
        }
        for name, function in loaded.signatures.items()
    }
    one = {"label": ("float32", [2])}
    assert forms == {
        "serving_default": {"labels": ("float32", [None, 2])},
        "sample": {}, "sample_png": {}, "sample_range": {},
        "sample_numbers": one, "interpolate": one,
        "sample_by_seed": {"label": ("float32", [None, 2])},
    }  # fmt: skip
    outputs = loaded.signatures["sample"].structured_outputs
    assert outputs["labels"].shape.as_list() == [None, 2]
    assert loaded.metadata["label_width"] == 2
    assert loaded.metadata["num_classes"] is None


def test_labels_that_are_drawn_are_rows_of_the_data(sampler):
    drawn = sampler.sample(40, seed=7)
    want = Numbers(2, ROWS).draw(sampling_seed(7), 40)
    np.testing.assert_array_equal(drawn.labels, want)
    np.testing.assert_allclose(shown(drawn), want, atol=0.02)
    again = sampler.sample(9, seed=7, start=12)
    np.testing.assert_array_equal(again.labels, drawn.labels[12:21])


@pytest.mark.parametrize("label", [(0.75, -1.0), "0.75,-1"])
def test_labels_that_are_asked_for_are_drawn(sampler, label):
    for drawn in (
        sampler.sample(7, seed=3, label=label),
        sampler.interpolate(3, 4, 6, label=label),
    ):
        assert (drawn.labels == np.float32([0.75, -1.0])).all()
        np.testing.assert_allclose(shown(drawn), drawn.labels, atol=0.02)


def test_servers_without_rows_take_labels_too(loaded):
    kept = {k: v for k, v in loaded.signatures.items() if k != "sample_by_seed"}
    whole, other = (
        serving.Sampler(serving.LocalPredictor(signatures), batch_size=4)
        for signatures in (loaded.signatures, kept)
    )
    one, two = (s.sample(6, seed=2, label=[0.1, 0.2]) for s in (whole, other))
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.labels, two.labels)


def test_labels_that_cannot_be(loaded, sampler):
    for label in (3, "a,b", [1, 2, 3], [0.0, np.inf]):
        with pytest.raises(errors.UsageError, match="is told 2 numbers"):
            sampler.sample(2, seed=1, label=label)
    with pytest.raises(errors.UsageError, match="is told numbers: name the"):
        sampler.interpolate(1, 2, 3)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="label must be finite, not nan"
    ):
        loaded.signatures["serving_default"](
            latents=tf.zeros([1, 6]), labels=tf.constant([[0.0, np.nan]])
        )


class Other(serving.LocalPredictor):
    """A server that draws other labels than those that are asked for."""

    def predict(self, signature, inputs, wanted):
        found = super().predict(signature, inputs, wanted)
        return {**found, "labels": found["labels"] + np.float32(0.5)}


def test_answers_are_compared_with_the_question(loaded):
    sampler = serving.Sampler(Other(loaded.signatures))
    with pytest.raises(
        errors.DataError, match=r"draws the number 0\.5 instead"
    ):
        sampler.sample(2, seed=1, label=[0, 0])


def test_a_generator_of_other_labels_is_refused(tmp_path):
    with pytest.raises(errors.UsageError, match=r"6\] and labels \[n, 3\]"):
        export.export_generator(
            make_generator(), LATENTS, tmp_path, condition=Numbers(3)
        )
