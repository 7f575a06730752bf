"""Orthonormal rows: turned, completed, normalised."""

import tensorflow as tf


def longest(rows: tf.Tensor) -> tf.Tensor:
    """Turns rows [k, ...] among themselves: orthogonal, the longest first."""
    flat = tf.reshape(rows, [rows.shape[0], -1])
    gram = tf.matmul(flat, flat, transpose_b=True)
    # For NaN, `eigh` would raise an error where training reports it.
    gram = tf.where(tf.math.is_finite(gram), gram, 0.0)
    turn = tf.reverse(tf.linalg.eigh(gram)[1], [1])
    return tf.reshape(tf.matmul(turn, flat, transpose_a=True), rows.shape)


def complement(rows: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Orthonormal rows that span, with `rows`, all of both, in their order."""
    both = tf.concat([rows, others], 0)
    flat = tf.reshape(both, [both.shape[0], -1])
    # XLA loses orthogonality where rows dwindle, as powers at low rank do.
    flat = tf.math.l2_normalize(flat, axis=1, epsilon=1e-30)
    columns = tf.linalg.qr(tf.transpose(flat))[0][:, rows.shape[0] :]
    return tf.reshape(tf.transpose(columns), others.shape)


def orthonormal(rows: tf.Tensor, otherwise: tf.Tensor) -> tf.Tensor:
    """Orthonormal rows of the same spans; the first is the first to norm 1.

    Where that is zeros or NaN, and has no direction, all are `otherwise`.
    """
    norm = tf.norm(rows[0])
    block = rows[:1] / norm
    if rows.shape[0] > 1:
        block = tf.concat([block, complement(block, rows[1:])], 0)
    return tf.where(norm > 0.0, block, otherwise)
