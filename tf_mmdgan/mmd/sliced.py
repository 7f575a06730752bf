"""The energy distance by projections on lines, where sorting replaces pairs.

Hertrich, Wald, Altekrueger and Hagemann 2024, "Generative sliced MMD flows with
Riesz kernels", https://arxiv.org/abs/2305.11463.
"""

import math

import tensorflow as tf

from tf_mmdgan.kernels import as_matrices
from tf_mmdgan.mmd.estimators import size


def sliced_energy(
    x: tf.Tensor, y: tf.Tensor, directions: tf.Tensor
) -> tf.Tensor:
    """An unbiased estimate of the energy distance, in O(k n (d + log n)).

    2 E||x - y|| - E||x - x'|| - E||y - y'||, which is MMD^2 of the kernel
    -||u - v||, of `KERNELS["energy"]` too. In one dimension the sum of
    distances of all pairs is a weighted sum of the sorted points. A distance in
    d dimensions is the mean of its projections on random directions, times

    sqrt(pi) Gamma((d + 1) / 2) / Gamma(d / 2)

        >>> x, y = [[0.0], [0.0]], [[3.0], [3.0]]
        >>> float(tm.sliced_energy(x, y, directions=[[1.0]]))
        6.0

    Args:
      x: [n, d].
      y: [m, d].
      directions: [k, d], of any length; normal numbers are uniform in
        direction. On zeros, which have no direction, the distance is 0: of one
        dimension, TensorFlow draws one in 2^24.

    Returns:
      A scalar, which may be negative. Its expectation over directions is
      `mmd2_unbiased` of the energy kernel.

    Raises:
      ValueError: for features that are no matrices of one width, and for
        fewer than 2 rows.
    """
    x, y, directions = as_matrices(x, y, directions)
    pooled = tf.concat([x, y], axis=0)
    # The distance does not depend on the origin, but its rounding does.
    pooled -= tf.stop_gradient(tf.reduce_mean(pooled, axis=0))
    norms = tf.norm(directions, axis=1, keepdims=True)
    unit = tf.math.divide_no_nan(directions, norms)
    lines = tf.matmul(unit, pooled, transpose_b=True)
    order = tf.argsort(lines, axis=1)
    ordered = tf.gather(lines, order, batch_dims=1)
    of_x = tf.cast(order < tf.shape(x)[0], lines.dtype)
    n, m = (tf.cast(size(rows, 2), lines.dtype) for rows in (x, y))
    energies = tf.reduce_sum(_pair_weights(of_x, n, m) * ordered, axis=1)
    return _dimension_factor(x.shape[1]) * tf.reduce_mean(energies)


def _pair_weights(of_x: tf.Tensor, n: tf.Tensor, m: tf.Tensor) -> tf.Tensor:
    """Weights of sorted points, whose sum is the energy distance: [k, n + m].

    sum_ij |z_i - z_j| = sum_i 2 (2 i - N - 1) z_i of N sorted z, i from 1; the
    sum between x and y is half of what the pooled sum has more than theirs.
    """
    of_y = 1.0 - of_x
    within_x = of_x * _ranked(tf.cumsum(of_x, axis=1), n)
    within_y = of_y * _ranked(tf.cumsum(of_y, axis=1), m)
    pooled = _ranked(tf.cumsum(tf.ones_like(of_x), axis=1), n + m)
    between = (pooled - within_x - within_y) / (n * m)
    return between - within_x / (n * (n - 1.0)) - within_y / (m * (m - 1.0))


def _ranked(ranks: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    return 2.0 * (2.0 * ranks - count - 1.0)


def _dimension_factor(width: int) -> float:
    logs = math.lgamma(0.5 * (width + 1)) - math.lgamma(0.5 * width)
    return math.sqrt(math.pi) * math.exp(logs)
