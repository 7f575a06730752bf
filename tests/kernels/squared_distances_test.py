import numpy as np
import pytest
import tensorflow as tf
from grams import on_pairs

from tf_mmdgan import kernels


def test_squared_distances_are_those_of_the_differences(rng):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(6, 3))
    expected = on_pairs(lambda u, v: np.sum((u - v) ** 2), x, y)
    np.testing.assert_allclose(
        kernels.squared_distances(x, y), expected, atol=1e-10
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [1, 3, 500])
def test_coinciding_points_have_distance_and_gradient_zero(rng, dtype, width):
    eps = np.finfo(dtype).eps
    x = tf.constant(rng.normal(size=(30, width)) + 5.0, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        squares = tf.linalg.diag_part(kernels.squared_distances(x, x))
        total = tf.reduce_sum(squares)
    np.testing.assert_array_equal(squares, np.zeros(30))
    # Up to the rounding of features of about 5.
    np.testing.assert_allclose(
        tape.gradient(total, x), np.zeros(x.shape), atol=50 * eps
    )


def test_float32_distances_do_not_suffer_from_a_common_offset(rng):
    x = rng.normal(size=(20, 4))
    shifted = np.float32(x + 1000.0)
    exact = on_pairs(lambda u, v: np.sum((u - v) ** 2), *[shifted * 1.0] * 2)
    got = kernels.squared_distances(shifted, shifted)
    np.testing.assert_allclose(got, exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_second_derivatives_hold_at_coinciding_points(rng, dtype):
    x = tf.constant(rng.normal(size=(3, 2)), dtype)
    y = tf.identity(x)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(y)
        with tf.GradientTape() as inner:
            inner.watch(x)
            squares = tf.linalg.diag_part(kernels.squared_distances(x, y))
        by_x = inner.gradient(squares, x)
        parts = tf.unstack(by_x, axis=1)
    crossed = [outer.gradient(part, y) for part in parts]
    for axis in range(2):
        expected = np.tile(-2.0 * np.eye(2)[axis], (3, 1))
        np.testing.assert_allclose(crossed[axis], expected, atol=1e-6)


def test_nan_features_stay_visible():
    x = np.array([[0.0, np.nan], [1.0, 1.0]])
    for kernel in (kernels.Gaussian(), kernels.Distance()):
        assert np.isnan(kernel(x, x)[0, 0])
