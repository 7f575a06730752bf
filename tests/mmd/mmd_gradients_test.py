"""Gradients of minibatches through a fixed critic are unbiased.

Binkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs", theorem 1:
for every kernel of the catalogue, behind a critic with kinks. Means are over
all batches that laws on a few points have, so that they are exact.
"""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd

BATCH = 2


@pytest.fixture
def setting(rng):
    """Real and generated points, where to shift the latter, ReLU's kernels."""
    return (
        rng.normal(size=(2, 2)),
        rng.normal(size=(2, 2)) + 0.5,
        rng.normal(size=2),
        [rng.normal(size=(2, 6)), rng.normal(size=(6, 3)) / 2],
    )


def features(points, weights):
    return tf.nn.relu(points @ weights[0]) @ weights[1]


def population(kernel, setting, shift):
    """MMD^2 of the laws, whose points are all equally likely."""
    real, fake, direction, weights = setting
    x, y = (
        np.maximum(points @ weights[0], 0) @ weights[1]
        for points in (real, fake + shift * direction)
    )
    xx, yy, xy = (
        kernel(u, v).numpy().mean() for u, v in ((x, x), (y, y), (x, y))
    )
    return xx + yy - 2 * xy


def mean_gradient(kernel, setting, estimator):
    """Over all batches with replacement, by the shift."""
    real, fake, direction, weights = setting
    draws = list(itertools.product(range(2), repeat=BATCH))
    shift = tf.Variable(0.0, dtype="float64")
    with tf.GradientTape() as tape:
        x = features(tf.constant(real), weights)
        y = features(fake + shift * direction, weights)
        values = [
            estimator(
                mmd.gram_matrices(kernel, tf.gather(x, i), tf.gather(y, j))
            )
            for i, j in itertools.product(draws, draws)
        ]
        mean = tf.reduce_mean(values)
    return float(tape.gradient(mean, shift))


@pytest.mark.parametrize("name", kernels.KERNELS)
def test_mean_gradient_is_that_of_the_laws(setting, name):
    kernel = kernels.KERNELS[name]
    above, below = (population(kernel, setting, h) for h in (1e-5, -1e-5))
    expected = (above - below) / 2e-5
    assert abs(expected) > 1e-3
    found = mean_gradient(kernel, setting, mmd.mmd2_unbiased)
    assert found == pytest.approx(expected, rel=1e-5)


def test_that_of_the_biased_estimate_is_not(setting):
    kernel = kernels.Gaussian()
    above, below = (population(kernel, setting, h) for h in (1e-5, -1e-5))
    expected = (above - below) / 2e-5
    found = mean_gradient(kernel, setting, mmd.mmd2_biased)
    assert abs(found - expected) > 1e-3 * abs(expected)
