import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.reproduction.studies import dirac_gan


def objective(theta, psi):
    """f(psi theta) + f(0), f(x) = -log(1 + exp(-x))."""
    return -tf.math.softplus(-psi * theta)


def gradient(function, *values):
    values = [tf.constant(v, tf.float64) for v in values]
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = function(*values)
    return np.array(tape.gradient(result, values))


def test_the_minimax_field_is_the_gradient_of_the_game():
    by_theta, by_psi = gradient(objective, 0.7, -0.4)
    np.testing.assert_allclose(dirac_gan.gan(0.7, -0.4), (-by_theta, by_psi))
    np.testing.assert_allclose(
        dirac_gan.r1(0.3)(0.7, -0.4), (-by_theta, by_psi + 0.3 * 0.4)
    )


def test_consensus_subtracts_the_gradient_of_the_fields_square():
    def half_square(theta, psi):
        slope = tf.sigmoid(-psi * theta)
        return 0.5 * ((psi * slope) ** 2 + (theta * slope) ** 2)

    expected = np.array(dirac_gan.gan(0.7, -0.4))
    expected -= gradient(half_square, 0.7, -0.4)
    np.testing.assert_allclose(dirac_gan.consensus(0.7, -0.4), expected)


def test_instance_noise_is_the_mean_over_noise():
    noise = 0.7 * np.random.default_rng(0).normal(size=(2, 400_000))
    fake, real = 0.5 + noise[0], noise[1]
    slope = 1 / (1 + np.exp(0.8 * fake))
    on_real = 1 / (1 + np.exp(-0.8 * real))
    expected = (-0.8 * slope).mean(), (fake * slope - real * on_real).mean()
    found = dirac_gan.instance_noise(0.5, 0.8)
    np.testing.assert_allclose(found, expected, atol=3e-3)


@pytest.mark.parametrize(
    "name, scheme, end, tolerance",
    [
        ("GAN", "simultaneous", 3.10, 0.01),
        ("GAN, non-saturating", "simultaneous", 0.64, 0.01),
        ("GAN", "alternating 1:1", 1.41, 0.01),
        ("consensus optimisation", "alternating 5:1", 10.97, 0.01),
        ("GAN, R1 weight 0.3", "alternating 5:1", 0.0, 1e-6),
    ],
)
def test_known_ends(name, scheme, end, tolerance):
    field, bound, _ = dirac_gan.VARIANTS[name]
    path = dirac_gan.trajectory(field, bound, dirac_gan.SCHEMES[scheme])
    assert abs(np.hypot(*path[-1]) - end) < tolerance


def test_the_clipped_critic_stays_in_its_bounds():
    field, bound, _ = dirac_gan.VARIANTS["WGAN, clipped"]
    path = dirac_gan.trajectory(field, bound, 1, steps=50)
    assert np.abs(path[:, 1]).max() <= 1.0
