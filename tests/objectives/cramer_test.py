"""Cramer GAN against NumPy, finite differences and the energy distance."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import CramerGAN

FORMS = ("energy", "surrogate")


def norms(rows):
    return np.sqrt((rows**2).sum(-1) + 1e-5)


def difference(u, v):
    return norms(u - v) - norms(u)


@pytest.mark.parametrize("dtype", smooth.TOLERANCE)
@pytest.mark.parametrize("form", FORMS)
def test_losses_are_means_over_rows(rng, form, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    sets = smooth.images(rng, 3)
    x, y, z = map(critic.features, sets)
    for_critic, for_generator = smooth.losses(CramerGAN(form), critic, *sets)
    expected = -(difference(x, y) - difference(z, y)).mean()
    smooth.assert_close(for_critic.value, expected, dtype)
    if form == "energy":
        expected = (norms(y - x) + norms(z - x) - norms(y - z)).mean()
    else:
        expected = (difference(x, z) - difference(y, z)).mean()
    smooth.assert_close(for_generator.value, expected, dtype)


def test_witness_meets_the_first_fake_row_by_row(rng):
    critic = smooth.SmoothCritic(rng)
    sets = smooth.images(rng, 3)
    x, y, _ = map(critic.features, sets)
    view = smooth.view(critic, *sets)
    actual = CramerGAN("energy").witness(tf.constant(x), view)
    np.testing.assert_allclose(actual, difference(x, y), atol=1e-12)


def test_losses_have_the_energy_distance_as_their_mean(rng):
    """Over all triples of rows: the mean over independent batches."""
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng, size=4)
    x, y = critic.features(real), critic.features(fake)
    triples = np.stack(np.meshgrid(*[range(4)] * 3), -1).reshape(-1, 3)
    sets = real[triples[:, 0]], fake[triples[:, 1]], fake[triples[:, 2]]

    def mean_distance(a, b):
        return norms(a[:, None] - b[None]).mean()

    energy = 2 * mean_distance(x, y) - mean_distance(x, x) - mean_distance(y, y)
    _, loss = smooth.losses(CramerGAN("energy"), critic, *sets)
    # The distance of two real images is no function of the generator.
    smooth.assert_close(loss.value - mean_distance(x, x), energy)

    # The surrogate's critic has the negative of the generator's loss.
    for_critic, loss = smooth.losses(CramerGAN("surrogate"), critic, *sets)
    smooth.assert_close(for_critic.value, -loss.value)


@pytest.mark.parametrize("form", FORMS)
def test_gradients_pass_finite_differences(rng, form):
    critic = smooth.SmoothCritic(rng)
    sets = smooth.images(rng, 3)
    smooth.assert_critic_slope(CramerGAN(form), critic, rng, *sets)
    smooth.assert_generator_slope(CramerGAN(form), critic, rng, *sets)


def test_slopes_are_finite_where_features_coincide(rng):
    critic = smooth.SmoothCritic(rng)
    (real, _) = smooth.images(rng)
    with tf.GradientTape() as tape:
        view = smooth.view(critic, real, real, real)
        loss = CramerGAN("energy").critic_loss(view)
    for gradient in tape.gradient(loss.value, critic.weights[:2]):
        assert np.isfinite(gradient).all()


def test_an_unknown_form_is_refused():
    with pytest.raises(errors.UsageError, match="energy, surrogate"):
        CramerGAN("reddit")
