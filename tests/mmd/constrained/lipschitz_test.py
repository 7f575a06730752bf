"""The Lipschitz MMD: what its critic proves, and what is known of it."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.mmd import constrained
from tf_mmdgan.mmd.constrained import expansions
from tf_mmdgan.mmd.constrained.lipschitz import lipschitz, lipschitz_mmd2

KERNEL = kernels.Gaussian((0.8,))
RIDGE = 0.3


@functools.partial(tf.function, autograph=False)
def compiled(real, fake, points, kernel, ridge, jacobian_squares=None):
    """To a relative 1e-4."""
    return lipschitz_mmd2(
        real, fake, points, kernel, ridge,
        jacobian_squares=jacobian_squares, tolerance=1e-4, solver="direct",
    )  # fmt: skip


@pytest.fixture
def samples(rng):
    real, fake = rng.normal(size=(5, 2)), rng.normal(size=(6, 2)) + 1
    return real, fake, np.concatenate([real, fake, (real + fake[:5]) / 2])


def bound_from_below(samples, critic):
    """(E f(X) - E f(Y))^2 after f is divided by its constraint's root."""
    real, fake, points = samples
    gradients = critic.jets(KERNEL, tf.constant(points)).numpy()[:, 1:]
    steepest = (gradients**2).sum(1).max()
    inner = critic.jets(KERNEL, critic.centres).numpy()
    norm = (inner * critic.coefficients.numpy()).sum()
    eta = expansions.witness(tf.constant(real), tf.constant(fake))
    gain = (critic.values(KERNEL, eta.centres) * eta.coefficients[:, 0]).numpy()
    return gain.sum() ** 2 / (steepest + RIDGE * norm)


@pytest.mark.parametrize("solver", ["direct", "iterative"])
def test_critic_attains_the_distance(samples, solver):
    """Any critic bounds the distance from below, the dual from above."""
    found = lipschitz(*samples, KERNEL, RIDGE, solver=solver)
    below = bound_from_below(samples, found.critic)
    assert 0.98 < below / float(found.square) < 1


def test_at_most_the_distance_with_mean_slopes(samples):
    """A mean is at most the maximum; so is its constraint."""
    lipschitz, mean = (
        float(function(*samples, KERNEL, RIDGE, **settings))
        for function, settings in (
            (lipschitz_mmd2, {"solver": "direct"}),
            (
                constrained.gradient_constrained_mmd2,
                {"constrain_values": False},
            ),
        )
    )
    assert 0 < lipschitz < 0.95 * mean


def test_a_point_and_its_neighbour_are_as_far_as_they_are():
    """About |theta| for small theta: slope 1 between the two costs no norm."""
    grid = tf.constant(np.linspace(-3, 3, 41)[:, None])
    real, fake = np.zeros([1, 1]), np.full([1, 1], 0.05)
    square = compiled(real, fake, grid, kernels.Gaussian(), 1e-3)
    assert float(square) ** 0.5 == pytest.approx(0.05, rel=0.02)


def test_gradients_equal_differences(samples):
    """By the samples, the points and the Jacobians of features 1.5 x."""
    real, fake, points = map(tf.constant, samples)
    shift = tf.random.stateless_normal(fake.shape, [1, 2], dtype=tf.float64)
    eyes = tf.eye(2, batch_shape=[len(points)], dtype=tf.float64)

    def moved(step):
        scale = 1.5 + step
        return compiled(
            scale * real, scale * (fake + step * shift), scale * points,
            KERNEL, RIDGE, scale**2 * eyes,
        )  # fmt: skip

    step = tf.constant(0.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(step)
        value = moved(step)
    slope = float(tape.gradient(value, step))
    above, below = (moved(tf.constant(s, tf.float64)) for s in (1e-2, -1e-2))
    assert slope == pytest.approx(float(above - below) / 2e-2, rel=2e-2)


def test_same_samples_have_distance_zero(samples):
    real, _, points = samples
    value = lipschitz_mmd2(real, real, points, KERNEL, RIDGE, solver="direct")
    assert abs(float(value)) < 1e-12
