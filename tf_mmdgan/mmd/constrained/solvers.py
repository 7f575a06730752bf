"""Three ways to solve for the critic of a constrained MMD.

Each takes a `System` and returns its solution x, [m, 1 + p]. To add one, write
it and list it in `SOLVERS`.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_mmdgan.kernels.roots import floored_root
from tf_mmdgan.mmd.constrained import expansions
from tf_mmdgan.mmd.constrained.incomplete_cholesky import incomplete_cholesky
from tf_mmdgan.mmd.constrained.system import System, dot, require

# Relative error of the squared distance; that of gradients is its root.
_TOLERANCE = 1e-6
_MAX_ITERATIONS = 2000
# As in the published code of Arbel et al. 2018.
_PIVOT_TOLERANCE = 1e-3
_MAX_PIVOTS = 1000


def direct(system: System) -> tf.Tensor:
    """Forms the matrix and factors it, in O((m (1 + p))^3).

    L^T A L + lambda with S = L L^T, which is symmetric, by Cholesky.

    Raises:
      UsageError: if the ridge is lost in rounding; see `system.require`.
    """
    # Rows that were gathered from several replicas have no static number m.
    m, p = tf.shape(system.points)[0], system.width
    size = m * (1 + p)
    root = system.constraint.root(p)
    gram = expansions.derivative_grams(system.kernel, system.points)
    gram = tf.einsum("iac,iajb,jbd->icjd", root, gram, root)
    gram = tf.reshape(gram, [size, size])
    # Rounding moves eigenvalues by about this much; below it, the smallest may
    # be negative.
    noise = _epsilon(gram) * tf.linalg.trace(gram)
    noise *= tf.sqrt(tf.cast(size, gram.dtype))
    ridge = tf.cast(system.ridge, gram.dtype)
    require(
        ridge > noise,
        "The gradient-constrained MMD is singular to working precision",
        system.ridge,
        10.0 * noise,
    )
    factor = tf.linalg.cholesky(gram + ridge * tf.eye(size, dtype=gram.dtype))
    target = tf.linalg.matvec(root, system.target, transpose_a=True)
    solved = tf.linalg.cholesky_solve(factor, tf.reshape(target, [size, 1]))
    coefficients = tf.linalg.matvec(root, tf.reshape(solved, [m, 1 + p]))
    return (system.target - system.gram_product(coefficients)) / ridge


def iterative(
    system: System,
    tolerance: float = _TOLERANCE,
    max_iterations: int = _MAX_ITERATIONS,
) -> tf.Tensor:
    """Preconditioned conjugate gradients, in O(m^2 p) for each iteration.

    No matrix is formed. A S + lambda is self-adjoint in the product <u, S v>,
    and S may be singular; so nothing is inverted but the preconditioner,
    lambda + D S with the diagonal D of A, block by block. With the residual r,
    the squared distance that is still missing is at most <r, S r> / lambda: the
    iterations end when this is small.

    Args:
      system: to solve.
      tolerance: of the squared distance, relative.
      max_iterations: at which to give up.

    Raises:
      UsageError: if these are not enough; see `system.require`.
    """
    s_product = system.constraint.product
    ridge = tf.cast(system.ridge, system.target.dtype)
    precondition = _block_preconditioner(system)

    def unfinished(x, residual, *_):
        s_residual = s_product(residual)
        missing = dot(residual, s_residual) / ridge
        found = dot(s_product(x), system.target + residual)
        return missing > tolerance * tf.abs(system.mmd2 - found)

    def iterate(x, residual, direction, size):
        s_direction = s_product(direction)
        product = system.gram_product(s_direction) + ridge * direction
        step = size / dot(s_direction, product)
        x, residual = x + step * direction, residual - step * product
        preconditioned = precondition(residual)
        new_size = dot(s_product(residual), preconditioned)
        direction = preconditioned + new_size / size * direction
        return x, residual, direction, new_size

    direction = precondition(system.target)
    state = (
        tf.zeros_like(system.target), system.target, direction,
        dot(s_product(system.target), direction),
    )  # fmt: skip
    state = tf.while_loop(
        unfinished, iterate, state, maximum_iterations=max_iterations
    )
    require(
        ~unfinished(*state),
        f"The gradient-constrained MMD took over {max_iterations} iterations",
        system.ridge,
        1e-4 * tf.reduce_sum(system.weighted_diagonal()),
    )
    return state[0]


def low_rank(
    system: System,
    tolerance: float = _PIVOT_TOLERANCE,
    max_rank: int = _MAX_PIVOTS,
) -> tf.Tensor:
    """An approximation, with an incomplete Cholesky factorisation of A.

    (R^T R S + lambda)^-1 v = (v - R^T (lambda + R S R^T)^-1 R S v) / lambda

    by Woodbury's formula, for R^T R about A, in O(m p rank^2); `tolerance` and
    `max_rank` are those of `incomplete_cholesky`.
    """
    rows = incomplete_cholesky(system, tolerance, max_rank)
    ridge = tf.cast(system.ridge, rows.dtype)
    s_rows = tf.map_fn(system.constraint.product, rows)
    small = tf.einsum("rma,sma->rs", rows, s_rows)
    small += ridge * tf.eye(tf.shape(small)[0], dtype=small.dtype)
    target = tf.einsum("rma,ma->r", s_rows, system.target)
    factor = tf.linalg.cholesky(small)
    solved = tf.linalg.cholesky_solve(factor, target[:, None])[:, 0]
    return (system.target - tf.einsum("r,rma->ma", solved, rows)) / ridge


def _block_preconditioner(
    system: System,
) -> Callable[[tf.Tensor], tf.Tensor]:
    """A function that applies (lambda + D S)^-1, point by point.

    D is the diagonal of A.
    """
    ridge = tf.cast(system.ridge, system.target.dtype)
    constraint = system.constraint
    diagonal = ridge + system.weighted_diagonal()
    if constraint.jacobian_squares is None:
        return lambda jets: jets / diagonal
    # D^-1/2 (lambda + D^1/2 S D^1/2) D^1/2 has a symmetric middle.
    # Any positive D will do; a polynomial's may be zero.
    roots = floored_root(system.gram_diagonal()[:, 1:], 1e-6)
    blocks = roots[:, :, None] * constraint.jacobian_squares * roots[:, None, :]
    blocks *= constraint.gradient_weights[:, None, None]
    eye = tf.eye(system.width, dtype=blocks.dtype)
    factors = tf.linalg.cholesky(blocks + ridge * eye)

    def precondition(jets):
        gradients = (jets[:, 1:] / roots)[:, :, None]
        gradients = tf.linalg.cholesky_solve(factors, gradients)[:, :, 0]
        values = jets[:, :1] / diagonal[:, :1]
        return tf.concat([values, roots * gradients], axis=1)

    return precondition


def _epsilon(tensor: tf.Tensor) -> float:
    return float(np.finfo(tensor.dtype.as_numpy_dtype).eps)


SOLVERS: dict[str, Callable[[System], tf.Tensor]] = {
    "direct": direct,
    "iterative": iterative,
    "incomplete_cholesky": low_rank,
}
