"""Penalties against NumPy formulas and finite differences."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, penalties


def test_interpolate_lies_between_paired_images(rng):
    real, fake = rng.normal(size=(2, 3, 4, 4, 1))
    weights = np.array([0.0, 0.25, 1.0])
    points = penalties.interpolate(*map(tf.constant, (real, fake, weights)))
    expected = [real[0], 0.75 * real[1] + 0.25 * fake[1], fake[2]]
    np.testing.assert_allclose(points, expected, atol=1e-12)


def test_witness_is_difference_of_mean_similarities(rng):
    points, real = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    fake = rng.normal(size=(6, 3))

    def gaussian(a, b):
        return np.exp(-np.sum((a - b) ** 2) / 2)

    expected = [
        np.mean([gaussian(t, x) for x in real])
        - np.mean([gaussian(t, y) for y in fake])
        for t in points
    ]
    actual = penalties.witness(
        kernels.Gaussian(), *map(tf.constant, (points, real, fake))
    )
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_gradient_norm_runs_over_the_whole_image(rng):
    images = tf.constant(rng.normal(size=(5, 4, 3, 2)))
    slopes = tf.constant(rng.normal(size=(4, 3, 2)))

    def function(x):
        return tf.reduce_sum(slopes * tf.square(x), axis=[1, 2, 3])

    expected = np.sqrt(((2 * slopes * images).numpy() ** 2).sum((1, 2, 3)))
    np.testing.assert_allclose(
        penalties.gradient_norms(function, images), expected, rtol=1e-9
    )


def test_gradient_norm_of_a_flat_function_has_finite_gradient():
    images = tf.zeros([2, 4, 4, 1])
    scale = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        norms = penalties.gradient_norms(
            lambda x: scale * tf.reduce_sum(x, axis=[1, 2, 3]), images
        )
        loss = penalties.two_sided(norms)
    assert np.isfinite(tape.gradient(loss, scale).numpy())
    assert loss.numpy() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    "norms, expected", [([1.0, 1.0], 0.0), ([0.0, 3.0], 2.5)]
)
def test_two_sided_punishes_below_and_above(norms, expected):
    actual = penalties.two_sided(tf.constant(norms))
    assert actual.numpy() == pytest.approx(expected)


def test_feature_l2_sums_layers_and_averages_units(rng):
    hidden, output = rng.normal(size=(3, 2, 2, 5)), rng.normal(size=(3, 7))
    expected = (hidden**2).mean() + (output**2).mean()
    actual = penalties.feature_l2([tf.constant(hidden), tf.constant(output)])
    assert actual.numpy() == pytest.approx(expected, rel=1e-6)
