"""The first singular vectors of a linear map, by subspace iteration."""

from typing import Protocol

import tensorflow as tf


class LinearMap(Protocol):
    """A linear map W of vectors, which are rows [k, ...] of any shape."""

    def __call__(self, x: tf.Tensor, adjoint: bool = False) -> tf.Tensor:
        """W x for each row x of [k, ...]; with `adjoint`, W^T x."""


def power_steps(
    linear_map: LinearMap,
    u: tf.Tensor,
    v: tf.Tensor,
    rank: int,
    iterations: int,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Turns U and v towards the first singular vectors of a map W.

    U has k orthonormal columns. With one of them, a step is the power step
    v <- W^T u / ||W^T u||, u <- W v / ||W v||, in which the second singular
    vector fades by (s_2 / s_1)^2: slowly, where singular values lie close. With
    several of them it is subspace iteration with the Rayleigh-Ritz method, in
    the span of U and W W^T U. With P an orthonormal basis of what W W^T U adds
    to U, a step is

      V = W^T [U, P],  V^T V = R diag(s_i^2) R^T,  V <- first k columns of V R,
      v = V_1 / ||V_1||,  U <- orthonormal basis of W V in the columns' order.

    G. H. Golub and C. F. Van Loan, "Matrix Computations", 4th ed., 2013,
    sections 8.2.4 and 10.1; N. Halko, P. G. Martinsson and J. A. Tropp,
    "Finding structure with randomness", SIAM Review 53(2), 2011; C. Musco and
    C. Musco, "Randomized block Krylov methods for stronger and faster
    approximate singular value decomposition", NeurIPS 2015.

    Args:
      linear_map: W. Where it is zero, or gives NaN, U and v stay as they are.
      u: U, its columns as rows [k, ...].
      v: the first right singular vector, a row [1, ...].
      rank: the smaller number of dimensions on either side of W, >= k.
      iterations: how many steps.

    Returns:
      U and v.
    """

    def step(u: tf.Tensor, v: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        products = _ritz_products(linear_map, u, rank)
        norm = tf.norm(products[0])
        v = orthonormal(products[:1], v)
        # As long as v: their squares are in range wherever sigma's is.
        products = tf.math.divide_no_nan(products, norm)
        return orthonormal(linear_map(products), u), v

    if iterations == 1:
        return step(u, v)
    # Unrolled, many steps take seconds to trace.
    return tf.while_loop(
        lambda u, v: True, step, (u, v), maximum_iterations=iterations
    )


def largest_singular_value(
    linear_map: LinearMap, u: tf.Tensor, v: tf.Tensor
) -> tf.Tensor:
    """Sigma = <u, W v>, a scalar; u and v as `power_steps` leaves them.

    u may have more rows than the first, which are not looked at.
    """
    return tf.reduce_sum(u[:1] * linear_map(v))


def orthonormal(rows: tf.Tensor, otherwise: tf.Tensor) -> tf.Tensor:
    """Orthonormal rows of which the first i span what the first i of `rows` do.

    Where the first row is zeros or NaN, and has no direction, all are those of
    `otherwise`.
    """
    norm = tf.norm(rows[0])
    block = rows[:1] / norm
    if rows.shape[0] > 1:
        block = tf.concat([block, _complement(block, rows[1:])], 0)
    return tf.where(norm > 0.0, block, otherwise)


def _ritz_products(linear_map: LinearMap, u: tf.Tensor, rank: int) -> tf.Tensor:
    """The first columns of V R, as many as U has."""
    count = u.shape[0]
    products = linear_map(u, adjoint=True)
    if count == 1:
        return products
    more = min(count, rank - count)
    if more:
        powers = linear_map(products[:more])
        others = linear_map(_complement(u, powers), adjoint=True)
        products = tf.concat([products, others], 0)
    return _longest(products)[:count]


def _longest(rows: tf.Tensor) -> tf.Tensor:
    """Turns rows [k, ...] among themselves: orthogonal, the longest first."""
    flat = tf.reshape(rows, [rows.shape[0], -1])
    gram = tf.matmul(flat, flat, transpose_b=True)
    # For NaN, `eigh` would raise an error where training reports it.
    gram = tf.where(tf.math.is_finite(gram), gram, 0.0)
    turn = tf.reverse(tf.linalg.eigh(gram)[1], [1])
    return tf.reshape(tf.matmul(turn, flat, transpose_a=True), rows.shape)


def _complement(rows: tf.Tensor, others: tf.Tensor) -> tf.Tensor:
    """Orthonormal rows of what `others` add to the span of `rows`."""
    both = tf.concat([rows, others], 0)
    flat = tf.reshape(both, [both.shape[0], -1])
    # XLA loses orthogonality where rows dwindle, as powers at low rank do.
    flat = tf.math.l2_normalize(flat, axis=1, epsilon=1e-30)
    columns = tf.linalg.qr(tf.transpose(flat))[0][:, rows.shape[0] :]
    return tf.reshape(tf.transpose(columns), others.shape)
