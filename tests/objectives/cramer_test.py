"""Cramer GAN against NumPy, finite differences and the energy distance."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import Batch, CramerGAN, criterion

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
    seen = smooth.comparison(critic, *sets)
    actual = CramerGAN("energy").witness(tf.constant(x), seen)
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
def test_mean_gradient_is_that_of_the_energy_distance(rng, form):
    """A fixed critic's gradients are unbiased: Bellemare et al. 2017.

    Over all batches of one triple each, of laws on four images, by a shift of
    the generated ones.
    """
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng, size=4)
    direction = rng.normal(size=real.shape[1:])
    x = critic.features(real)

    def energy(shift):
        y = critic.features(fake + shift * direction)
        across, within = (norms(u[:, None] - y[None]).mean() for u in (x, y))
        return 2 * across - within

    def gradient(i, j, k):
        shift = tf.Variable(0.0, dtype="float64")
        with tf.GradientTape() as tape:
            y, z = (
                Batch(tf.constant(fake[n : n + 1]) + shift * direction)
                for n in (j, k)
            )
            seen = criterion.separate_passes(
                critic, Batch(tf.constant(real[i : i + 1])), [y, z],
                smooth.update(), needs_real=True,
            )  # fmt: skip
            loss = CramerGAN(form).generator_loss(seen).value
        return float(tape.gradient(loss, shift))

    mean = np.mean([gradient(*ijk) for ijk in np.ndindex(4, 4, 4)])
    expected = (energy(1e-5) - energy(-1e-5)) / 2e-5
    assert abs(expected) > 0.1
    if form == "surrogate":
        # Of E |X - Z| - E |X| - E |Y - Z| + E |Y|, published as it is.
        y = [critic.features(fake + h * direction) for h in (1e-5, -1e-5)]
        size = (norms(y[0]).mean() - norms(y[1]).mean()) / 2e-5
        across = [norms(x[:, None] - v[None]).mean() for v in y]
        expected += size - (across[0] - across[1]) / 2e-5
    assert mean == pytest.approx(expected, rel=1e-6)


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
        seen = smooth.comparison(critic, real, real, real)
        loss = CramerGAN("energy").critic_loss(seen)
    for gradient in tape.gradient(loss.value, critic.weights[:2]):
        assert np.isfinite(gradient).all()


def test_an_unknown_form_is_refused():
    with pytest.raises(errors.UsageError, match="energy, surrogate"):
        CramerGAN("reddit")
