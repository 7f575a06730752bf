"""Bandwidths of kernels that follow the data at hand."""

import tensorflow as tf

from tf_mmdgan.kernels import rows


def median_distance(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Median distance of all pairs within and between x [n, d], y [m, d].

    The bandwidth of the median heuristic: Gretton et al. 2012, "A kernel
    two-sample test", section 8. A scalar > 0; no gradient passes through it.
    Pairs of equal rows do not count; where all rows are equal, it is 1.
    """
    pooled = tf.stop_gradient(tf.concat([x, y], axis=0))
    return tf.sqrt(median_of_pairs(rows.squared_distances(pooled, pooled)))


def median_of_pairs(square_matrix: tf.Tensor) -> tf.Tensor:
    """Median of the positive entries above the diagonal of [n, n], a scalar.

    Where none is positive it is 1, since a bandwidth cannot be 0.
    """
    ones = tf.ones_like(square_matrix, tf.bool)
    above = tf.linalg.band_part(ones, 0, -1) & ~tf.linalg.band_part(ones, -1, 0)
    ordered = tf.sort(tf.boolean_mask(square_matrix, above))
    zeros = tf.reduce_sum(tf.cast(ordered <= 0.0, tf.int32))
    count = tf.size(ordered) - zeros
    # A 1 behind the others, which is taken where there is no other.
    ordered = tf.concat([ordered, tf.ones([1], ordered.dtype)], axis=0)
    middle = zeros + tf.maximum(count - 1, 0) // 2, zeros + count // 2
    return 0.5 * (ordered[middle[0]] + ordered[middle[1]])
