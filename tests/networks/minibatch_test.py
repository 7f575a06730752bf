"""Minibatch discrimination against NumPy, and on two replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.networks import (
    ARCHITECTURES,
    CriticOptions,
    MinibatchDeviation,
    MinibatchDiscrimination,
)

KERNELS, DIMENSIONS = 3, 2


@pytest.fixture
def layer(rng):
    made = MinibatchDiscrimination(KERNELS, DIMENSIONS, dtype="float64")
    made.build((None, 4))
    made.matrices.assign(rng.normal(size=made.matrices.shape))
    return made


def test_each_row_is_told_how_many_are_near(layer, rng):
    x = rng.normal(size=(5, 4))
    t = layer.matrices.numpy().reshape(4, KERNELS, DIMENSIONS)
    m = np.einsum("ia,abc->ibc", x, t)
    distances = np.abs(m[:, None] - m[None]).sum(-1)
    expected = np.exp(-distances).sum(1)
    found = layer(x).numpy()
    np.testing.assert_array_equal(found[:, :4], x)
    np.testing.assert_allclose(found[:, 4:], expected, rtol=1e-12)
    order = rng.permutation(5)
    np.testing.assert_allclose(layer(x[order]), found[order], rtol=1e-12)


def test_alike_are_counted_and_far_apart_are_alone(layer, rng):
    same = np.repeat(rng.normal(size=(1, 4)), 6, axis=0)
    np.testing.assert_array_equal(layer(same)[:, 4:], np.full((6, 3), 6.0))
    apart = 1e6 * rng.normal(size=(6, 4))
    np.testing.assert_array_equal(layer(apart)[:, 4:], np.ones((6, 3)))


def test_gradients_are_finite_where_rows_are_alike(layer, rng):
    x = tf.constant(np.repeat(rng.normal(size=(2, 4)), 2, axis=0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(layer(x)[:, 4:])
    gradient = tape.gradient(value, x).numpy()
    assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0


def test_replicas_count_the_rows_of_all(two_cpus, mean_over_replicas, rng):
    """Values and gradients of a mean over rows, as of one device."""
    x, weights = rng.normal(size=(6, 4)), rng.normal(size=(6, 7))
    with two_cpus.scope():
        layer = MinibatchDiscrimination(KERNELS, DIMENSIONS, dtype="float64")
        layer.build((None, 4))
        layer.matrices.assign(rng.normal(size=layer.matrices.shape))

    def update(rows):
        own = tf.constant(x)[rows]
        with tf.GradientTape() as tape:
            products = layer(own) * tf.constant(weights)[rows]
            loss = tf.reduce_mean(products)
        return loss, tape.gradient(loss, layer.matrices.value)

    one = update(slice(None))
    for actual, expected in zip(
        mean_over_replicas(update, 6), one, strict=True
    ):
        np.testing.assert_allclose(actual, expected, rtol=1e-10)


def test_it_stands_before_the_last_layer_of_a_critic(rng):
    options = CriticOptions(1, width=4, minibatch_kernels=5)
    critic = ARCHITECTURES["mlp"].critic((2, 2, 1), options)
    images = rng.normal(size=(3, 2, 2, 1)).astype("float32")
    outputs = critic(images)
    assert outputs["penultimate"].shape == (3, 4 + 5)
    kernel, bias = critic.get_layer("features").get_weights()
    np.testing.assert_allclose(
        outputs["features"], outputs["penultimate"] @ kernel + bias, rtol=1e-4
    )
    copy = keras.models.clone_model(critic)
    assert copy.get_layer("minibatch").kernels == 5
    with pytest.raises(
        errors.UsageError, match="no linear layer for minibatch"
    ):
        ARCHITECTURES["fullconv5"].critic((32, 32, 1), options)


def test_deviations_of_alike_and_of_pairs():
    layer = MinibatchDeviation(2, dtype="float64")
    alike = layer(np.ones((4, 3, 2, 5)))[..., 5]
    np.testing.assert_allclose(alike, np.full((4, 3, 2), 1e-4), rtol=1e-12)
    pair = np.stack([np.full((3, 2, 5), a) for a in (0.7, -0.7)])
    np.testing.assert_allclose(layer(pair)[..., 5], 0.7, rtol=1e-6)


@pytest.mark.parametrize(("count", "groups"), [(8, 2), (4, 1), (6, 1), (3, 1)])
def test_deviations_are_those_of_groups(count, groups, rng):
    """Neighbours are a group; a batch that does not divide is one."""
    x = rng.normal(size=(count, 3, 2, 5))
    found = MinibatchDeviation(4, dtype="float64")(x).numpy()
    np.testing.assert_array_equal(found[..., :5], x)
    for rows in np.split(np.arange(count), groups):
        deviation = np.sqrt(x[rows].var(0) + 1e-8).mean()
        np.testing.assert_allclose(found[rows, ..., 5], deviation)


def test_second_derivatives_of_deviations_are_finite():
    layer, x = MinibatchDeviation(2), tf.ones([4, 2, 2, 1])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            total = tf.reduce_sum(layer(x))
        slopes = tf.reduce_sum(tf.square(inner.gradient(total, x)))
    assert np.isfinite(outer.gradient(slopes, x)).all()


def test_a_group_has_two_images_at_least():
    with pytest.raises(errors.UsageError, match="group"):
        MinibatchDeviation(1)
    with pytest.raises(errors.UsageError, match="kernels=0"):
        MinibatchDiscrimination(0)
