"""WGAN, Sobolev and Fisher GAN against NumPy and finite differences."""

import keras
import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan.objectives import WGAN, CriticOutput, FisherGAN, SobolevGAN
from tf_mmdgan.objectives.criterion import concatenate

both_types = pytest.mark.parametrize("dtype", smooth.TOLERANCE)


@both_types
def test_wgan_compares_means(rng, dtype):
    critic = smooth.SmoothCritic(rng, outputs=1, dtype=dtype)
    real, fake = smooth.images(rng)
    x, y = critic.features(real).mean(), critic.features(fake).mean()
    for_critic, for_generator = smooth.losses(WGAN(), critic, real, fake)
    smooth.assert_close(for_critic.value, y - x, dtype)
    smooth.assert_close(for_critic.terms["mean_difference"], x - y, dtype)
    smooth.assert_close(for_generator.value, -y, dtype)


def constraint(critic, real, fake):
    """(E |grad f(X)|^2 + E |grad f(Y)|^2) / 2 - 1, by pixels in [0, 1]."""
    unit = 2.0 if real.ndim == 4 else 1.0
    return (
        0.5
        * sum(
            ((unit * critic.jacobian(points)) ** 2).sum((1, 2)).mean()
            for points in (real, fake)
        )
        - 1.0
    )


@both_types
@pytest.mark.parametrize("shape", [smooth.IMAGE, smooth.POINT])
def test_sobolev_gan_is_an_augmented_lagrangian(rng, shape, dtype):
    critic = smooth.SmoothCritic(rng, outputs=1, shape=shape, dtype=dtype)
    critic.multiplier.assign(0.25)
    real, fake = smooth.images(rng, shape=shape)
    x, y = critic.features(real).mean(), critic.features(fake).mean()
    c = constraint(critic, real, fake)
    expected = y - x + 0.25 * c + 0.5 * 0.3 * c**2
    for_critic, for_generator = smooth.losses(
        SobolevGAN(0.3), critic, real, fake
    )
    smooth.assert_close(for_critic.value, expected, dtype)
    smooth.assert_close(for_critic.terms["constraint"], c, dtype)
    smooth.assert_close(for_generator.value, -y, dtype)


def test_multiplier_moves_by_the_constraint(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    pair = smooth.images(rng)
    criterion, m, c = SobolevGAN(0.3), 0.25, constraint(critic, *pair)
    critic.multiplier.assign(m)
    for _ in range(2):
        loss = criterion.critic_loss(smooth.comparison(critic, *pair))
        smooth.assert_close(loss.terms["multiplier"], m, "float32")
        criterion.after_update(critic, loss.terms)
        m += 0.3 * c
        smooth.assert_close(critic.multiplier.value, m, "float32")


@pytest.mark.parametrize("criterion", [WGAN(), SobolevGAN(0.3), FisherGAN(0.3)])
def test_gradients_pass_finite_differences(rng, criterion):
    critic = smooth.SmoothCritic(rng, outputs=1)
    critic.multiplier.assign(0.25)
    pair = smooth.images(rng)
    smooth.assert_critic_slope(criterion, critic, rng, *pair)
    smooth.assert_generator_slope(criterion, critic, rng, *pair)


@both_types
def test_fisher_gan_bounds_second_moments(rng, dtype):
    critic = smooth.SmoothCritic(rng, outputs=1, dtype=dtype)
    critic.multiplier.assign(0.25)
    pair = smooth.images(rng)
    x, y = (critic.features(images) for images in pair)
    c = (x**2).mean() / 2 + (y**2).mean() / 2 - 1
    e = x.mean() - y.mean()
    for_critic, for_generator = smooth.losses(FisherGAN(0.3), critic, *pair)
    expected = -e + 0.25 * c + 0.5 * 0.3 * c**2
    smooth.assert_close(for_critic.value, expected, dtype)
    smooth.assert_close(for_critic.terms["constraint"], c, dtype)
    ratio = for_critic.terms["ratio"]
    smooth.assert_close(ratio, e / np.sqrt(c + 1), dtype)
    smooth.assert_close(for_generator.value, -y.mean(), dtype)
    critic.weights[1].assign(7 * critic.weights[1])
    scaled = FisherGAN(0.3).critic_loss(smooth.comparison(critic, *pair))
    smooth.assert_close(scaled.terms["ratio"], ratio, dtype)


class Line:
    """f(x) = a x of points [b, 1]."""

    dtype = "float64"

    def __init__(self, slope):
        self.slope = tf.Variable(slope, dtype=self.dtype)
        self.multiplier = keras.Variable(0.0)

    def joint(self, *batches):
        return CriticOutput(self.slope * concatenate(*batches).images, [])


def fisher_loss(rho, line, real):
    """Of points at both sides of 0, alike."""
    points = np.reshape(real, [-1, 1])
    seen = smooth.comparison(line, points, -points)
    return FisherGAN(rho).critic_loss(seen)


@pytest.mark.parametrize("rho", [1e-6, 0.1, 3.0])
def test_fisher_gan_of_two_points_rests_at_one(rho):
    """f = +-a on disjoint supports: a = 1 and the multiplier 1."""
    line = Line(1.0)
    line.multiplier.assign(1.0)
    with tf.GradientTape() as tape:
        loss = fisher_loss(rho, line, [1.0, 1.0])
    assert tape.gradient(loss.value, line.slope) == 0.0
    assert loss.terms["constraint"] == 0.0
    smooth.assert_close(loss.terms["ratio"], 2.0)


def test_fisher_gan_finds_the_distance_and_half_of_it_as_multiplier():
    """f = a x between laws of means +-1 and variance 1: sqrt(2)."""
    line, rate = Line(0.1), 0.05

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = fisher_loss(0.1, line, [0.0, 2.0])
        line.slope.assign_sub(rate * tape.gradient(loss.value, line.slope))
        FisherGAN(0.1).after_update(line, loss.terms)
        return loss.terms

    for _ in range(500):
        terms = step()
    smooth.assert_close(terms["ratio"], np.sqrt(2.0))
    assert abs(terms["constraint"]) < 0.02
    assert abs(terms["multiplier"] - np.sqrt(0.5)) < 0.02
