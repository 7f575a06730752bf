import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd
from tf_mmdgan.mmd.constrained import scale
from tf_mmdgan.reproduction.studies import gradient_fields


def test_distances_are_those_of_the_package():
    real, fake, psi = np.zeros((1, 1)), np.full((1, 1), 0.8), 1.3
    kernel = kernels.Gaussian((1.0,))
    grams = mmd.gram_matrices(kernel, real, psi * fake)
    expected = mmd.mmd2_biased(grams).numpy()
    np.testing.assert_allclose(gradient_fields.mmd2(0.8, psi), expected)
    terms = scale.scaled_mmd_terms(
        kernel, tf.constant(real), tf.constant([psi**2], tf.float64)
    )
    expected *= scale.scaled_mmd_square(terms).numpy()
    np.testing.assert_allclose(gradient_fields.scaled_mmd2(0.8, psi), expected)


def test_the_penalty_is_the_mean_between_the_points():
    theta, psi = 0.8, 1.3
    x = np.linspace(0, theta, 2001)
    witness = np.exp(-((psi * x) ** 2) / 2)
    witness -= np.exp(-((psi * (x - theta)) ** 2) / 2)
    slope = np.abs(np.gradient(witness, x))
    expected = gradient_fields.mmd2(theta, psi) - np.mean((slope - 1) ** 2)
    found = gradient_fields.penalized_mmd2(theta, psi)
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("name", gradient_fields.DISTANCES)
def test_steps_are_finite_differences(name):
    critic, generator = gradient_fields.DISTANCES[name]
    theta, psi, h = 0.8, 1.3, 1e-6
    slope = (generator(theta + h, psi) - generator(theta - h, psi)) / (2 * h)
    rise = (critic(theta, psi + h) - critic(theta, psi - h)) / (2 * h)
    descent = gradient_fields.descent(name, theta, psi)
    ascent = gradient_fields.ascent(name, theta, psi)
    np.testing.assert_allclose([descent, ascent], [-slope, rise], atol=1e-8)


def test_known_ends():
    starts = np.array(gradient_fields.STARTS)
    ends = gradient_fields.flow("MMD", starts)[-1, :, 0]
    np.testing.assert_allclose(ends, [0, 4.91, -0.486], atol=0.005)
