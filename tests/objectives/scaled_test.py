"""The Scaled MMD and WGAN against NumPy and finite differences."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.distribute import Purpose
from tf_mmdgan.objectives import Batch, Scale, ScaledMMD, ScaledWGAN
from tf_mmdgan.objectives.criterion import separate_passes

KERNELS = kernels.KERNELS
both_types = pytest.mark.parametrize("dtype", smooth.TOLERANCE)
both_shapes = pytest.mark.parametrize("shape", [smooth.IMAGE, smooth.POINT])


def measured(measure, real, fake):
    """The points of the measure that the noise of `smooth` gives."""
    update, shape = smooth.update(), tf.TensorShape(real.shape[1:])
    if measure == "real":
        return real
    if measure == "noise":
        noise = update.normal(Purpose.MEASURE, len(real), shape).numpy()
        noise = 10.0 * noise.astype("float64")
        # Pixels go from [0, 1] to [-1, 1]; points stay as they are.
        return 2.0 * noise - 1.0 if len(shape) == 3 else noise
    coins = update.uniform(Purpose.MEASURE, len(real)).numpy()
    take_fake = coins.reshape([-1] + [1] * len(shape)) >= 0.5
    assert 0 < take_fake.sum() < len(real)
    return np.where(take_fake, fake, real)


def jacobians(critic, points):
    unit = 2.0 if points.ndim == 4 else 1.0
    return unit * critic.jacobian(points)


def expected_square(kernel, scale, critic, real, fake):
    """sigma^2 for the Gaussian, linear and polynomial kernels by hand."""
    points = measured(scale.measure, real, fake)
    h, jacobian = critic.features(points), jacobians(critic, points)
    if scale.jacobian == "hutchinson":
        update = smooth.update()
        signs = update.signs(Purpose.PROBES, len(h), h.shape[1]).numpy()
        squares = (np.einsum("bdp,bd->bp", jacobian, signs) ** 2).sum(1)
    else:
        squares = (jacobian**2).sum((1, 2))
    norms = (h**2).sum(1)
    if scale.form == "code":
        values = norms.mean() if kernel == "linear" else 0.0
        return 1 / (10.0 * (squares.mean() + values) + 1)
    if kernel == "rbf":
        terms = 1 + squares
    elif kernel == "linear":
        terms = norms + squares
    elif kernel == "rq_linear":
        terms = 5 + norms + 6 * squares
    else:
        gamma = 1 / h.shape[1]
        base = gamma * norms + 1
        along = (np.einsum("bd,bdp->bp", h, jacobian) ** 2).sum(1)
        first, second = 3 * gamma * base**2, 6 * gamma**2 * base
        terms = base**3 + first * squares + second * along
    return 1 / ((scale.offset or 1.0) + terms.mean())


PAPER = Scale("paper")
SCALES = {
    "paper": Scale("paper"),
    "small_offset": Scale("paper", offset=0.1),
    "mixture": Scale("paper", measure="mixture"),
    "noise": Scale("paper", measure="noise"),
    "published_code": Scale("code"),
    "estimated": Scale("paper", jacobian="hutchinson"),
    "estimated_published_code": Scale("code", jacobian="hutchinson"),
}


@both_types
@both_shapes
@pytest.mark.parametrize("name", SCALES)
def test_square_of_the_scale(rng, name, shape, dtype):
    critic = smooth.SmoothCritic(rng, shape=shape, dtype=dtype)
    pair = smooth.images(rng, shape=shape)
    expected = expected_square("rbf", SCALES[name], critic, *pair)
    seen = smooth.comparison(critic, *pair)
    actual = SCALES[name].square(KERNELS["rbf"], seen)
    smooth.assert_close(actual, expected, dtype)
    assert actual.dtype == dtype


@both_types
@pytest.mark.parametrize("kernel", ["linear", "rq_linear", "polynomial"])
def test_square_of_the_scale_by_kernel(rng, kernel, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    pair = smooth.images(rng)
    expected = expected_square(kernel, PAPER, critic, *pair)
    actual = PAPER.square(KERNELS[kernel], smooth.comparison(critic, *pair))
    smooth.assert_close(actual, expected, dtype)


def test_estimated_jacobian_has_no_bias(rng):
    """Mean of 1 / sigma^2 over updates, within three standard errors."""
    critic = smooth.SmoothCritic(rng, dtype="float32")
    pair = smooth.images(rng)
    scale = Scale("paper", jacobian="hutchinson")
    numbers = [
        1
        / scale.square(
            KERNELS["rbf"], smooth.comparison(critic, *pair, index=i)
        )
        for i in range(100)
    ]
    expected = 1 / expected_square("rbf", PAPER, critic, *pair)
    error = np.std(numbers, ddof=1) / np.sqrt(len(numbers))
    assert 0 < error < 0.1 * expected
    assert abs(np.mean(numbers) - expected) < 3 * error


def test_estimated_jacobian_of_one_output_is_exact(rng):
    critic = smooth.SmoothCritic(rng, outputs=1, dtype="float32")
    pair = smooth.images(rng)
    expected = expected_square("rbf", PAPER, critic, *pair)
    scale = Scale("paper", jacobian="hutchinson")
    actual = scale.square(KERNELS["rbf"], smooth.comparison(critic, *pair))
    smooth.assert_close(actual, expected, "float32")


@both_types
@pytest.mark.parametrize("name", ["paper", "mixture", "published_code"])
def test_losses_of_the_scaled_mmd(rng, name, dtype):
    critic = smooth.SmoothCritic(rng, dtype=dtype)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)
    mmd2 = smooth.mmd2_unbiased(smooth.gaussian, x, y)
    square = expected_square("rbf", SCALES[name], critic, real, fake)
    criterion = ScaledMMD(KERNELS["rbf"], scale=SCALES[name])
    for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
    smooth.assert_close(for_critic.value, -square * mmd2, dtype)
    smooth.assert_close(for_generator.value, square * mmd2, dtype)
    for loss in (for_critic, for_generator):
        smooth.assert_close(loss.terms["mmd2"], mmd2, dtype)
        smooth.assert_close(loss.terms["scale"], square, dtype)


@both_types
@pytest.mark.parametrize("name", ["paper", "noise", "published_code"])
def test_losses_of_the_scaled_wgan(rng, name, dtype):
    critic = smooth.SmoothCritic(rng, outputs=1, dtype=dtype)
    real, fake = smooth.images(rng)
    x, y = critic.features(real), critic.features(fake)
    square = expected_square("linear", SCALES[name], critic, real, fake)
    root = np.sqrt(square)
    criterion = ScaledWGAN(scale=SCALES[name])
    for_critic, for_generator = smooth.losses(criterion, critic, real, fake)
    expected = -root * (x.mean() - y.mean())
    smooth.assert_close(for_critic.value, expected, dtype)
    # The real images' mean is no function of the generator.
    smooth.assert_close(for_generator.value, -root * y.mean(), dtype)
    smooth.assert_close(for_critic.terms["scale"], root, dtype)


CRITERIA = {
    "gaussian": ScaledMMD(KERNELS["rbf"], scale=PAPER),
    "rq_linear": ScaledMMD(KERNELS["rq_linear"], scale=PAPER),
    "polynomial": ScaledMMD(KERNELS["polynomial"], scale=PAPER),
    "published_code": ScaledMMD(KERNELS["rbf"], scale=Scale("code")),
    "wgan": ScaledWGAN(scale=PAPER),
}


@pytest.mark.parametrize("name", CRITERIA)
def test_gradients_pass_finite_differences(rng, name):
    outputs = 1 if CRITERIA[name].single_output else 3
    critic = smooth.SmoothCritic(rng, outputs)
    pair = smooth.images(rng)
    smooth.assert_critic_slope(CRITERIA[name], critic, rng, *pair)
    smooth.assert_generator_slope(CRITERIA[name], critic, rng, *pair)


MIXTURE = Scale("paper", measure="mixture")


@pytest.mark.parametrize(
    "criterion, term, sign",
    [
        (ScaledMMD(KERNELS["rbf"], scale=MIXTURE), "mmd2", 1.0),
        (ScaledWGAN(scale=MIXTURE), "fake_mean", -1.0),
    ],
)
def test_scale_is_a_constant_to_the_generator(rng, criterion, term, sign):
    """Also where its points are generated images."""
    critic = smooth.SmoothCritic(rng, outputs=1)
    real, fake = (tf.constant(images) for images in smooth.images(rng))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(fake)
        apart = separate_passes(
            critic, Batch(real), [Batch(fake)], smooth.update(), True
        )
        loss = criterion.generator_loss(apart)
    of_loss = tape.gradient(loss.value, fake)
    of_term = tape.gradient(loss.terms[term], fake)
    np.testing.assert_allclose(of_loss, sign * loss.terms["scale"] * of_term)


def test_scaled_mmd_does_not_change_with_a_critic_of_another_scale(rng):
    """Linear kernel: sigma MMD is bounded, however steep the critic."""
    critic = smooth.SmoothCritic(rng)
    pair = smooth.images(rng)
    criterion = ScaledMMD(KERNELS["linear"], scale=Scale("paper", offset=1e-12))
    before, _ = smooth.losses(criterion, critic, *pair)
    critic.weights[1].assign(100.0 * critic.weights[1])
    after, _ = smooth.losses(criterion, critic, *pair)
    assert float(after.value) == pytest.approx(float(before.value), rel=1e-9)
    growth = after.terms["mmd2"] / before.terms["mmd2"]
    assert float(growth) == pytest.approx(1e4)


def test_the_published_code_has_no_lambda():
    with pytest.raises(errors.UsageError, match="the form paper has"):
        Scale(offset=0.1)


@pytest.mark.parametrize(
    "kernel, jacobian, message",
    [
        ("distance", "exact", "kernel has no Scaled MMD: .*differentiable"),
        ("tanh_distance", "exact", "kernel has no Scaled MMD"),
        ("polynomial", "hutchinson", "With an exact Jacobian"),
        ("tanh_rq", "hutchinson", "With an exact Jacobian"),
    ],
)
def test_kernels_without_such_a_scale_are_refused(kernel, jacobian, message):
    with pytest.raises(errors.UsageError, match=message):
        ScaledMMD(KERNELS[kernel], scale=Scale(jacobian=jacobian))


def test_a_scale_is_checked_when_a_criterion_is_made():
    for make in (ScaledWGAN, lambda scale: ScaledMMD("rbf", scale=scale)):
        with pytest.raises(errors.UsageError, match="scale: need a Scale"):
            make(scale="paper")
