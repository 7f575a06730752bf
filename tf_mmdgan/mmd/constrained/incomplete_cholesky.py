"""The matrix of the kernel's derivatives, at low rank."""

import tensorflow as tf

from tf_mmdgan.mmd.constrained import expansions
from tf_mmdgan.mmd.constrained.system import System


def incomplete_cholesky(
    system: System, tolerance: float, max_rank: int
) -> tf.Tensor:
    """A factor R [rank, m, 1 + p] with R^T R about A, pivot by pivot.

    The next pivot is the largest entry that is left on the diagonal of A S. S.
    Fine and K. Scheinberg 2001, "Efficient SVM training using low-rank kernel
    representations", section 3.

    Args:
      system: whose A is factored.
      tolerance: the factor is complete when the sum of what is left on the
        diagonal is less than this part of the whole.
      max_rank: greatest number of pivots.
    """
    m, width = tf.shape(system.points)[0], system.width
    size = m * (1 + width)
    weights = tf.reshape(system.constraint.diagonal(width), [size])
    diagonal = tf.reshape(system.gram_diagonal(), [size])
    enough = tolerance * tf.reduce_sum(weights * diagonal)
    max_rank = tf.minimum(max_rank, size)

    def proceed(rank, left, rows):
        del rows
        return (rank < max_rank) & (tf.reduce_sum(weights * left) > enough)

    def add_pivot(rank, left, rows):
        pivot = tf.argmax(weights * left, output_type=tf.int32)
        column = _column(system, pivot)
        column -= tf.linalg.matvec(rows, rows[:, pivot], transpose_a=True)
        row = column / tf.sqrt(left[pivot])
        # Exactly zero, so that no rounding makes it a pivot again.
        left = tf.maximum(left - tf.square(row), 0.0)
        left *= 1.0 - tf.one_hot(pivot, size, dtype=left.dtype)
        rows = tf.tensor_scatter_nd_update(rows, [[rank]], row[None])
        return rank + 1, left, rows

    rows = tf.zeros([max_rank, size], diagonal.dtype)
    rank, _, rows = tf.while_loop(proceed, add_pivot, [0, diagonal, rows])
    return tf.reshape(rows[:rank], [-1, m, 1 + width])


def _column(system: System, index: tf.Tensor) -> tf.Tensor:
    """One column of A: the jets of one kernel, or one of its derivatives."""
    row, entry = index // (1 + system.width), index % (1 + system.width)
    unit = tf.one_hot(entry, 1 + system.width, dtype=system.points.dtype)
    centre = tf.gather(system.points, [row])
    jets = expansions.Expansion(centre, unit[None]).jets(
        system.kernel, system.points
    )
    return tf.reshape(jets, [-1])
