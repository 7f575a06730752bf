"""Penalties of the critic against NumPy, differences and limits."""

import dataclasses

import numpy as np
import pytest
import smooth
import tensorflow as tf
from scipy import special

from tf_mmdgan import errors, kernels
from tf_mmdgan.distribute import Purpose
from tf_mmdgan.objectives import (
    FGAN,
    GAN,
    MMDGAN,
    WGAN,
    Batch,
    CramerGAN,
    CriticForm,
    FeaturePenalty,
    GradientPenalty,
    InstanceNoise,
    NoisePenalty,
    WeightClipping,
    ZeroCentredPenalty,
)
from tf_mmdgan.objectives.annealing import Annealing
from tf_mmdgan.objectives.criterion import joint_pass
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

MMD = MMDGAN(kernels.Gaussian())
both_types = pytest.mark.parametrize("dtype", smooth.TOLERANCE)
both_shapes = pytest.mark.parametrize("shape", [smooth.IMAGE, smooth.POINT])


def between(real, fake):
    """The points that the noise of `smooth` picks between pairs."""
    weights = smooth.update().uniform(Purpose.INTERPOLATION, len(real))
    shape = [-1] + [1] * (real.ndim - 1)
    weights = weights.numpy().astype("float64").reshape(shape)
    return real + weights * (fake - real)


def unit(points):
    return 2.0 if points.ndim == 4 else 1.0


def slopes_of_witness(critic, points, real, fake):
    """Gradients of the Gaussian kernel's witness by pixels: [b, pixels]."""
    t, x, y = map(critic.features, (points, real, fake))

    def slope(others):
        k = smooth.gaussian(t, others)[..., None]
        return -((t[:, None] - others[None]) * k).mean(1)

    slopes = slope(x) - slope(y)
    jacobian = critic.jacobian(points)
    return unit(points) * np.einsum("bd,bdp->bp", slopes, jacobian)


def slopes_of_critic(critic, points, *_):
    return unit(points) * critic.jacobian(points)[:, 0]


@both_types
@both_shapes
def test_gradient_penalty_of_the_witness(rng, shape, dtype):
    critic = smooth.SmoothCritic(rng, shape=shape, dtype=dtype)
    pair = smooth.images(rng, shape=shape)
    slopes = slopes_of_witness(critic, between(*pair), *pair)
    norms = np.sqrt((slopes**2).sum(1))
    actual = GradientPenalty(1.0).penalty(MMD, smooth.comparison(critic, *pair))
    smooth.assert_close(actual, ((norms - 1) ** 2).mean(), dtype)


@both_types
@both_shapes
def test_gradient_penalty_of_the_critic(rng, shape, dtype):
    critic = smooth.SmoothCritic(rng, 1, shape, dtype)
    pair = smooth.images(rng, shape=shape)
    norms = np.sqrt((slopes_of_critic(critic, between(*pair)) ** 2).sum(1))
    expected = ((norms - 1) ** 2).mean()
    seen = smooth.comparison(critic, *pair)
    of_critic = GradientPenalty(1.0, "critic")
    smooth.assert_close(of_critic.penalty(MMD, seen), expected, dtype)
    # A critic with one output is the witness of WGAN, but not of the MMD.
    of_witness = GradientPenalty(1.0)
    smooth.assert_close(of_witness.penalty(WGAN(), seen), expected, dtype)
    of_mmd = slopes_of_witness(critic, between(*pair), *pair)
    norms = np.sqrt((of_mmd**2).sum(1))
    expected = ((norms - 1) ** 2).mean()
    smooth.assert_close(of_witness.penalty(MMD, seen), expected, dtype)


@both_shapes
def test_gradient_penalty_of_the_sum_of_outputs(rng, shape):
    critic = smooth.SmoothCritic(rng, 3, shape)
    pair = smooth.images(rng, shape=shape)
    points = between(*pair)
    slopes = unit(points) * critic.jacobian(points).sum(axis=1)
    expected = ((np.sqrt((slopes**2).sum(1)) - 1) ** 2).mean()
    seen = smooth.comparison(critic, *pair)
    found = GradientPenalty(1.0, "outputs").penalty(MMD, seen)
    smooth.assert_close(found, expected, "float64")


@pytest.mark.parametrize(
    "norm, axes", [("image", (0, 1, 2)), ("rows", (0,)), ("channels", (2,))]
)
def test_norms_of_the_gradient_penalty(rng, norm, axes):
    weights = rng.normal(size=(4, 3, 2))
    real, fake = (tf.constant(i) for i in rng.normal(size=(2, 5, 4, 3, 2)))
    seen = joint_pass(
        smooth.LinearCritic(weights),
        Batch(real),
        [Batch(fake)],
        smooth.update(),
    )
    # Pixels in [0, 1] have twice the slope of those in [-1, 1].
    norms = 2 * np.sqrt((weights**2).sum(axes) + 0.01)
    penalty = GradientPenalty(1.0, norm=norm, epsilon=0.01)
    smooth.assert_close(
        penalty.penalty(WGAN(), seen), ((norms - 1) ** 2).mean()
    )


def test_penalty_of_a_flat_critic_has_a_finite_gradient(rng):
    critic = smooth.SmoothCritic(rng, outputs=1)
    critic.weights[1].assign(tf.zeros_like(critic.weights[1]))
    pair = smooth.images(rng)
    with tf.GradientTape() as tape:
        value = GradientPenalty(1.0).penalty(
            WGAN(), smooth.comparison(critic, *pair)
        )
    assert float(value) == pytest.approx(1, abs=1e-5)
    for gradient in tape.gradient(value, critic.weights[:2]):
        assert np.isfinite(gradient).all()


@both_types
@both_shapes
@pytest.mark.parametrize("side", ["real", "fake"])
def test_zero_centred_penalties(rng, side, shape, dtype):
    pair = smooth.images(rng, shape=shape)
    points = dict(zip(("real", "fake"), pair, strict=True))[side]
    penalty = ZeroCentredPenalty(1.0, side)
    assert penalty.name == {"real": "r1", "fake": "r2"}[side]
    for criterion, outputs, slopes in (
        (GAN("minimax"), 1, slopes_of_critic),
        (MMD, 3, slopes_of_witness),
    ):
        critic = smooth.SmoothCritic(rng, outputs, shape, dtype)
        squares = (slopes(critic, points, *pair) ** 2).sum(1)
        actual = penalty.penalty(criterion, smooth.comparison(critic, *pair))
        smooth.assert_close(actual, squares.mean() / 2, dtype)


@both_types
@both_shapes
@pytest.mark.parametrize("updates", [0, 14])
def test_noise_penalty_weighs_slopes_by_curvature(rng, updates, shape, dtype):
    critic = smooth.SmoothCritic(rng, 1, shape, dtype)
    pair = real, fake = smooth.images(rng, shape=shape)
    square_x, square_y = (
        (slopes_of_critic(critic, points) ** 2).sum(1) for points in pair
    )
    x, y = critic.features(real)[:, 0], critic.features(fake)[:, 0]
    two_sided = (special.expit(-x) ** 2 * square_x).mean() + (
        special.expit(y) ** 2 * square_y
    ).mean()
    seen = smooth.comparison(critic, *pair)
    # Update 7 of 14 leaves a tenth of the variance.
    share = 0.1 if updates else 1.0
    penalty = NoisePenalty(1.0, Annealing(updates))
    expected = share * two_sided / 2
    # The annealing's factor is float32.
    precision = "float32" if updates else dtype
    actual = penalty.penalty(GAN("minimax"), seen)
    smooth.assert_close(actual, expected, precision)
    actual = penalty.penalty(FGAN(DIVERGENCES["kl"]), seen)
    expected = share * (np.exp(y - 1) * square_y).mean() / 2
    smooth.assert_close(actual, expected, precision)


@both_types
def test_feature_penalty_adds_up_batches_and_layers(rng, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    sets = smooth.images(rng, 3)
    for shown in (sets[:2], sets):
        expected = sum(
            (critic.hidden(i) ** 2).mean() + (critic.features(i) ** 2).mean()
            for i in shown
        )
        seen = smooth.comparison(critic, *shown)
        actual = FeaturePenalty(1.0).penalty(MMD, seen)
        smooth.assert_close(actual, expected, dtype)


PENALTIES = {
    "gradient": (MMD, GradientPenalty(1.0)),
    "gradient of critic": (GAN("minimax"), GradientPenalty(1.0, "critic")),
    "gradient by rows": (MMD, GradientPenalty(1.0, norm="rows")),
    "cramer": (CramerGAN("energy"), GradientPenalty(1.0)),
    "r1": (GAN("minimax"), ZeroCentredPenalty(1.0, "real")),
    "r2": (MMD, ZeroCentredPenalty(1.0, "fake")),
    "noise": (GAN("minimax"), NoisePenalty(1.0)),
    "noise of f-GAN": (FGAN(DIVERGENCES["jeffrey"]), NoisePenalty(1.0)),
    "features": (MMD, FeaturePenalty(1.0)),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_gradients_pass_finite_differences(rng, name):
    criterion, penalty = PENALTIES[name]
    critic = smooth.SmoothCritic(rng, 1 if criterion.single_output else 3)
    sets = smooth.images(rng, 1 + criterion.fakes_per_real)

    def value():
        return penalty.penalty(criterion, smooth.comparison(critic, *sets))

    smooth.assert_slope(value, critic.weights, rng)


@both_types
@both_shapes
def test_instance_noise_is_drawn_for_each_image(rng, shape, dtype):
    sets = smooth.images(rng, 3, shape)
    given = [Batch(tf.constant(i, dtype), tf.range(6)) for i in sets]
    noise = InstanceNoise(0.5, Annealing(14))
    noisy = noise.add(given, smooth.update())
    for index, (before, after) in enumerate(zip(given, noisy, strict=True)):
        normal = smooth.update().normal(
            Purpose.INSTANCE_NOISE, 6, tf.TensorShape(shape), index
        )
        # Update 7 of 14 leaves the root of a tenth of the deviation.
        sigma = unit(sets[0]) * 0.5 * 0.1**0.5
        np.testing.assert_allclose(
            after.images, before.images + sigma * normal.numpy(), rtol=1e-5
        )
        assert after.images.dtype == dtype
        assert after.labels is before.labels
    assert (noisy[1].images[0] - sets[1][0] != noisy[2].images[0] - sets[2][0]
            ).numpy().all()  # fmt: skip


def test_weight_clipping_asks_the_critic(rng):
    critic = smooth.SmoothCritic(rng)
    WeightClipping(0.25).after_update(critic)
    assert critic.clipped == [0.25]


def test_penalised_critics_have_one_output():
    penalty = GradientPenalty(1.0, "critic")
    penalty.check(MMD, CriticForm(1))
    message = "function critic is a single output, not 16: .*witness"
    with pytest.raises(errors.UsageError, match=message):
        penalty.check(MMD, CriticForm(16))
    GradientPenalty(1.0).check(MMD, CriticForm(16))


def test_noise_penalty_needs_a_criterion_with_its_limit():
    penalty = NoisePenalty(1.0)
    penalty.check(GAN("minimax"), CriticForm(1))
    penalty.check(FGAN(DIVERGENCES["kl"]), CriticForm(1))
    for criterion in (MMD, WGAN()):
        with pytest.raises(errors.UsageError, match=r"noise penalty .* has n"):
            penalty.check(criterion, CriticForm(1))


@pytest.mark.parametrize(
    "penalty, independent",
    [
        (GradientPenalty(1.0), True),
        (ZeroCentredPenalty(1.0, "real"), True),
        (NoisePenalty(1.0), True),
        (FeaturePenalty(1.0), False),
    ],
)
def test_gradients_by_images_need_independent_examples(penalty, independent):
    assert penalty.needs_independent_examples == independent
    assert dataclasses.replace(penalty, weight=2.0).weight == 2.0
