"""WGAN and Sobolev GAN against NumPy and finite differences."""

import pytest
import smooth

from tf_mmdgan.objectives import WGAN, SobolevGAN

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


@pytest.mark.parametrize("criterion", [WGAN(), SobolevGAN(0.3)])
def test_gradients_pass_finite_differences(rng, criterion):
    critic = smooth.SmoothCritic(rng, outputs=1)
    critic.multiplier.assign(0.25)
    pair = smooth.images(rng)
    smooth.assert_critic_slope(criterion, critic, rng, *pair)
    smooth.assert_generator_slope(criterion, critic, rng, *pair)
