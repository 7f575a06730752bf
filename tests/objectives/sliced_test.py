"""The energy distance along lines as a critic's game."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.distribute.update import Purpose
from tf_mmdgan.objectives import MMDGAN, SlicedEnergyGAN

CRITERION = SlicedEnergyGAN(slices=5)


def test_losses_are_those_along_the_lines_of_the_update(rng):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    seed = smooth.update().shared_seed(Purpose.DISCREPANCY)
    lines = tf.random.stateless_normal([5, 3], seed, alg="philox")
    lines = lines.numpy().astype("float64")
    x, y = critic.features(real), critic.features(fake)
    expected = 0.0
    for line in lines / np.linalg.norm(lines, axis=1, keepdims=True):
        gaps = [np.abs((u @ line)[:, None] - v @ line)
                for u, v in ((x, y), (x, x), (y, y))]  # fmt: skip
        n = len(x)
        expected += 2 * gaps[0].mean()
        expected -= (gaps[1].sum() + gaps[2].sum()) / (n * (n - 1))
    expected *= 2.0 / 5  # in three dimensions projections are half as long
    for_critic, for_generator = smooth.losses(CRITERION, critic, real, fake)
    smooth.assert_close(for_critic.value, -expected, "float64")
    smooth.assert_close(for_generator.value, expected, "float64")


def test_gradients_pass_finite_differences(rng):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    smooth.assert_critic_slope(CRITERION, critic, rng, real, fake)
    smooth.assert_generator_slope(CRITERION, critic, rng, real, fake)


def test_with_many_lines_it_is_the_game_of_the_energy_kernel(rng):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    exact = MMDGAN(kernels.KERNELS["energy"])
    seen = smooth.comparison(critic, real, fake)
    found = float(SlicedEnergyGAN(20_000).generator_loss(seen).value)
    expected = float(exact.generator_loss(seen).value)
    assert found == pytest.approx(expected, rel=0.05)
    np.testing.assert_array_equal(
        CRITERION.witness(seen.x, seen), exact.witness(seen.x, seen)
    )


def test_no_lines_are_refused():
    with pytest.raises(errors.UsageError, match="slices=0, need an integer"):
        SlicedEnergyGAN(0)
