"""Drift fields against loops in NumPy, and what they are the gradient of."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd
from tf_mmdgan.objectives.drift import NORMALIZATIONS, DriftField
from tf_mmdgan.objectives.f_divergences import DIVERGENCES, KLDivergence

LAPLACE, GAUSSIAN = kernels.Laplace(0.6), kernels.Gaussian(0.6)


def laplace(r):
    return np.exp(-r / 0.6)


def gaussian(r):
    return np.exp(-r * r / 0.72)


# Values and integrals of s k(s) from r on, by distance.
FORMULAS = {
    LAPLACE: (laplace, lambda r: 0.6 * (r + 0.6) * laplace(r)),
    GAUSSIAN: (gaussian, lambda r: 0.36 * gaussian(r)),
}


def shares(matrix, axis):
    return matrix / matrix.sum(axis=axis, keepdims=True)


def weights(values, integrals, counts, normalization, floor):
    """Weights of positives and of negatives, from values of both [n, p + m]."""
    p = counts[0]
    k, l = values[:, :p], values[:, p:]  # noqa: E741
    if normalization == "none":
        return k / counts[0], l / counts[1]
    if normalization == "separate":
        return shares(k, 1), shares(l, 1)
    if normalization == "sharp":
        big, other = integrals[:, :p], integrals[:, p:]
        return k / big.sum(1)[:, None], l / other.sum(1)[:, None]
    a = shares(values, 1)
    if normalization == "both":
        a = np.sqrt(np.maximum(a * shares(values, 0), floor))
    a, b = a[:, :p], a[:, p:]
    return a * b.sum(1)[:, None], b * a.sum(1)[:, None]


def by_loops(kernel, normalization, x, y, negatives, own, floor=0.0):
    """The field at x; `own`: x is the first of its negatives."""
    others = np.concatenate([y, negatives])
    distances = np.array([[np.linalg.norm(u - v) for v in others] for u in x])
    value, integral = (formula(distances) for formula in FORMULAS[kernel])
    for i in range(len(x) if own else 0):
        value[i, len(y) + i] = integral[i, len(y) + i] = 0.0
    counts = len(y), len(negatives) - own
    drawn, pushed = weights(value, integral, counts, normalization, floor)
    return np.array(
        [
            sum(w * (v - u) for w, v in zip(drawn[i], y, strict=True))
            - sum(
                w * (v - u) for w, v in zip(pushed[i], negatives, strict=True)
            )
            for i, u in enumerate(x)
        ]
    )


def samples(rng, n=5, p=7, d=3):
    return rng.normal(size=(n, d)), rng.normal(size=(p, d)) + 0.4


every_normalization = pytest.mark.parametrize("name", NORMALIZATIONS)
both_kernels = pytest.mark.parametrize("kernel", FORMULAS, ids=str)


@every_normalization
@both_kernels
@pytest.mark.parametrize("others", [0, 4])
def test_field_is_the_sum_over_pairs(rng, name, kernel, others):
    """No point is its own negative, whatever negatives are behind them."""
    x, y = samples(rng)
    negatives = np.concatenate([x, rng.normal(size=(others, 3))])
    found = DriftField(kernel, name)(x, y, negatives, own=True)
    expected = by_loops(kernel, name, x, y, negatives, own=True)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_floor_of_the_published_code_lets_far_points_attract(rng):
    x, y = samples(rng)
    y[0] += 50.0
    found = DriftField(LAPLACE, "both", floor=1e-6)(x, y, x, own=True)
    expected = by_loops(LAPLACE, "both", x, y, x, True, floor=1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    without = DriftField(LAPLACE, "both")(x, y, x, own=True)
    assert np.abs(found - without).max() > 0.01


@every_normalization
def test_field_changes_sign_with_its_sides(rng, name):
    x, y = (np.float32(a) for a in samples(rng))
    z = np.float32(rng.normal(size=(7, 3)))
    field = DriftField(LAPLACE, name)
    np.testing.assert_allclose(field(x, y, z), -field(x, z, y), atol=1e-6)


@every_normalization
def test_field_follows_the_order_of_points_and_of_none_else(rng, name):
    x, y = samples(rng)
    field = DriftField(LAPLACE, name)
    straight = field(x, y, x, own=True).numpy()
    order = rng.permutation(len(x))
    turned = field(x[order], y[::-1], x[order], own=True)
    np.testing.assert_allclose(turned, straight[order], atol=1e-12)


@every_normalization
def test_leading_axes_are_fields_by_themselves(rng, name):
    x, y = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 7, 3))
    field = DriftField(LAPLACE, name)
    found = field(x, y, x, own=True)
    for part in range(2):
        expected = field(x[part], y[part], x[part], own=True)
        np.testing.assert_allclose(found[part], expected, atol=1e-12)


@pytest.mark.parametrize("name", ["both", "row", "separate", "sharp"])
def test_normalised_fields_of_points_far_away_do_not_vanish(name):
    x = np.float32([[0.0, 0.0], [0.1, 0.0]])
    y = x + np.float32([1e3, 0.0])
    field = DriftField(kernels.Laplace(0.02), name)(x, y, x, own=True)
    assert np.isfinite(field).all()
    if name in ("separate", "sharp"):
        assert np.min(field[:, 0]) > 1.0


def gradient(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x).numpy()


@pytest.mark.parametrize("kernel", [*FORMULAS, kernels.Matern(1.5, 0.8)])
@pytest.mark.parametrize("dtype, atol", [("float64", 1e-12), ("float32", 1e-6)])
def test_unnormalised_field_is_the_gradient_of_an_mmd(rng, kernel, dtype, atol):
    x, y = (a.astype(dtype) for a in samples(rng))
    factor, companion = kernel.companion

    def mmd2(x):
        grams = mmd.gram_matrices(factor * companion, y, x)
        return mmd.mmd2_unbiased(grams)

    found = DriftField(kernel, "none")(x, y, x, own=True)
    np.testing.assert_allclose(found, -2.5 * gradient(mmd2, x), atol=atol)


def log_sum(kernel, y):
    def function(x):
        logs = kernel.log_of_squares(kernels.squared_distances(x, y))
        return tf.reduce_logsumexp(logs, axis=1)

    return function


def test_gaussian_field_of_separate_sides_is_a_difference_of_scores(rng):
    x, y = samples(rng)
    z = rng.normal(size=(6, 3))
    scores = [gradient(log_sum(GAUSSIAN, side), x) for side in (y, z)]
    found = DriftField(GAUSSIAN, "separate")(x, y, z)
    np.testing.assert_allclose(
        found, 0.36 * (scores[0] - scores[1]), atol=1e-12
    )


@both_kernels
def test_sharp_field_is_a_difference_of_scores_of_the_companion(rng, kernel):
    x, y = samples(rng)
    z = rng.normal(size=(6, 3))
    _, companion = kernel.companion
    scores = [gradient(log_sum(companion, side), x) for side in (y, z)]
    found = DriftField(kernel, "sharp")(x, y, z)
    np.testing.assert_allclose(found, scores[0] - scores[1], atol=1e-12)


def ratio(kernel, x, y, z):
    sums = [np.exp(log_sum(kernel, side)(x)) for side in (y, z)]
    return sums[0] / sums[1]


@both_kernels
def test_row_field_is_the_separate_one_where_both_sides_are_near(rng, kernel):
    x, y = samples(rng)
    z = rng.normal(size=(6, 3))
    u = ratio(kernel, x, y, z)
    expected = DriftField(kernel, "separate")(x, y, z)
    expected *= (u / (1 + u) ** 2)[:, None]
    found = DriftField(kernel, "row")(x, y, z)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_gaussian_row_field_is_the_slope_of_the_best_critic(rng):
    x, y = samples(rng)
    z = rng.normal(size=(6, 3))

    def critic(x):
        logs = log_sum(GAUSSIAN, y)(x) - log_sum(GAUSSIAN, z)(x)
        return tf.sigmoid(logs)

    found = DriftField(GAUSSIAN, "row")(x, y, z)
    np.testing.assert_allclose(found, 0.36 * gradient(critic, x), atol=1e-12)


# u^2 f''(u), of the f of this package, whose Jensen-Shannon is twice the mean.
WEIGHTS = {
    "reverse_kl": lambda u: np.ones_like(u),
    "kl": lambda u: u,
    "pearson": lambda u: 2 * u**2,
    "neyman": lambda u: 2 / u,
    "squared_hellinger": lambda u: np.sqrt(u) / 2,
    "jeffrey": lambda u: 1 + u,
    "jensen_shannon": lambda u: u / (1 + u),
    "total_variation": lambda u: np.zeros_like(u),
}


class Middle(KLDivergence):
    def derivative(self, u):
        return tf.math.log(2 * u / (1 + u)) + 1 / (1 + u)


@pytest.mark.parametrize("name", WEIGHTS)
def test_field_of_a_divergence_is_weighted_by_the_ratio(rng, name):
    """The ratio is of means: y and z are not as many."""
    x, y = samples(rng)
    z = rng.normal(size=(6, 3))
    u = ratio(LAPLACE, x, y, z) * 6 / 7
    expected = DriftField(LAPLACE, "separate")(x, y, z)
    expected *= WEIGHTS[name](u)[:, None]
    field = DriftField(LAPLACE, "separate", DIVERGENCES[name])
    np.testing.assert_allclose(field(x, y, z), expected, rtol=1e-9)


def test_row_field_is_that_of_the_kl_to_the_middle(rng):
    """KL(p || (p + q) / 2), half of a Jensen-Shannon divergence."""
    x, y = samples(rng)
    z = rng.normal(size=(7, 3))
    found = DriftField(LAPLACE, "separate", Middle())(x, y, z)
    expected = DriftField(LAPLACE, "row")(x, y, z)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_ratios_beyond_single_precision_stay_finite():
    x = np.float32([[0.0, 0.0], [0.1, 0.0]])
    y = x + np.float32([9.0, 0.0])
    for divergence in DIVERGENCES.values():
        field = DriftField(kernels.Laplace(0.02), "separate", divergence)
        assert np.isfinite(field(x, y, x)).all()
        assert np.isfinite(field(x, x, y)).all()


def antisymmetric_share(kernel, name, rng):
    """|J12 - J21| / |J| of the field's Jacobian at a point of the plane."""
    y, z = rng.normal(size=(9, 2)), rng.normal(size=(8, 2))
    x = tf.constant([[0.3, -0.4]], tf.float64)
    field = DriftField(kernel, name)
    jacobian = np.stack(
        [gradient(lambda x, i=i: field(x, y, z)[0, i], x)[0] for i in (0, 1)]
    )
    return abs(jacobian[0, 1] - jacobian[1, 0]) / np.linalg.norm(jacobian)


@pytest.mark.parametrize(
    "kernel, name",
    [
        (GAUSSIAN, "separate"),
        (GAUSSIAN, "row"),
        *((kernel, name) for kernel in FORMULAS for name in ("none", "sharp")),
    ],
    ids=str,
)
def test_fields_that_are_gradients_have_no_curl(rng, kernel, name):
    assert antisymmetric_share(kernel, name, rng) < 1e-12


@pytest.mark.parametrize("name", ["separate", "row"])
def test_normalised_laplace_fields_are_no_gradients(rng, name):
    assert antisymmetric_share(LAPLACE, name, rng) > 0.03


def inner_products(field, rng, own):
    """Mean <V, x> of 8 and 32 points of one law, and its standard error."""
    x = rng.normal(size=(2000, 8, 2))
    y = rng.normal(size=(2000, 32, 2))
    values = np.sum(field(x, y, x, own=own) * x, axis=-1).mean(axis=1)
    return values.mean(), values.std() / np.sqrt(len(values))


@pytest.mark.parametrize(
    "kernel", [kernels.Laplace(0.5), kernels.Gaussian(0.5)]
)
@pytest.mark.parametrize("name", ["row", "none"])
def test_fair_fields_are_zero_on_average_where_the_laws_are_one(
    rng, kernel, name
):
    mean, error = inner_products(DriftField(kernel, name), rng, own=True)
    assert abs(mean) < 4 * error
    mean, error = inner_products(DriftField(kernel, name), rng, own=False)
    assert mean < -4 * error


def test_each_side_by_itself_drives_points_out_in_small_batches(rng):
    field = DriftField(kernels.Laplace(0.5), "separate")
    mean, error = inner_products(field, rng, own=True)
    assert mean > 4 * error
    assert mean == pytest.approx(0.21, abs=0.04)


def test_stray_points_hardly_move_by_the_row_field():
    """All points 10 bandwidths from the data: the weight is Z+ / Z-."""
    x = np.array([[0.0, 0.0], [0.2, 0.0], [0.0, 0.3]])
    y = x + np.array([6.0, 0.0])
    u = ratio(GAUSSIAN, x, y, x)
    row = DriftField(GAUSSIAN, "row")(x, y, x).numpy()
    separate = DriftField(GAUSSIAN, "separate")(x, y, x).numpy()
    np.testing.assert_allclose(
        row, separate * (u / (1 + u) ** 2)[:, None], rtol=1e-9
    )
    assert np.abs(row).max() < 1e-15
    assert separate[:, 0].min() > 4.0
