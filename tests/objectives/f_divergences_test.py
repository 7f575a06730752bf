"""Every f-divergence against integrals, suprema and finite differences."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, special

from tf_mmdgan.objectives import f_divergences
from tf_mmdgan.objectives.f_divergences import DIVERGENCES

ROWS = DIVERGENCES | {
    "alpha_-1": f_divergences.AlphaDivergence(-1.0),
    "alpha_0.9": f_divergences.AlphaDivergence(0.9),
    "alpha_1.5": f_divergences.AlphaDivergence(1.5),
    "alpha_3": f_divergences.AlphaDivergence(3.0),
    "weighted_0.8": f_divergences.JensenDivergence(0.8),
}
every_row = pytest.mark.parametrize("name", ROWS)

MEAN, SCALE = 1.0, 1.3
GRID = np.linspace(-25.0, 35.0, 120_001)
RATIOS = np.geomspace(1e-3, 1e3, 61)
CRITICS = np.linspace(-8.0, 8.0, 65)


def log_p(x):
    return -(x**2) / 2 - np.log(2 * np.pi) / 2


def log_q(x, scale=SCALE):
    return log_p((x - MEAN) / scale) - np.log(scale)


def of_alpha(a):
    def integrand(p, q):
        # The two densities stand for their integrals, 1 each.
        power = np.exp(a * np.log(p) + (1 - a) * np.log(q))
        return (power - a * p - (1 - a) * q) / (a * (a - 1))

    return integrand


def of_weight(w):
    def integrand(p, q):
        m = w * p + (1 - w) * q
        return w * p * np.log(p / m) + (1 - w) * q * np.log(q / m)

    return integrand


# int INTEGRANDS[name](p, q) dx, from the definitions of the divergences.
INTEGRANDS = {
    "kl": lambda p, q: p * np.log(p / q),
    "reverse_kl": lambda p, q: q * np.log(q / p),
    "pearson": lambda p, q: (p - q) ** 2 / q,
    "neyman": lambda p, q: (q - p) ** 2 / p,
    "squared_hellinger": lambda p, q: (np.sqrt(p) - np.sqrt(q)) ** 2,
    "jeffrey": lambda p, q: (p - q) * np.log(p / q),
    "jensen_shannon": lambda p, q: 2 * of_weight(0.5)(p, q),
    "gan": lambda p, q: p * np.log(p / (p + q)) + q * np.log(q / (p + q)),
    "total_variation": lambda p, q: np.abs(p - q) / 2,
    "alpha_0.5": of_alpha(0.5),
    "alpha_2": of_alpha(2.0),
    "alpha_-1": of_alpha(-1.0),
    "alpha_0.9": of_alpha(0.9),
    "alpha_1.5": of_alpha(1.5),
    "alpha_3": of_alpha(3.0),
    "jensen_weighted": of_weight(0.25),
    "weighted_0.8": of_weight(0.8),
}


def divergence(name):
    """The divergence of N(0, 1) from N(1, 1.3**2), by adaptive quadrature."""

    def integrand(x):
        return INTEGRANDS[name](np.exp(log_p(x)), np.exp(log_q(x)))

    # |p - q| has kinks where the densities cross.
    crossings = np.roots(
        [SCALE**2 - 1, 2 * MEAN, -(MEAN**2) - 2 * SCALE**2 * np.log(SCALE)]
    )
    value, error = integrate.quad(
        integrand, -25, 35, points=np.sort(crossings), limit=500
    )
    assert error < 1e-6
    return value


def mean_q(values, scale=SCALE):
    return integrate.trapezoid(np.exp(log_q(GRID, scale)) * values, GRID)


def mean_p(values):
    return integrate.trapezoid(np.exp(log_p(GRID)) * values, GRID)


def numpy(formula, x, dtype="float64"):
    """A formula's values at an array, of the array's type and shape."""
    values = formula(tf.constant(x, dtype))
    assert values.dtype == dtype and values.shape == np.shape(x)
    return values.numpy()


def by_tape(formula, v):
    """A formula's values and their derivative; finite, both."""
    with tf.GradientTape() as tape:
        tape.watch(v)
        values = formula(v)
    slopes = tape.gradient(values, v, unconnected_gradients="zero")
    assert np.all(np.isfinite(values)) and np.all(np.isfinite(slopes))
    return values, slopes


def slope(formula, x, h=1e-5):
    return (formula(x + h) - formula(x - h)) / (2 * h)


def second_slope(formula, x, h=1e-3):
    near = 16 * (formula(x + h) + formula(x - h))
    far = formula(x + 2 * h) + formula(x - 2 * h)
    return (near - far - 30 * formula(x)) / (12 * h**2)


def kink(name):
    """The t = f'(0) below which f* is constant, if it is."""
    alpha = {"alpha_1.5": 1.5, "alpha_2": 2.0, "alpha_3": 3.0}.get(name)
    return -1 / (alpha - 1) if alpha else -np.inf


def interior(row, size=41):
    """Points of the conjugate's domain, some close to its ends."""
    t = numpy(row.output, np.linspace(-4.0, 4.0, size))
    assert np.all((t > row.domain[0]) & (t < row.domain[1]))
    return t


def test_every_row_has_an_integral():
    assert INTEGRANDS.keys() == ROWS.keys()


@every_row
def test_divergence_of_two_gaussians(name):
    ratio = np.exp(log_p(GRID) - log_q(GRID))
    values = numpy(ROWS[name].generator, np.maximum(ratio, 1e-300))
    np.testing.assert_allclose(mean_q(values), divergence(name), rtol=1e-6)


def test_values_of_the_two_rows_that_the_paper_misprints():
    np.testing.assert_allclose(divergence("pearson"), 0.6675, atol=5e-5)
    np.testing.assert_allclose(divergence("neyman"), 33.78, atol=5e-3)
    np.testing.assert_allclose(divergence("jensen_shannon"), 0.1927, atol=5e-5)


@every_row
def test_generator_is_convex_and_zero_at_one(name):
    row = ROWS[name]
    expected = -2 * np.log(2) if name == "gan" else 0.0
    np.testing.assert_allclose(
        numpy(row.generator, [1.0]), [expected], atol=1e-12
    )
    values = numpy(row.generator, RATIOS)
    slopes = np.diff(values) / np.diff(RATIOS)
    scale = np.abs(slopes).max()
    assert np.all(np.diff(slopes) >= -1e-12 * scale)
    assert np.ptp(slopes) > 0.1


@every_row
def test_generator_in_float32(name):
    u = np.float32([1e-6, 1e-3, 0.5, 1.0, 2.0, 1e3, 1e6])
    for formula in (ROWS[name].generator, ROWS[name].derivative):
        got, exact = numpy(formula, u, "float32"), numpy(formula, u)
        np.testing.assert_allclose(got, exact, rtol=2e-6, atol=2e-6)


@every_row
def test_derivative_and_threshold(name):
    row = ROWS[name]
    u = RATIOS[np.abs(RATIOS - 1.0) > 1e-3]
    h = 1e-5 * u
    expected = numpy(row.generator, u + h) - numpy(row.generator, u - h)
    got = numpy(row.derivative, u)
    np.testing.assert_allclose(got, expected / (2 * h), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        numpy(row.derivative, [1.0]), [row.threshold], atol=1e-15
    )


@every_row
def test_conjugate_is_the_supremum(name):
    row = ROWS[name]
    t = interior(row)
    if name == "pearson":  # of u > 0 only from f'(0) on
        t = t[t >= -2.0]
    if name == "alpha_0.9":  # the largest u here is 1e27
        t = t[numpy(row.conjugate, t) < 1e6]
    u = np.geomspace(1e-9, 1e9, 400_001)
    f = numpy(row.generator, u)
    expected = [np.max(u * point - f) for point in t]
    got = numpy(row.conjugate, t)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


@every_row
def test_biconjugate_is_the_generator(name):
    row = ROWS[name]
    u = np.geomspace(0.1, 5.0, 15)
    v = np.linspace(-60.0, 60.0, 400_001)
    t, conjugate = numpy(row.output, v), numpy(row.conjugate_of_output, v)
    got = [np.max(x * t - conjugate) for x in u]
    expected = numpy(row.generator, u)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)


@every_row
def test_young_equality(name):
    row = ROWS[name]
    slopes = numpy(row.derivative, RATIOS)
    expected = RATIOS * slopes - numpy(row.generator, RATIOS)
    got = numpy(row.conjugate, slopes)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@every_row
def test_bound_is_tight_at_the_derivative_and_below_elsewhere(name):
    row, d = ROWS[name], divergence(name)
    x = GRID[(GRID > -12) & (GRID < 20)]
    weight_p, weight_q = np.exp(log_p(x)), np.exp(log_q(x))
    best = numpy(row.derivative, weight_p / weight_q)

    def bound(t):
        f_star = numpy(row.conjugate, t)
        return integrate.trapezoid(weight_p * t - weight_q * f_star, x)

    np.testing.assert_allclose(bound(best), d, rtol=1e-4)
    for v in (0.3 * np.sin(x), 0.5 - x, np.tanh(x)):
        assert bound(numpy(row.output, v)) < bound(best) - 1e-3


@every_row
def test_output_increases_onto_the_domain(name):
    row = ROWS[name]
    t = numpy(row.output, np.linspace(-15.0, 15.0, 301))
    assert np.all(np.diff(t) > 0)
    for end, got in zip(row.domain, (t[0], t[-1]), strict=True):
        reached = abs(got) > 3 if np.isinf(end) else abs(end - got) < 1e-5
        assert reached, (end, got)


@every_row
def test_composition_is_the_conjugate_of_the_output(name):
    row = ROWS[name]
    expected = numpy(row.conjugate, numpy(row.output, CRITICS))
    got = numpy(row.conjugate_of_output, CRITICS)
    assert np.all(np.isfinite(expected))
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@every_row
def test_curvature_is_that_of_the_conjugate(name):
    row = ROWS[name]
    v = np.linspace(-2.4, 2.4, 25)
    v = v[np.abs(v - kink(name)) > 0.05]
    t = numpy(row.output, v)
    second = second_slope(lambda x: numpy(row.conjugate, x), t)
    first = slope(lambda x: numpy(row.output, x), v)
    got = numpy(row.curvature, v)
    assert np.all(got >= 0.0)
    np.testing.assert_allclose(got, second * first**2, rtol=1e-4, atol=1e-6)


@every_row
def test_gradients_of_what_a_critic_trains_on(name):
    row = ROWS[name]
    v = np.linspace(-3.0, 3.0, 42)
    v = v[np.abs(v - kink(name)) > 0.05]
    for method in ("output", "conjugate_of_output", "curvature"):
        formula = getattr(row, method)
        _, got = by_tape(formula, tf.constant(v))
        expected = slope(lambda x, f=formula: numpy(f, x), v)
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@every_row
@pytest.mark.parametrize(
    "method", ["output", "conjugate_of_output", "curvature"]
)
def test_extreme_critics_in_float32(name, method):
    v = np.array([-50.0, -20.0, -1.0, 0.0, 20.0, 50.0], np.float32)
    if name == "alpha_0.9":  # f*(g(v)) is of order exp(9 v) 1e9
        v = v[v <= 0.0]
    formula = getattr(ROWS[name], method)
    values, slopes = by_tape(formula, tf.constant(v))
    exact, exact_slopes = by_tape(formula, tf.constant(v, "float64"))
    np.testing.assert_allclose(values, exact, rtol=3e-5)
    np.testing.assert_allclose(slopes, exact_slopes, rtol=3e-5, atol=1e-8)


def test_gan_row_is_the_cross_entropy_of_the_sigmoid():
    row = DIVERGENCES["gan"]
    discriminator = special.expit(CRITICS)
    np.testing.assert_allclose(
        numpy(row.output, CRITICS), np.log(discriminator), atol=1e-12
    )
    np.testing.assert_allclose(
        -numpy(row.conjugate_of_output, CRITICS),
        np.log(1 - discriminator),
        atol=1e-12,
    )


def test_instance_noise_weight_of_the_gan():
    """The two forms of Omega, Roth et al. 2017, agree at the optimal v."""
    v = log_p(GRID) - log_q(GRID, scale=1.2)
    squares = (-GRID + (GRID - MEAN) / 1.2**2) ** 2
    d = special.expit(v)
    two_sided = mean_p((1 - d) ** 2 * squares) + mean_q(d**2 * squares, 1.2)
    weight = numpy(DIVERGENCES["gan"].curvature, v)
    np.testing.assert_allclose(mean_q(weight * squares, 1.2), two_sided)
    np.testing.assert_allclose(two_sided, 0.30707, atol=5e-6)


@pytest.mark.parametrize(
    "name, multiple, of",
    [
        ("squared_hellinger", 0.5, "alpha_0.5"),
        ("neyman", 2.0, "alpha_-1"),
        ("pearson", 2.0, "alpha_2"),
    ],
)
def test_alpha_divergences_include_others(name, multiple, of):
    got = numpy(ROWS[of].generator, RATIOS)
    expected = numpy(ROWS[name].generator, RATIOS)
    np.testing.assert_allclose(multiple * got, expected, rtol=1e-9, atol=1e-12)


def test_even_weights_are_half_of_jensen_shannon():
    half = f_divergences.JensenDivergence(0.5)
    whole = DIVERGENCES["jensen_shannon"]
    for method in ("output", "conjugate_of_output", "curvature"):
        np.testing.assert_allclose(
            2 * numpy(getattr(half, method), CRITICS),
            numpy(getattr(whole, method), CRITICS),
            atol=1e-12,
        )
