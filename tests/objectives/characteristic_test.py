"""OCF-GAN against NumPy, and its gradients."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.distribute.update import Purpose
from tf_mmdgan.objectives import CharacteristicGAN

CRITERIA = {
    "published": CharacteristicGAN(),
    "unbiased": CharacteristicGAN(mmd_root=False),
    "student": CharacteristicGAN(kernels.Matern(1.5), 20),
}
SCALES = np.array([0.5, 2.0, 1.0])


def drawn(criterion):
    """The frequencies of the update that `smooth.losses` is of."""
    seed = smooth.update().shared_seed(Purpose.FREQUENCIES)
    count = criterion.frequencies
    found = mmd.random_frequencies(criterion.kernel, seed, count, 3)[0]
    return found.numpy().astype("float64")


def phi(features, frequencies):
    return np.exp(1j * features @ frequencies.T).mean(axis=0)


@pytest.mark.parametrize("name", CRITERIA)
@pytest.mark.parametrize("scales", [None, SCALES], ids=["plain", "scaled"])
def test_losses_are_the_formula(rng, name, scales):
    criterion = CRITERIA[name]
    critic = smooth.SmoothCritic(rng)
    if scales is not None:
        critic.frequency_scales = tf.constant(scales)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)
    t = drawn(criterion)
    if criterion.mmd_root:
        gaps = np.abs(phi(x, t) - phi(y, t)) ** 2
        distance = np.sqrt(gaps.mean())
    else:
        cosines = [np.cos((u[:, None] - v) @ t.T).mean(-1)
                   for u, v in ((x, x), (x, y), (y, y))]  # fmt: skip
        distance = float(mmd.mmd2_unbiased(mmd.Grams(*cosines)))
    if scales is not None:
        distance /= np.linalg.norm(scales)
    hinge = np.minimum(x.mean(0) - y.mean(0), 0).mean()
    for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
    smooth.assert_close(for_critic.value, -distance - 16 * hinge, "float64")
    smooth.assert_close(for_generator.value, distance + 16 * hinge, "float64")


@pytest.mark.parametrize("name", CRITERIA)
def test_gradients_pass_finite_differences(rng, name):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    smooth.assert_critic_slope(CRITERIA[name], critic, rng, real, fake)
    smooth.assert_generator_slope(CRITERIA[name], critic, rng, real, fake)


def test_witness_is_that_of_the_mean_cosine(rng):
    criterion = CRITERIA["published"]
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    x, y, points = map(critic.features, (real, fake, real[:4]))
    t = drawn(criterion)
    expected = [
        np.cos((p - x) @ t.T).mean() - np.cos((p - y) @ t.T).mean()
        for p in points
    ]
    seen = smooth.comparison(critic, real, fake)
    found = criterion.witness(tf.constant(points), seen)
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_kernels_without_a_known_law_are_refused():
    with pytest.raises(errors.UsageError, match="No random frequencies"):
        CharacteristicGAN(kernels.Linear())
