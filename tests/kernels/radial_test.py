"""Radial kernels: Matern's family, logarithms, companions."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import tensorflow as tf

from tf_mmdgan import kernels

RADIAL = [
    kernels.Gaussian(0.7),
    kernels.Gaussian((0.7, 2.0)),
    kernels.RationalQuadratic(),
    kernels.Laplace(0.6),
    *(kernels.Matern(s, 0.8) for s in (0.5, 1.5, 2.5, 3.5)),
]
WITH_COMPANION = [k for k in RADIAL if len(getattr(k, "scales", ())) < 2]
WITH_COMPANION.remove(RADIAL[1])


@pytest.mark.parametrize("smoothness", [0.5, 1.5, 2.5, 3.5])
def test_matern_is_the_formula_with_a_bessel_function(smoothness):
    distances = np.linspace(0.01, 5.0, 40)
    u = np.sqrt(2 * smoothness) * distances / 0.8
    expected = 2 ** (1 - smoothness) / scipy.special.gamma(smoothness)
    expected *= u**smoothness * scipy.special.kv(smoothness, u)
    found = kernels.Matern(smoothness, 0.8).of_squares(distances**2)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_matern_of_smoothness_one_half_is_laplace(rng):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(4, 3))
    np.testing.assert_allclose(
        kernels.Laplace(0.6)(x, y), kernels.Matern(0.5, 0.6)(x, y), rtol=1e-12
    )


@pytest.mark.parametrize("kernel", RADIAL, ids=str)
def test_logarithms_are_those_of_the_values(kernel):
    squares = np.linspace(0.0, 9.0, 30)
    np.testing.assert_allclose(
        kernel.log_of_squares(squares),
        np.log(kernel.of_squares(squares)),
        atol=1e-12,
    )


@pytest.mark.parametrize(
    "kernel", [kernels.Gaussian(0.1), kernels.Laplace(0.02), kernels.Matern()]
)
def test_logarithms_do_not_underflow(kernel):
    far = tf.constant([1e6], tf.float32)
    assert float(kernel.of_squares(far)[0]) == 0.0
    assert -1e9 < float(kernel.log_of_squares(far)[0]) < -100.0


@pytest.mark.parametrize("kernel", WITH_COMPANION, ids=str)
@pytest.mark.parametrize("distance", [0.0, 0.3, 2.0])
def test_companion_is_the_integral_of_the_kernel(kernel, distance):
    factor, companion = kernel.companion
    expected, _ = scipy.integrate.quad(
        lambda s: s * float(kernel.of_squares(np.float64(s * s))),
        distance,
        math.inf,
    )
    found = factor * companion.of_squares(np.float64(distance**2))
    np.testing.assert_allclose(found, expected, rtol=1e-7)


@pytest.mark.parametrize("kernel", RADIAL[1:3], ids=str)
def test_companions_of_mixtures_are_not_known(kernel):
    with pytest.raises(ValueError, match="no companion kernel is known"):
        _ = kernel.companion


@pytest.mark.parametrize("smoothness", [1.5, 2.5, 3.5])
def test_slopes_are_right_at_distance_zero_too(smoothness):
    """There the chain rule through the distance has 0 / 0."""
    kernel = kernels.Matern(smoothness, 0.8)
    squares = tf.constant([0.0, 1e-8, 0.5, 4.0], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch(squares)
        with tf.GradientTape() as inner:
            inner.watch(squares)
            values = kernel.of_squares(squares)
        slopes = inner.gradient(values, squares)
    curvatures = outer.gradient(slopes, squares)
    assert float(slopes[0]) == pytest.approx(-kernel.derivative_constant / 2)
    for found, function in (
        (slopes, kernel.of_squares),
        (curvatures, lambda s: slopes_at(kernel, s)),
    ):
        step = 1e-5
        ahead, behind = function(squares + step), function(squares - step)
        expected = (ahead - behind) / (2 * step)
        np.testing.assert_allclose(found[2:], expected[2:], rtol=1e-6)


def slopes_at(kernel, squares):
    with tf.GradientTape() as tape:
        tape.watch(squares)
        values = kernel.of_squares(squares)
    return tape.gradient(values, squares)


@pytest.mark.parametrize("given", [tf.constant(2.0), np.array(2.0), 2])
def test_a_bandwidth_may_be_a_tensor_of_one_number(given):
    assert kernels.Gaussian(given) == kernels.Gaussian((2.0,))


@pytest.mark.parametrize("given", ["2", None, float("nan")])
def test_a_scale_is_a_number(given):
    with pytest.raises(ValueError, match=r"scale=.*need a number > 0"):
        kernels.Rescaled(kernels.Gaussian(), given)
