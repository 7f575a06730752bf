"""Losses made of kernel matrices, against NumPy and finite differences."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.objectives import (
    MMDGAN,
    WGAN,
    AutoencoderMMD,
    Batch,
    RatioMMD,
    RepulsiveMMD,
)
from tf_mmdgan.objectives.criterion import joint_pass

KERNELS = kernels.KERNELS
both_types = pytest.mark.parametrize("dtype", smooth.TOLERANCE)

CRITERIA = {
    "mmd": MMDGAN(KERNELS["rq_linear"]),
    "biased": MMDGAN(KERNELS["rbf"], mmd.mmd2_biased),
    "distance": MMDGAN(KERNELS["distance"]),
    "ratio": RatioMMD(KERNELS["rq"]),
    "repulsive": RepulsiveMMD(KERNELS["rbf"]),
    "bounded": RepulsiveMMD(KERNELS["rbf"], bounds=(0.25, 4.0)),
    "real_dropped": RepulsiveMMD(KERNELS["rbf"], real_weight=0.0),
    "autoencoder": AutoencoderMMD(KERNELS["rbf_octaves"]),
}


@both_types
def test_mmd_equals_the_formula(rng, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)
    expected = smooth.mmd2_unbiased(smooth.rq_linear, x, y)
    criterion = CRITERIA["mmd"]
    for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
    smooth.assert_close(for_critic.value, -expected, dtype)
    smooth.assert_close(for_generator.value, expected, dtype)
    smooth.assert_close(for_critic.terms["mmd2"], expected, dtype)


@pytest.mark.parametrize("name", CRITERIA)
def test_gradients_pass_finite_differences(rng, name):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    smooth.assert_critic_slope(CRITERIA[name], critic, rng, real, fake)
    smooth.assert_generator_slope(CRITERIA[name], critic, rng, real, fake)


def test_witness_of_the_mmd_is_in_units_of_the_kernel(rng):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    x, y, t = map(critic.features, (real, fake, real[:4]))
    expected = smooth.rq_linear(t, x).mean(1) - smooth.rq_linear(t, y).mean(1)
    seen = smooth.comparison(critic, real, fake)
    actual = CRITERIA["mmd"].witness(tf.constant(t), seen)
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_energy_distance_is_twice_the_mmd_of_the_distance_kernel(rng):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)
    energy = (
        2 * np.sqrt(smooth.squares(x, y)).mean()
        - np.sqrt(smooth.squares(x, x)).mean()
        - np.sqrt(smooth.squares(y, y)).mean()
    )
    for name, share in (("energy", 1.0), ("distance", 0.5)):
        criterion = MMDGAN(KERNELS[name], mmd.mmd2_biased)
        for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
        smooth.assert_close(for_critic.value, -share * energy)
        smooth.assert_close(for_generator.value, share * energy)


def test_linear_mmd_of_one_output_is_the_squared_difference_of_wgan(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    real, fake = smooth.images(rng)
    difference = critic.features(real).mean() - critic.features(fake).mean()
    linear = MMDGAN(KERNELS["linear"], mmd.mmd2_biased)
    gradients = []
    for criterion in (linear, WGAN()):
        with tf.GradientTape() as tape:
            loss = criterion.critic_loss(smooth.comparison(critic, real, fake))
        gradients.append(tape.gradient(loss.value, critic.weights[:2]))
        smooth.assert_close(
            -loss.value, difference**2 if criterion is linear else difference
        )
    for of_mmd, of_wgan in zip(*gradients, strict=True):
        np.testing.assert_allclose(
            of_mmd, 2 * difference * of_wgan.numpy(), atol=1e-10
        )


def test_ratio_is_the_mmd_in_standard_deviations(rng):
    critic = smooth.SmoothCritic(rng)
    real, fake = smooth.images(rng, size=8)
    seen = smooth.comparison(critic, real, fake)
    x, y = critic.features(real), critic.features(fake)
    grams = mmd.gram_matrices(KERNELS["rq_linear"], seen.x, seen.y)
    variance = mmd.variance_from_sums(mmd.sum_pairs(grams)).clipped
    expected = smooth.mmd2_unbiased(smooth.rq_linear, x, y)
    expected /= np.sqrt(variance.numpy())
    criterion = RatioMMD(KERNELS["rq_linear"])
    for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
    smooth.assert_close(for_critic.value, -expected)
    smooth.assert_close(for_generator.value, expected)


@both_types
@pytest.mark.parametrize("real_weight", [-1.0, 0.0, 0.5, 1.0])
def test_repulsive_family(rng, real_weight, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)
    xx, xy, yy = (
        smooth.off_diagonal_mean(smooth.gaussian(a, b))
        for a, b in ((x, x), (x, y), (y, y))
    )
    criterion = RepulsiveMMD(KERNELS["rbf"], real_weight=real_weight)
    for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
    expected = (1 + real_weight) * xy - yy - real_weight * xx
    smooth.assert_close(for_critic.value, expected, dtype)
    smooth.assert_close(for_generator.value, xx - 2 * xy + yy, dtype)
    smooth.assert_close(for_critic.terms["real_similarity"], xx, dtype)
    smooth.assert_close(for_critic.terms["fake_similarity"], yy, dtype)


def test_attractive_weight_is_the_u_statistic(rng):
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    attractive = RepulsiveMMD(KERNELS["rbf"], real_weight=1.0)
    usual = MMDGAN(KERNELS["rbf"], mmd.mmd2_ustatistic)
    values = [smooth.losses(c, critic, *pair) for c in (attractive, usual)]
    for ours, theirs in zip(*values, strict=True):
        smooth.assert_close(ours.value, theirs.value)


@both_types
def test_bounded_kernel(rng, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)
    clipped = np.minimum(smooth.squares(x, x), 4.0)
    raised = np.maximum(smooth.squares(y, y), 0.25)
    assert (clipped == 4.0).any() and (raised == 0.25).sum() > len(y)
    xx = smooth.off_diagonal_mean(np.exp(-clipped / 2))
    yy = smooth.off_diagonal_mean(np.exp(-raised / 2))
    for_critic, for_generator = smooth.losses(
        CRITERIA["bounded"], critic, real, fake
    )
    smooth.assert_close(for_critic.value, xx - yy, dtype)
    # The generator's kernel has no bounds.
    plain = smooth.losses(CRITERIA["repulsive"], critic, real, fake)[1]
    assert for_generator.value == plain.value


class Identity(smooth.SmoothCritic):
    """Points are their own features."""

    def __call__(self, batch):
        return super().__call__(batch)._replace(features=batch.images)


def slope_of_bounded_loss(rng, real, fake):
    critic = Identity(rng, outputs=2, shape=smooth.POINT)
    sets = [tf.constant(real), tf.constant(fake)]
    with tf.GradientTape() as tape:
        tape.watch(sets)
        seen = joint_pass(
            critic, Batch(sets[0]), [Batch(sets[1])], smooth.update()
        )
        loss = CRITERIA["bounded"].critic_loss(seen)
    return [np.abs(g).max() for g in tape.gradient(loss.value, sets)]


@pytest.mark.parametrize(
    "real_gap, fake_gap, moves_real, moves_fake",
    [(2.01, 0.49, False, False), (1.99, 0.51, True, True)],
)
def test_bounds_stop_real_pairs_apart_and_fake_pairs_together(
    rng, real_gap, fake_gap, moves_real, moves_fake
):
    pair = np.array([[0.0, 0.0], [0.0, 1.0]])
    of_real, of_fake = slope_of_bounded_loss(
        rng, real_gap * pair, fake_gap * pair
    )
    assert (of_real > 0.1, of_fake > 0.1) == (moves_real, moves_fake)
    assert moves_real or of_real == 0.0
    assert moves_fake or of_fake == 0.0


@both_types
def test_autoencoder_mmd(rng, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)

    def octaves(a, b):
        widths = (1, 2, 4, 8, 16)
        return sum(np.exp(-smooth.squares(a, b) / (2 * s**2)) for s in widths)

    means = x.mean(0) - y.mean(0)
    assert means.min() < 0 < means.max()
    hinge = np.minimum(means, 0).mean()
    distance = np.sqrt(smooth.mmd2_biased(octaves, x, y)) + 3.0 * hinge
    error = sum(((critic.decoded(i) - i) ** 2).mean() for i in (real, fake))
    criterion = AutoencoderMMD(
        KERNELS["rbf_octaves"],
        reconstruction_weight=0.7,
        feasible_set_weight=3.0,
    )
    for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
    smooth.assert_close(for_critic.value, 0.7 * error - distance, dtype)
    smooth.assert_close(for_generator.value, distance, dtype)
    smooth.assert_close(for_critic.terms["reconstruction"], error, dtype)
    smooth.assert_close(for_critic.terms["feasible_set"], hinge, dtype)


def test_autoencoder_mmd_has_finite_slopes_where_the_root_is_zero(rng):
    critic = smooth.SmoothCritic(rng)
    (real, _) = smooth.images(rng)
    with tf.GradientTape() as tape:
        seen = smooth.comparison(critic, real, real)
        loss = CRITERIA["autoencoder"].critic_loss(seen)
    for gradient in tape.gradient(loss.value, critic.weights):
        assert np.isfinite(gradient).all()


def test_bounds_need_a_gaussian_kernel():
    with pytest.raises(errors.UsageError, match="need a Gaussian kernel"):
        RepulsiveMMD(KERNELS["rq"], bounds=(0.25, 4.0))
