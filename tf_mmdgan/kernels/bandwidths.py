"""Bandwidths of kernels that follow the data at hand."""

import tensorflow as tf

from tf_mmdgan.kernels import kernel


def median_distance(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Median distance of all pairs within and between x [n, d], y [m, d].

    The bandwidth of the median heuristic: Gretton et al. 2012, "A kernel
    two-sample test", section 8. A scalar; no gradient passes through it.
    """
    pooled = tf.stop_gradient(tf.concat([x, y], axis=0))
    return tf.sqrt(median_of_pairs(kernel.squared_distances(pooled, pooled)))


def median_of_pairs(square_matrix: tf.Tensor) -> tf.Tensor:
    """Median of the entries above the diagonal of [n, n], a scalar."""
    ones = tf.ones_like(square_matrix, tf.bool)
    above = tf.linalg.band_part(ones, 0, -1) & ~tf.linalg.band_part(ones, -1, 0)
    ordered = tf.sort(tf.boolean_mask(square_matrix, above))
    count = tf.size(ordered)
    return 0.5 * (ordered[(count - 1) // 2] + ordered[count // 2])
