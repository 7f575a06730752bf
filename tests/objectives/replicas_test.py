"""Losses and gradients over two replicas are those of one device."""

import functools

import keras
import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.objectives import (
    GAN,
    MMDGAN,
    WGAN,
    AdaptiveProbability,
    Annealing,
    AutoencoderMMD,
    Batch,
    CramerGAN,
    CriticAugmentation,
    DenoisingGAN,
    FeatureMatchingGAN,
    FisherGAN,
    GradientPenalty,
    InstanceNoise,
    NoisePenalty,
    Objective,
    RelativisticGAN,
    SobolevGAN,
    ZeroCentredPenalty,
)

PENALTY = GradientPenalty(10.0)
CHANGES = CriticAugmentation("flip,color,cutout", AdaptiveProbability())
# What has means over rows, some in squares or roots, and noise of single rows.
OBJECTIVES = {
    "cramer": Objective(CramerGAN("energy"), [PENALTY]),
    "li_mmd": Objective(AutoencoderMMD(kernels.Gaussian())),
    "sobolev": Objective(SobolevGAN(constraint_weight=0.5)),
    "feature_matching": Objective(FeatureMatchingGAN()),
    "denoising": Objective(DenoisingGAN(denoising_weight=1.0)),
    "fisher": Objective(FisherGAN(constraint_weight=0.5)),
    "gan_noise_penalty": Objective(
        GAN("non_saturating"), [NoisePenalty(0.1, Annealing(10))]
    ),
    "wgan_gp_instance_noise": Objective(
        WGAN(), [PENALTY], InstanceNoise(0.2, Annealing(10))
    ),
    "relativistic": Objective(RelativisticGAN()),
    "relativistic_paired": Objective(RelativisticGAN("paired")),
    "r1_r2": Objective(
        GAN("minimax"),
        [ZeroCentredPenalty(1.0, "real"), ZeroCentredPenalty(2.0, "fake")],
    ),
    "augmented_mmd": Objective(
        MMDGAN(kernels.Gaussian()), [PENALTY], augmentation=CHANGES
    ),
}
ROWS = 6


def updates(objective, critic, gain, sets, rows):
    """Losses of both networks at these rows, their terms and gradients."""
    real, *bases = (tf.constant(s)[rows] for s in sets)

    def play(network_loss, variables):
        with tf.GradientTape() as tape:
            fakes = [Batch(gain * base) for base in bases]
            loss = network_loss(critic, Batch(real), fakes, smooth.update())
        gradients = tape.gradient(
            loss.value, variables, unconnected_gradients="zero"
        )
        return loss.value, dict(loss.terms), gradients

    return {
        "critic": play(objective.critic_loss, critic.weights),
        "generator": play(objective.generator_loss, [gain]),
    }


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name == "denoising"))
        for name in OBJECTIVES
    ],
)
def test_two_replicas_are_one_device(rng, two_cpus, mean_over_replicas, name):
    objective = OBJECTIVES[name]
    sets = smooth.images(rng, 1 + objective.fakes_per_real, size=ROWS)
    with two_cpus.scope():
        outputs = 1 if objective.criterion.single_output else 3
        critic = smooth.SmoothCritic(rng, outputs)
        critic.adaptation = keras.Variable([0.5, 3.0, 3.0], trainable=False)
        critic.denoiser = smooth.denoiser()
        gain = tf.Variable(rng.uniform(0.5, 1, smooth.IMAGE), dtype=tf.float64)
    critic.multiplier.assign(0.5)

    update = functools.partial(updates, objective, critic, gain, sets)
    one = update(slice(None))
    # No part of it is idle at this critic.
    for _, terms, gradients in one.values():
        assert all(abs(value) > 1e-4 for value in terms.values())
        assert any(np.abs(g).max() > 1e-4 for g in gradients)
    tf.nest.map_structure(
        lambda actual, expected: np.testing.assert_allclose(
            actual, expected, rtol=1e-10, atol=1e-10
        ),
        mean_over_replicas(update, ROWS),
        one,
    )
