"""What the published codes' deviations do to losses, against NumPy."""

import keras
import losses
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import config, mmd
from tf_mmdgan.distribute import Update
from tf_mmdgan.kernels import KERNELS
from tf_mmdgan.mmd import as_published
from tf_mmdgan.objectives import Batch, CriticOutput


def configure(deviations="none", **kwargs):
    return config.TrainConfig(run_dir="run", as_published=deviations, **kwargs)


def kernel_of(deviations="none", **kwargs):
    return objective(deviations, **kwargs).criterion.kernel


def objective(deviations="none", **kwargs):
    return losses.loss_of(configure(deviations, **kwargs))


def squared_distances(x, y):
    return ((x[:, None] - y[None]) ** 2).sum(2)


def rational_quadratic(x, y, scales=(0.1, 1, 10)):
    r2 = squared_distances(x, y)
    return sum((1 + r2 / (2 * a)) ** -a for a in scales)


def features(rng, count=9, width=4):
    return rng.normal(size=(2, count, width)) + np.array([[[0.0]], [[0.3]]])


def estimate(made, x, y):
    criterion = made.criterion
    grams = mmd.gram_matrices(criterion.kernel, *map(tf.constant, (x, y)))
    return float(criterion.estimate(grams))


@pytest.mark.parametrize(
    "kernel, weight",
    [("rq_linear", 1), ("rq_01linear", 0.1), ("rq_10linear", 10), ("rq", 0)],
)
def test_constant_diagonal_rewards_large_features(rng, kernel, weight):
    x, y = features(rng)
    right = estimate(objective(kernel=kernel), x, y)
    actual = estimate(objective("constant_diagonal", kernel=kernel), x, y)
    offset = weight * ((x**2).sum() + (y**2).sum()) / (9 * 8)
    assert actual - right == pytest.approx(offset, abs=1e-12)


def test_published_estimate_of_the_published_kernel(rng):
    """Both deviations at once: the constant is that of the kernel as used."""
    x, y = features(rng)

    def mean(a):
        gram = rational_quadratic(a, a) + a @ a.T
        return (gram.sum() - 9 * 3) / (9 * 8)

    cross = (rational_quadratic(x, y) + x @ y.T).mean()
    expected = mean(x) + mean(y) - 2 * cross
    for code in ("demystifying", "scaled"):
        assert estimate(objective(code), x, y) == pytest.approx(expected)


def test_offset_of_unit_features():
    """The figure of the documentation: 64 features of length 1 on a side."""
    x = np.eye(64)
    offset = estimate(objective("constant_diagonal"), x, -x)
    offset -= estimate(objective(), x, -x)
    assert offset == pytest.approx(2 / 63, abs=1e-9)


@pytest.mark.parametrize("name", ["rq", "tanh_rq", "rq_linear", "rq * linear"])
def test_scales_of_the_rational_quadratic_kernel(rng, name):
    x, y = features(rng)
    expected = {
        "rq": rational_quadratic(x, y),
        "tanh_rq": rational_quadratic(np.tanh(x), np.tanh(y)),
        "rq_linear": rational_quadratic(x, y) + x @ y.T,
        "rq * linear": rational_quadratic(x, y) * (x @ y.T),
    }[name]
    kernel = kernel_of("rq_scales", kernel=name)
    np.testing.assert_allclose(kernel(x, y), expected)


def test_kernel_at_distance_one():
    """The figures of the documentation."""
    point = tf.constant([[0.0]], tf.float64)
    for deviations, zero, one in (("none", 5, 3.413), ("rq_scales", 3, 2.117)):
        kernel = kernel_of(deviations, kernel="rq")
        assert float(kernel(point, point)[0, 0]) == zero
        assert float(kernel(point, point + 1)[0, 0]) == pytest.approx(
            one, abs=5e-4
        )


def published_distance(x, y, epsilon=1e-5):
    def root(squares):
        return np.sqrt(squares + epsilon)

    norms = root((x**2).sum(1))[:, None] + root((y**2).sum(1))
    return norms - root(squared_distances(x, y))


@pytest.mark.parametrize(
    "deviations, epsilon, factor",
    [
        ("none", 0, 0.5),
        ("distance_without_half", 0, 1),
        ("distance_epsilon", 1e-5, 0.5),
        ("demystifying", 1e-5, 1),
        ("scaled", 1e-5, 1),
    ],
)
def test_distance_kernel(rng, deviations, epsilon, factor):
    x, y = features(rng)
    y[0] = x[0]
    plain = kernel_of(deviations, kernel="distance")
    bounded = kernel_of(deviations, kernel="tanh_distance")
    expected = factor * published_distance(x, y, epsilon)
    np.testing.assert_allclose(plain(x, y), expected, atol=1e-6)
    expected = factor * published_distance(np.tanh(x), np.tanh(y), epsilon)
    np.testing.assert_allclose(bounded(x, y), expected, atol=1e-6)
    # The one with the 1/2 taken off by its name stays.
    energy = kernel_of(deviations, kernel="energy")
    expected = published_distance(x, y, epsilon)
    np.testing.assert_allclose(energy(x, y), expected, atol=1e-6)


def test_epsilon_of_the_distance_kernel_has_bounds(rng):
    x, y = np.append(features(rng, 200), np.zeros((2, 1, 4)), axis=1)
    rounded = as_published.RoundedDistance()
    change = (rounded(x, y) - KERNELS["distance"](x, y)).numpy()
    assert change[-1, -1] == pytest.approx(1e-5**0.5 / 2)
    assert -0.0016 < change.min() < change.max() < 0.0032
    with tf.GradientTape() as tape:
        points = tf.constant(x)
        tape.watch(points)
        value = tf.reduce_sum(rounded(points, points))
    assert np.isfinite(tape.gradient(value, points)).all()


def published_variance(xx, xy, yy):
    """The closed form in gan/core/mmd.py of both codes."""
    m = len(xx)
    (xx, yy) = (k - np.diag(np.diag(k)) for k in (xx, yy))
    a, b, r, c = xx.sum(1), yy.sum(1), xy.sum(1), xy.sum(0)
    total_a, total_b, total_c = a.sum(), b.sum(), r.sum()
    within = 2 * a @ a - (xx**2).sum() + 2 * b @ b - (yy**2).sum()
    return (
        2 / (m**2 * (m - 1) ** 2) * within
        - (4 * m - 6) / (m**3 * (m - 1) ** 3) * (total_a**2 + total_b**2)
        + 4 * (m - 2) / (m**3 * (m - 1) ** 2) * (r @ r + c @ c)
        - 4 * (m - 3) / (m**3 * (m - 1) ** 2) * (xy**2).sum()
        - (8 * m - 12) / (m**5 * (m - 1)) * total_c**2
        + 8 / (m**3 * (m - 1))
        * ((total_a + total_b) * total_c / m - a @ r - b @ c)
    )  # fmt: skip


@pytest.mark.parametrize("spread", [1.0, 1e-2])
def test_published_ratio(rng, spread):
    x, y = spread * features(rng)
    xx, xy, yy = (
        rational_quadratic(*pair) for pair in ((x, x), (x, y), (y, y))
    )
    variance = published_variance(xx, xy, yy)
    assert (variance > 1e-5) == (spread == 1.0)
    mmd2 = (xx.sum() + yy.sum()) / (9 * 8) - 2 * xy.mean()
    expected = mmd2 / np.sqrt(max(variance, 1e-5))
    for code in ("demystifying", "scaled"):
        made = objective(code, objective="ratio_mmd")
        assert estimate(made, x, y) == pytest.approx(expected, rel=1e-6)


def test_parts_of_the_published_ratio(rng):
    x, y = features(rng)
    kernel = KERNELS["rq"]
    grams = mmd.gram_matrices(kernel, tf.constant(x), tf.constant(y))
    mmd2, ratio = float(mmd.mmd2_unbiased(grams)), float(mmd.mmd2_ratio(grams))

    def changed(names):
        return estimate(objective(names, objective="ratio_mmd"), x, y)

    # k(z, z) = 5, and so the traces are 9 * 5 each.
    share = (mmd2 + 2 * 5 / 8) / mmd2
    assert changed("ratio_diagonals") == pytest.approx(share * ratio)
    variance = published_variance(*(g.numpy() for g in grams))
    assert changed("ratio_plug_in") == pytest.approx(mmd2 / variance**0.5)
    assert changed("ratio_floor") == pytest.approx(ratio)
    grams = mmd.Grams(*(1e-3 * g for g in grams))
    made = objective("ratio_floor", objective="ratio_mmd").criterion
    expected = 1e-3 * mmd2 / 1e-5**0.5
    assert float(made.estimate(grams)) == pytest.approx(expected)


class LinearCritic:
    """Features are sums over pixels in [0, 1] times weights [..., d]."""

    multiplier = keras.Variable(0.0)

    def __init__(self, weights):
        self.weights = tf.constant(weights, tf.float64)

    def __call__(self, batch):
        pixels = (tf.cast(batch.images, tf.float64) + 1) / 2
        axes = [[1, 2, 3], [0, 1, 2]]
        return CriticOutput(tf.tensordot(pixels, self.weights, axes), [])

    def joint(self, *batches):
        images = tf.concat([batch.images for batch in batches], axis=0)
        return self(Batch(images))


def critic_terms(made, weights, real, fake):
    update = Update(3, tf.constant(0, tf.int64))
    loss = made.critic_loss(
        LinearCritic(weights),
        Batch(tf.constant(real)),
        [Batch(tf.constant(fake))] * made.fakes_per_real,
        update,
    )
    return {name: float(value) for name, value in loss.terms.items()}


def pair(rng, shape, count=3):
    return rng.uniform(-1, 1, size=(2, count, *shape))


@pytest.mark.parametrize(
    "deviations, axes, epsilon",
    [
        ("none", (0, 1, 2), 0),
        ("norm_over_rows", (0,), 0),
        ("norm_over_channels", (2,), 0),
        ("norm_epsilon", (0, 1, 2), 1e-5),
        ("demystifying", (0,), 1e-5),
        ("scaled", (2,), 1e-5),
    ],
)
def test_norm_of_the_gradient_penalty(rng, deviations, axes, epsilon):
    weights = 0.01 * rng.normal(size=(4, 3, 2, 5))
    real, fake = pair(rng, (4, 3, 2))
    # The witness of the linear kernel has the same slope everywhere.
    slope = weights @ ((real - fake).mean(0).reshape(-1) / 2
                       @ weights.reshape(-1, 5))  # fmt: skip
    norms = np.sqrt((slope**2).sum(axes) + epsilon)
    made = objective(deviations, objective="linear_mmd", feature_penalty=0.0)
    actual = critic_terms(made, weights, real, fake)["gradient_penalty"]
    assert actual == pytest.approx(((norms - 1) ** 2).mean(), rel=1e-6)
    # The codes' WGAN-GP adds nothing under the root.
    slope = weights[..., 0]
    norms = np.sqrt((slope**2).sum(axes))
    made = objective(deviations, objective="wgan_gp")
    actual = critic_terms(made, weights[..., :1], real, fake)
    expected = ((norms - 1) ** 2).mean()
    assert actual["gradient_penalty"] == pytest.approx(expected, rel=1e-6)


def test_norm_epsilon_at_a_flat_critic(rng):
    real, fake = pair(rng, (2, 2, 1))
    for name in ("linear_mmd", "cramer"):
        made = objective("norm_epsilon", objective=name, feature_penalty=0.0)
        terms = critic_terms(made, np.zeros((2, 2, 1, 3)), real, fake)
        expected = (1e-5**0.5 - 1) ** 2
        assert terms["gradient_penalty"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "deviations, shape, whole",
    [
        ("norm_over_rows", (28, 28, 1), 5.3),
        ("norm_over_rows", (32, 32, 3), 9.8),
        ("norm_over_rows", (64, 64, 3), 13.9),
        ("norm_over_channels", (32, 32, 3), 32),
        ("norm_over_channels", (64, 64, 3), 64),
    ],
)
def test_slope_where_the_published_penalty_is_least(deviations, shape, whole):
    """The figures of the documentation."""
    axis = {"norm_over_rows": 0, "norm_over_channels": 2}[deviations]
    weights = np.full((*shape, 1), shape[axis] ** -0.5)
    images = np.zeros((2, 1, *shape))

    def penalty(deviations):
        made = objective(deviations, objective="wgan_gp")
        return critic_terms(made, weights, *images)["gradient_penalty"]

    assert penalty(deviations) == pytest.approx(0, abs=1e-9)
    assert penalty("none") ** 0.5 + 1 == pytest.approx(whole, abs=0.06)


@pytest.mark.parametrize("name", ["smmd", "swgan"])
def test_scale_of_the_scaled_mmd(rng, name):
    weights = 0.1 * rng.normal(size=(4, 3, 2, 1))
    real, fake = pair(rng, (4, 3, 2))
    # J by pixels in [0, 1]; by those in [-1, 1] its square is a fourth.
    squares = (weights**2).sum()
    values = np.tensordot((real + 1) / 2, weights, 3) ** 2
    if name == "smmd":
        paper, code = 1 / (1 + 1 + squares), 1 / (10 * squares + 1)
    else:
        total = squares + values.mean()
        paper, code = (1 / (1 + total)) ** 0.5, (1 / (10 * total + 1)) ** 0.5
    for deviations, form, expected in (
        ("none", "paper", paper), ("none", None, code), ("scaled", None, code),
    ):  # fmt: skip
        made = objective(deviations, objective=name, scale_form=form)
        actual = critic_terms(made, weights, real, fake)["scale"]
        assert actual == pytest.approx(expected, rel=1e-6)
