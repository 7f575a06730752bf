"""Kernels at the limits of a type.

Bandwidths may be too small for a type, and half precision is none to compute
in.
"""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd

TINY = {
    "gaussian": kernels.Gaussian((1e-20,)),
    "rq": kernels.RationalQuadratic((1e-40,)),
    "laplace": kernels.LaplaceL1(1e-40),
    "rescaled": kernels.Rescaled(kernels.LaplaceL1(), 1e-40),
}


@pytest.mark.parametrize("kernel", TINY.values(), ids=TINY)
def test_bandwidths_below_the_type_leave_the_diagonal_finite(rng, kernel):
    x = tf.constant(rng.normal(size=(4, 2)), tf.float32)
    for points in (x, tf.cast(x, tf.float64)):
        diagonal = tf.linalg.diag_part(kernel(points, points))
        np.testing.assert_allclose(diagonal, np.ones(4), rtol=1e-6)


@pytest.mark.parametrize("make", [kernels.Gaussian, kernels.LaplaceL1])
@pytest.mark.parametrize("width", [1e-200, 1e200])
def test_bandwidths_without_a_square_are_refused(make, width):
    with pytest.raises(ValueError, match="square"):
        make(width)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
@pytest.mark.parametrize("name", kernels.KERNELS)
def test_half_precision_is_widened(rng, name, dtype):
    kernel = kernels.KERNELS[name]
    x, y = (tf.cast(rng.normal(size=(4, 3)), dtype) for _ in range(2))
    wide = [tf.cast(rows, tf.float32) for rows in (x, y)]
    for half, right in (
        (kernel(x, y), kernel(*wide)),
        (kernel.diagonal(x), kernel.diagonal(wide[0])),
        (kernel.of_pairs(x, y), kernel.of_pairs(*wide)),
        (mmd.witness(kernel, x, x, y), mmd.witness(kernel, wide[0], *wide)),
    ):
        assert half.dtype == tf.float32
        np.testing.assert_array_equal(half, right)


@pytest.mark.parametrize(
    ("make", "most"), [(kernels.Polynomial, 1000), (kernels.Matern, 85.5)]
)
def test_kernels_of_many_operations_have_bounds(make, most):
    values = make(most)(np.zeros((2, 1)), np.zeros((2, 1)))
    np.testing.assert_array_equal(values, np.ones((2, 2)))
    for more in (most + 1, most + 10**9):
        with pytest.raises(ValueError, match=f"=.*{most:,}"):
            make(more)
