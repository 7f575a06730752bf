"""Kernels against NumPy formulas, finite differences and brute force."""

import numpy as np
import pytest
import tensorflow as tf
from grams import on_pairs

from tf_mmdgan import kernels

SMOOTH = {
    "gaussian": kernels.Gaussian((0.7, 2.0)),
    "rational_quadratic": kernels.RationalQuadratic((0.3, 4.0)),
    "linear": kernels.Linear(),
    "sum": kernels.Gaussian() + 0.3 * kernels.Linear(),
    "cubic": kernels.Polynomial(),
    "square": kernels.Polynomial(2, gamma=0.4, coef0=0.0),
    "affine": kernels.Polynomial(1, gamma=0.4, coef0=2.0),
    "product": kernels.Polynomial(2) * kernels.Linear(),
    "radial_product": kernels.Gaussian() * kernels.RationalQuadratic((1.0,)),
    "mixed_sum": kernels.Linear() + 0.5 * kernels.Polynomial(2),
    "tanh": kernels.Tanh(kernels.RationalQuadratic((0.5, 1.0))),
    "rescaled_cubic": kernels.Rescaled(kernels.Polynomial(), 3.0),
    "rescaled_gaussian": kernels.Rescaled(kernels.Gaussian((0.7,)), 3.0),
    "matern": kernels.Matern(2.5, 1.7),
    "tanh_product": kernels.Tanh(kernels.Linear() * kernels.Gaussian((2.0,))),
}
ISOTROPIC = {
    "gaussian": 1 / 0.7**2 + 1 / 2.0**2,
    "rational_quadratic": 2.0,
    "linear": 1.0,
    "sum": 1.3,
    "rescaled_gaussian": 1 / 2.1**2,
    "matern": 5 / 3 / 1.7**2,
}
DISTANCE_ERROR = "not differentiable at coinciding points"


def central(function, point, step=1e-5):
    """Central difference gradient of a function, by the last axis."""
    shifts = step * np.eye(len(point))
    differences = [function(point + s) - function(point - s) for s in shifts]
    return np.array(differences) / (2 * step)


def at(kernel, u, v):
    return kernel(u[None], v[None]).numpy()[0, 0]


def test_gaussian_mixture_is_a_sum(rng):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    expected = sum(
        on_pairs(
            lambda u, v, s=s: np.exp(-np.sum((u - v) ** 2) / 2 / s**2), x, y
        )
        for s in (0.5, 3.0)
    )
    got = kernels.Gaussian((0.5, 3.0))(x, y)
    np.testing.assert_allclose(got, expected, atol=1e-10)


def test_rescaled_kernel_is_that_of_rescaled_features(rng):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    kernel = kernels.Gaussian((0.5,)) + kernels.Polynomial()
    got = kernels.Rescaled(kernel, 2.0)(x, y)
    np.testing.assert_allclose(got, kernel(x / 2.0, y / 2.0), atol=1e-12)


def test_rational_quadratic_is_the_power_and_accurate_for_large_scales():
    x, y = np.zeros((1, 1)), np.ones((1, 1))
    expected = (1 + 1 / (2 * 0.3)) ** -0.3 + (1 + 1 / (2 * 4.0)) ** -4.0
    got = kernels.RationalQuadratic((0.3, 4.0))(x, y)
    np.testing.assert_allclose(got, [[expected]], atol=1e-12)
    # The Gaussian is the limit; the plain power in float32 is off by 0.1.
    limit = kernels.RationalQuadratic((1e8,))(np.float32(x), np.float32(y))
    np.testing.assert_allclose(limit, [[np.exp(-0.5)]], rtol=1e-6)


def test_distance_is_half_of_the_published_code_without_its_epsilon(rng):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    norm = np.linalg.norm
    published = on_pairs(lambda u, v: norm(u) + norm(v) - norm(u - v), x, y)
    np.testing.assert_allclose(
        (2 * kernels.Distance())(x, y), published, atol=1e-10
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distance_is_exact_with_finite_gradients_where_points_repeat(dtype):
    x = tf.constant([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0], [0.0, 0.0]], dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        gram = kernels.Distance()(x, x)
    far = np.array([0.0, 1.0, 1.0, 0.0])
    np.testing.assert_array_equal(gram, 5.0 * np.outer(far, far))
    # By the rule that a root has gradient 0 at 0: row [3, 4] has norm terms
    # 2 * 4 / 2 in both arguments and root terms -2 / 2 from two far points.
    direction = np.array([0.6, 0.8])
    expected = np.outer(far, (4 - 2) * direction)
    # Rows at the origin have no norm term; the far points pull them.
    expected += np.outer(1 - far, 2 * direction)
    np.testing.assert_allclose(tape.gradient(gram, x), expected, rtol=1e-5)


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_polynomial_has_gamma_one_over_width_by_default(rng, degree):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    expected = (x @ y.T / 3 + 1) ** degree
    got = kernels.Polynomial(degree)(x, y)
    np.testing.assert_allclose(got, expected, atol=1e-10)
    got = kernels.Polynomial(degree, gamma=2.0, coef0=0.5)(x, y)
    np.testing.assert_allclose(got, (2 * x @ y.T + 0.5) ** degree, rtol=1e-10)


def test_algebra_combines_values(rng):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    one, two = kernels.Gaussian(), kernels.Linear()
    combined = 2 * (one + 0.5 * two) * two * np.float32(3.0)
    expected = 6 * (one(x, y) + 0.5 * two(x, y)) * two(x, y)
    np.testing.assert_allclose(combined(x, y), expected, atol=1e-10)
    np.testing.assert_allclose(
        combined.diagonal(x), np.diag(combined(x, x)), atol=1e-10
    )


def test_kernels_are_values():
    assert kernels.Gaussian([1, 2]) == kernels.Gaussian((1.0, 2.0))
    assert hash(kernels.Gaussian([1, 2])) == hash(kernels.Gaussian((1.0, 2.0)))
    assert 0.1 * kernels.Linear() == kernels.Linear() * 0.1
    assert kernels.Polynomial(2) != kernels.Polynomial(3)


@pytest.mark.parametrize(
    ("x_type", "y_type", "expected"),
    [
        ("float16", "float16", "float32"),
        ("bfloat16", "float16", "float32"),
        ("int32", "float32", "float32"),
        ("int64", "float32", "float64"),
        ("float64", "float32", "float64"),
        ("float64", "float64", "float64"),
    ],
)
def test_arithmetic_is_float32_at_least(rng, x_type, y_type, expected):
    x = tf.cast(rng.normal(size=(4, 3)) * 9, x_type)
    y = tf.cast(rng.normal(size=(5, 3)) * 9, y_type)
    got = kernels.Polynomial(2)(x, y)
    exact = tf.cast(x, "float64") @ tf.transpose(tf.cast(y, "float64"))
    assert got.dtype == expected
    np.testing.assert_allclose(got, (exact / 3 + 1) ** 2, rtol=1e-4)


@pytest.mark.parametrize("kernel", SMOOTH.values(), ids=SMOOTH)
def test_derivatives_agree_with_finite_differences(rng, kernel):
    features = rng.normal(size=(3, 4)) * 0.8
    gradients = kernel.gradient(features)
    hessians = kernel.mixed_hessian(features)
    for f, gradient, hessian in zip(features, gradients, hessians, strict=True):
        expected = central(lambda u, f=f: at(kernel, u, f), f)
        np.testing.assert_allclose(gradient, expected, atol=1e-8)
        expected = central(
            lambda u, f=f: central(lambda v: at(kernel, u, v), f, 1e-3), f, 1e-3
        )
        np.testing.assert_allclose(hessian, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("kernel", SMOOTH.values(), ids=SMOOTH)
def test_derivative_trace_is_that_of_the_pixel_space(rng, kernel):
    """Brute force: two arguments, differentiated through a nonlinear map."""
    weights = rng.normal(size=(5, 3)) * 0.5
    images = tf.constant(rng.normal(size=(4, 5)))

    def critic(pixels):
        return tf.sin(pixels @ weights) + 0.3

    def by_left(shift):
        with tf.GradientTape() as tape:
            tape.watch(images)
            features = critic(images)
            other = critic(tf.stop_gradient(images) + shift)
            values = tf.linalg.diag_part(kernel(features, other))
        return tape.gradient(values, images).numpy()

    crossed = np.zeros(4)
    for pixel, shift in enumerate(1e-5 * np.eye(5)):
        crossed += (by_left(shift) - by_left(-shift))[:, pixel] / 2e-5

    features = critic(images)
    jacobian = np.cos(images @ weights)[:, :, None] * weights.T
    squares = jacobian @ jacobian.swapaxes(1, 2)
    got = kernel.derivative_trace(features, squares)
    np.testing.assert_allclose(got, crossed, atol=1e-8)
    if kernel.derivative_constant is not None:
        got = kernel.derivative_trace(features, np.sum(jacobian**2, (1, 2)))
        np.testing.assert_allclose(got, crossed, atol=1e-8)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivative_constant_belongs_to_isotropic_kernels(rng, name):
    kernel = SMOOTH[name]
    if name in ISOTROPIC:
        assert kernel.derivative_constant == pytest.approx(ISOTROPIC[name])
    else:
        assert kernel.derivative_constant is None
        with pytest.raises(ValueError, match="not a multiple of the identity"):
            kernel.derivative_trace(rng.normal(size=(4, 3)), np.ones(4))


@pytest.mark.parametrize(
    "kernel",
    [
        kernels.Distance(),
        kernels.Tanh(kernels.Distance()),
        kernels.Linear() + 0.1 * kernels.Distance(),
        kernels.Distance() * kernels.Linear(),
        kernels.LaplaceL1(),
        kernels.Laplace(),
        kernels.Matern(0.5),
        kernels.Rescaled(kernels.Distance(), 2.0),
    ],
    ids=str,
)
def test_kernels_with_a_kink_refuse_derivatives(rng, kernel):
    features = rng.normal(size=(4, 3))
    for squares in (np.ones(4), np.ones((4, 3, 3))):
        with pytest.raises(ValueError, match=DISTANCE_ERROR):
            kernel.derivative_trace(features, squares)
    with pytest.raises(ValueError, match=DISTANCE_ERROR):
        kernel.gradient(features)
    with pytest.raises(ValueError, match=DISTANCE_ERROR):
        kernel.mixed_hessian(features)


@pytest.mark.parametrize(
    "shape", [(5,), (4, 3), (4, 2, 2), (5, 3, 3), (), (4, 1)]
)
def test_jacobian_squares_must_fit_the_features(shape):
    with pytest.raises(ValueError, match="jacobian_squares"):
        kernels.Linear().derivative_trace(np.ones((4, 3)), np.ones(shape))


def test_features_are_checked_at_the_door():
    kernel = kernels.Gaussian()
    with pytest.raises(ValueError, match=r"must be \[n, d\]"):
        kernel(np.ones(3), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"must be \[n, d\]"):
        kernel(np.ones((2, 3)), np.ones((2, 3, 1)))
    with pytest.raises(ValueError, match="equal widths"):
        kernel(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(ValueError, match="equal widths"):
        kernels.squared_distances(np.ones((2, 3)), np.ones((2, 1)))
    for method in (kernel.diagonal, kernel.gradient, kernel.mixed_hessian):
        with pytest.raises(ValueError, match=r"must be \[n, d\]"):
            method(np.ones(3))


@pytest.mark.parametrize(
    "make",
    [
        lambda: kernels.Gaussian(()),
        lambda: kernels.Gaussian((1.0, 0.0)),
        lambda: kernels.Gaussian((float("nan"),)),
        lambda: kernels.RationalQuadratic(()),
        lambda: kernels.RationalQuadratic((-1.0,)),
        lambda: kernels.Polynomial(0),
        lambda: kernels.Polynomial(2.5),
        lambda: kernels.Polynomial(gamma=0.0),
        lambda: kernels.Polynomial(coef0=-1.0),
        lambda: kernels.LaplaceL1(0.0),
        lambda: kernels.Laplace(-1.0),
        lambda: kernels.Matern(1.0),
        lambda: kernels.Matern(-0.5),
        lambda: kernels.Matern(scale=0.0),
        lambda: kernels.Rescaled(kernels.Linear(), -1.0),
        lambda: -0.1 * kernels.Linear(),
        lambda: float("inf") * kernels.Linear(),
    ],
)
def test_fields_out_of_range_cannot_be_built(make):
    with pytest.raises(ValueError, match="need"):
        make()


def test_only_kernels_and_numbers_combine():
    with pytest.raises(TypeError):
        kernels.Linear() + 1.0
    with pytest.raises(TypeError):
        kernels.Linear() * "2"


def test_one_parameter_needs_no_tuple():
    assert kernels.Gaussian(2.0) == kernels.Gaussian((2.0,))
    assert kernels.RationalQuadratic(2) == kernels.RationalQuadratic([2.0])


def test_sums_quotients_and_scalars_of_any_kind(rng):
    x = rng.normal(size=(4, 3))
    one, two = kernels.Gaussian(), kernels.Linear()
    assert sum([one, two]) == one + two
    assert one / 2 == 0.5 * one
    for half in (np.float32(0.5), np.array(0.5), tf.constant(0.5)):
        assert one * half == 0.5 * one
    np.testing.assert_array_equal((half * one)(x, x), (0.5 * one)(x, x))
    with pytest.raises(TypeError):
        1 + one
    with pytest.raises(ValueError, match="as many of both"):
        kernels.Sum((one, two), (1.0,))
    for wrong in (
        lambda: kernels.Tanh(3),
        lambda: kernels.Rescaled(3, 1.0),
        lambda: kernels.Product(one, 3),
    ):
        with pytest.raises(ValueError, match="3 is no kernel"):
            wrong()
