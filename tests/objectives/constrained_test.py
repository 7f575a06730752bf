"""The gradient-constrained MMD of a critic's features."""

import dataclasses

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.mmd import constrained
from tf_mmdgan.objectives import (
    Batch,
    GradientConstrainedMMD,
    Scale,
    ScaledMMD,
)
from tf_mmdgan.objectives.criterion import joint_pass

CRITERION = GradientConstrainedMMD(
    kernels.Gaussian((0.9,)), ridge=0.3, solver="direct"
)


@pytest.mark.parametrize("shape", [smooth.IMAGE, smooth.POINT])
def test_value_is_that_of_all_jacobians_by_pixels_in_0_1(rng, shape):
    critic = smooth.SmoothCritic(rng, shape=shape)
    real, fake = smooth.images(rng, shape=shape)
    unit = 2.0 if len(shape) == 3 else 1.0
    jacobian = unit * critic.jacobian(real)
    h = critic.features(real)
    expected = constrained.gradient_constrained_mmd2(
        h, critic.features(fake), h, CRITERION.kernel, 0.3,
        jacobian_squares=jacobian @ jacobian.swapaxes(1, 2), solver="direct",
    )  # fmt: skip
    for_critic, for_generator = smooth.losses(CRITERION, critic, real, fake)
    smooth.assert_close(for_critic.value, -expected)
    smooth.assert_close(for_critic.terms["gc_mmd2"], expected)
    smooth.assert_close(for_generator.value, expected)


def test_it_is_at_least_the_scaled_mmd_of_the_same_critic(rng):
    """Arbel et al. 2018, proposition 3; the MMD biased in both."""
    from tf_mmdgan import mmd

    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    kernel = CRITERION.kernel
    scaled, _ = smooth.losses(
        ScaledMMD(kernel, mmd.mmd2_biased, Scale("paper")), critic, *pair
    )
    one = dataclasses.replace(CRITERION, ridge=1.0)
    constrained, _ = smooth.losses(one, critic, *pair)
    assert 0 < -scaled.value < -constrained.value


def test_gradients_pass_finite_differences(rng):
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    smooth.assert_critic_slope(CRITERION, critic, rng, *pair)
    smooth.assert_generator_slope(CRITERION, critic, rng, *pair)


def test_two_replicas_have_loss_and_gradient_of_one_device(
    mean_over_replicas, rng
):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)

    def update(rows):
        with tf.GradientTape() as tape:
            parts = [tf.constant(images)[rows] for images in (real, fake)]
            seen = joint_pass(
                critic, Batch(parts[0]), [Batch(parts[1])], smooth.update()
            )
            loss = CRITERION.critic_loss(seen).value
        return loss, *tape.gradient(loss, critic.weights[:2])

    means = mean_over_replicas(update, len(real))
    for actual, one in zip(means, update(slice(None)), strict=True):
        np.testing.assert_allclose(actual, one, rtol=1e-8, atol=1e-12)


def test_kernels_without_derivatives_are_refused():
    with pytest.raises(errors.UsageError, match="kernel bears no constraint"):
        GradientConstrainedMMD(kernels.KERNELS["energy"])
