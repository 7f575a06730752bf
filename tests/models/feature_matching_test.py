"""Moments of frozen features and their moving averages."""

import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_matching as toy

from tf_mmdgan import errors
from tf_mmdgan.features import FrozenFeatures, frozen
from tf_mmdgan.models import FeatureMatchingModel, feature_matching


def digest(network):
    rows = b"".join(weight.numpy().tobytes() for weight in network.weights)
    return hashlib.sha256(rows).hexdigest()


def test_data_moments_are_those_of_one_pass_over_all(rng):
    data = rng.integers(0, 256, (23, 4, 4, 1), dtype=np.uint8)
    network = toy.network("float32")
    found = feature_matching.data_moments(network, data, batch_size=5)
    rows = network(data / np.float32(127.5) - 1.0).numpy().astype(np.float64)
    np.testing.assert_allclose(found.mean, rows.mean(0), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        found.variance, rows.var(0, ddof=1), rtol=1e-5, atol=1e-7
    )


def test_a_step_is_that_of_the_published_loss():
    made = toy.model("gfmn")
    target = [t.numpy().astype(np.float64) for t in made.target]
    latents = made.draw_latents(tf.zeros([8]), tf.constant(0, tf.int64))
    with tf.GradientTape() as tape:
        rows = made.matched_features(made.generator(latents, training=True))
        mean = tf.reduce_mean(rows, axis=0)
        variance = tf.reduce_sum((rows - mean) ** 2, axis=0) / 7.0
        moments = mean, variance
        # v and u after one step of rate .3 from 0.
        averages = [
            0.3 * (t - m.numpy()) for t, m in zip(target, moments, strict=True)
        ]
        loss = tf.add_n(
            [
                tf.reduce_sum((t - m) * a)
                for t, m, a in zip(target, moments, averages, strict=True)
            ]
        )
    variables = made.generator.trainable_variables
    gradients = tape.gradient(loss, variables)
    expected = [
        v.numpy() - 0.05 * g for v, g in zip(variables, gradients, strict=True)
    ]
    toy.fit(made, 1)
    for variable, value in zip(variables, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, atol=1e-6)
    for variable, value in zip(made.average, averages, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, atol=1e-6)


def test_sgd_on_the_squared_error_is_the_moving_average():
    """v <- (1 - a) v + a delta; the generator stands still."""
    made = toy.model("gfmn")
    made.generator_optimizer.learning_rate = 0.0
    average = np.zeros(5)
    for update in range(4):
        latents = made.draw_latents(
            tf.zeros([8]), tf.constant(update, tf.int64)
        )
        rows = made.matched_features(made.generator(latents)).numpy()
        delta = made.target.mean.numpy() - rows.mean(axis=0)
        average = 0.7 * average + 0.3 * delta
    toy.fit(made, 4)
    np.testing.assert_allclose(made.average.mean.numpy(), average, atol=1e-6)


def test_extractor_is_never_trained_nor_tracked(rng):
    """With batch normalisation and dropout in it, which training would move."""
    network = keras.Sequential(
        [
            keras.Input(tiny.SHAPE),
            keras.layers.Conv2D(3, 3, name="conv"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, name="top"),
        ]
    )
    for weight in network.weights:
        weight.assign(np.abs(rng.normal(size=weight.shape)) + 0.1)
    features = frozen.Concatenated(
        [FrozenFeatures("x", network, ("norm", "top"))]
    )
    before = digest(network)
    made = FeatureMatchingModel(tiny.generator(), tiny.LATENTS, features)
    made.compile(
        keras.optimizers.Adam(0.1), keras.optimizers.Adam(0.1),
        jit_compile=False,
    )  # fmt: skip
    made.adapt(toy.data())
    toy.fit(made, 3)
    assert digest(network) == before
    tracked = {id(weight) for weight in made.weights}
    assert not tracked & {id(weight) for weight in network.weights}
    assert made.target.mean.shape == (2 * 2 * 3 + 2 * 2 * 2,)


def test_moments_of_the_data_are_taken_once():
    made = toy.model("gfmn")
    before = made.target.mean.numpy()
    made.adapt(np.zeros_like(toy.data()))
    np.testing.assert_array_equal(made.target.mean.numpy(), before)


def test_one_example_has_no_variance_to_match():
    made = toy.model("gfmn")
    with pytest.raises(errors.DataError, match="at least 2"):
        feature_matching.data_moments(made.matched_features, toy.data()[:1])
    assert np.isfinite(feature_matching.global_moments(tf.eye(2))).all()
    with pytest.raises(ValueError, match="at least 2"):
        feature_matching.global_moments(tf.eye(1))


def test_floats_are_images_of_their_levels(rng):
    levels = rng.integers(0, 256, (9, *tiny.SHAPE), dtype=np.uint8)
    floats = levels / np.float32(127.5) - 1.0
    features = toy.model("gfmn").matched_features
    found, want = (
        feature_matching.data_moments(features, x) for x in (floats, levels)
    )
    np.testing.assert_allclose(found.mean, want.mean, atol=1e-6)
    np.testing.assert_allclose(found.variance, want.variance, atol=1e-6)
    with pytest.raises(errors.DataError, match=r"not in \[-1, 1\]: give"):
        feature_matching.data_moments(features, np.float32(levels))


def test_moments_are_to_be_known_before_training():
    made = FeatureMatchingModel(
        tiny.generator(), tiny.LATENTS, toy.model("gfmn").matched_features
    )
    made.compile("sgd", "sgd", jit_compile=False)
    with pytest.raises(errors.UsageError, match=r"call model\.adapt"):
        toy.fit(made, 1)
    made.adapt(toy.data())
    toy.fit(made, 1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (toy.data()[:, :2], r"of shape \[2, 4, 1\], and the generator makes"),
        (toy.data().astype(np.int64), "The images are int64"),
        (iter([toy.data()]), "that are no numbers"),
    ],
)
def test_moments_are_of_images_that_the_generator_makes(given, words):
    features = toy.model("gfmn").matched_features
    made = FeatureMatchingModel(tiny.generator(), tiny.LATENTS, features)
    with pytest.raises(
        (errors.UsageError, errors.DataError), match=words
    ) as caught:
        made.adapt(given)
    assert "\n" not in str(caught.value) and not made.adapted.numpy()


@pytest.mark.parametrize("features", [lambda x: x, lambda x: {"features": x}])
def test_features_are_rows(features):
    with pytest.raises(errors.UsageError, match=r"makes a tensor \[b, d\]"):
        FeatureMatchingModel(tiny.generator(), tiny.LATENTS, features)


def test_features_are_of_the_images_that_are_made():
    dense = keras.Sequential([keras.Input((9,)), keras.layers.Dense(2)])
    with pytest.raises(errors.UsageError, match="cannot be called on") as found:
        FeatureMatchingModel(tiny.generator(), tiny.LATENTS, dense)
    assert "\n" not in str(found.value)
