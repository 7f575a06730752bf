"""Denoising feature matching against formulas, and what it holds constant."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Purpose
from tf_mmdgan.objectives import (
    GAN,
    Batch,
    CriticForm,
    DenoisingGAN,
    Objective,
)
from tf_mmdgan.objectives.criterion import separate_passes


def critic_of(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    critic.denoiser = smooth.denoiser()
    for weight in critic.denoiser.weights:
        weight.assign(rng.uniform(0.2, 1.0, weight.shape))
    return critic


@pytest.mark.parametrize("form", ["minimax", "non_saturating"])
def test_losses_are_those_of_a_gan_and_a_term_each(rng, form):
    critic, pair = critic_of(rng), smooth.images(rng)
    criterion = DenoisingGAN(form, denoising_weight=0.3, denoising_noise=0.5)
    for_critic, for_generator = smooth.losses(criterion, critic, *pair)
    as_gan = smooth.losses(GAN(form), critic, *pair)
    real, fake = (tf.constant(critic.hidden(images)) for images in pair)
    noise = smooth.update().normal(
        Purpose.FEATURE_NOISE, len(pair[0]), real.shape[1:]
    )
    noise = 0.5 * tf.cast(noise, real.dtype)
    error = critic.denoiser.error(real, noise)
    smooth.assert_close(for_critic.terms["denoising"], error)
    smooth.assert_close(for_critic.value, as_gan[0].value + error)
    term = np.mean(critic.denoiser.residual(fake).numpy() ** 2)
    smooth.assert_close(for_generator.terms["denoising"], term)
    smooth.assert_close(for_generator.value, as_gan[1].value + 0.3 * term)


def test_the_critic_learns_as_that_of_a_gan(rng):
    """The denoiser does not change it, but learns itself."""
    critic, pair = critic_of(rng), smooth.images(rng)
    learnt = critic.denoiser.trainable_variables
    gradients = []
    for criterion in (DenoisingGAN("minimax"), GAN("minimax")):
        with tf.GradientTape(persistent=True) as tape:
            loss = criterion.critic_loss(smooth.comparison(critic, *pair))
        gradients.append(tape.gradient(loss.value, critic.weights[:2]))
        of_denoiser = tape.gradient(loss.value, learnt)
        found = [g is not None for g in of_denoiser]
        assert found == [isinstance(criterion, DenoisingGAN)] * len(learnt)
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_generator_is_led_to_what_the_denoiser_makes(rng):
    """Finite differences of the loss with r(h) as numbers."""
    critic, (real, fake) = critic_of(rng), smooth.images(rng)
    criterion = DenoisingGAN(denoising_weight=2.0)
    points = tf.Variable(fake)

    def seen():
        batch = Batch(tf.convert_to_tensor(points))
        given = Batch(tf.constant(real)), [batch], smooth.update(), False
        return separate_passes(critic, *given)

    standard = critic.denoiser.standard
    h = tf.constant(critic.hidden(fake))
    target = standard(h, training=False) - critic.denoiser.residual(h)

    def held():
        passed = seen()
        gan = GAN("non_saturating").generator_loss(passed).value
        u = standard(passed.penultimates[-1], training=False)
        return gan + 2.0 * tf.reduce_mean(tf.square(u - target))

    with tf.GradientTape(persistent=True) as tape:
        value = criterion.generator_loss(seen()).value
        same = held()
    smooth.assert_close(value, same)
    gradient = tape.gradient(value, points)
    np.testing.assert_allclose(gradient, tape.gradient(same, points))
    assert np.abs(gradient).max() > 1e-3
    smooth.assert_slope(held, [points], rng)
    networks = [*critic.denoiser.trainable_variables]
    assert all(g is None for g in tape.gradient(value, networks))


def test_bad_settings_and_critics_without_a_denoiser_are_refused():
    with pytest.raises(errors.UsageError, match="denoising_noise=0, need a"):
        DenoisingGAN(denoising_noise=0)
    with pytest.raises(errors.UsageError, match="denoiser_layers=-1, need an"):
        DenoisingGAN(denoiser_layers=-1)
    with pytest.raises(errors.UsageError, match=r"networks.with_denoiser mak"):
        Objective(DenoisingGAN()).check(CriticForm(1, denoiser=False))
