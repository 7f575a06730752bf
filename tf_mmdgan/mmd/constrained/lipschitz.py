"""The Lipschitz MMD on a grid or at sampled points.

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 3, https://arxiv.org/abs/1805.11565
"""

import tensorflow as tf

from tf_mmdgan.kernels import KERNEL_FAMILY, Kernel
from tf_mmdgan.mmd.constrained.distance import (
    Optimum,
    check,
    constrained_distance,
)
from tf_mmdgan.mmd.constrained.expansions import uniform_weights
from tf_mmdgan.mmd.constrained.system import Constraint

# Squared distance that counts as none.
_FLOOR = 1e-12
_MAX_ITERATIONS = 400


def lipschitz(
    real: tf.Tensor,
    fake: tf.Tensor,
    points: tf.Tensor,
    kernel: Kernel,
    ridge: float | tf.Tensor,
    *,
    jacobian_squares: tf.Tensor | None = None,
    tolerance: float = 1e-2,
    max_iterations: int = _MAX_ITERATIONS,
    solver: str = "iterative",
) -> Optimum:
    """`lipschitz_mmd2`, with the critic that attains it.

    After `max_iterations` changes of the weights it takes what is found then.
    """
    samples = check(real, fake, points, kernel, ridge)
    fixed = samples.fixed()
    none = tf.zeros_like(samples.points[:, 0])
    if jacobian_squares is not None:
        jacobian_squares = tf.cast(jacobian_squares, none.dtype)

    def distance(samples, weights):
        constraint = Constraint(none, weights, jacobian_squares)
        return constrained_distance(
            samples, kernel, ridge, constraint.fixed(), solver
        )

    def slopes(found):
        unit = Constraint(none, tf.ones_like(none), jacobian_squares)
        return tf.reduce_sum(found.jets * unit.product(found.jets), axis=1)

    def unfinished(weights, squares, square):
        excess = tf.reduce_max(squares) - tf.tensordot(weights, squares, 1)
        # The floor: rounding is all that is left of equal samples.
        return excess > tolerance * tf.maximum(square, _FLOOR)

    def reweigh(weights, squares, square):
        del square
        weights *= squares
        # All slopes are zero where real and fake are the same.
        weights = tf.math.divide_no_nan(weights, tf.reduce_sum(weights))
        found = distance(fixed, weights)
        return weights, slopes(found), found.square

    weights = uniform_weights(samples.points)
    found = distance(fixed, weights)
    weights, *_ = tf.while_loop(
        unfinished,
        reweigh,
        (weights, slopes(found), found.square),
        maximum_iterations=max_iterations,
    )
    found = distance(samples, weights)
    return found.with_constraint(tf.tensordot(weights, slopes(found), 1))


def lipschitz_mmd2(
    real: tf.Tensor,
    fake: tf.Tensor,
    points: tf.Tensor,
    kernel: Kernel | str,
    ridge: float | tf.Tensor,
    *,
    jacobian_squares: tf.Tensor | None = None,
    tolerance: float = 1e-2,
    solver: str = "iterative",
) -> tf.Tensor:
    """Squared Lipschitz MMD, a scalar >= 0.

    sup_f E f(X) - E f(Y)  under  max_j |grad f(z_j)|^2 + lambda ||f||^2 <= 1
    = min_nu <eta, (lambda + sum_j nu_j d k(z_j) x d k(z_j))^-1 eta>,  squared,

    over distributions nu on the points z, with the witness eta. Slopes are
    bounded at the points alone: on a line with a fine grid that is the
    Lipschitz constant, otherwise the distance is larger than with a true one.
    Arbel et al. 2018, section 3; the second line by exchanging sup and min.

    In each iteration the weight nu_j is multiplied by the squared slope at its
    point, nu_j ~ nu_j |grad f(z_j)|^2, as in the design of experiments: Silvey,
    Titterington and Torsney 1978, "An algorithm for optimal designs on a finite
    design space". A critic f of squared distance D satisfies the constraint
    after division by at most D + max_j |grad f|^2 - sum_j nu_j |grad f|^2; the
    iterations end when the difference of the last two is small.

        >>> x = np.random.default_rng(0).normal(size=(8, 2))
        >>> rbf = tm.Gaussian()
        >>> float(tm.lipschitz_mmd2(x, x + 1.0, x, rbf, 0.1)) > 0.0
        True

    Args:
      real: [n, p].
      fake: [m, p].
      points: where slopes are bounded, [M, p].
      kernel: differentiable at coinciding points; or its name.
      ridge: lambda, > 0.
      jacobian_squares: see `gradient_constrained_mmd2`, [M, p, p].
      tolerance: of the squared distance, relative.
      solver: a name in `SOLVERS`.

    Raises:
      UsageError: as `gradient_constrained_mmd2`.
      ValueError: if the shapes do not fit.
    """
    return lipschitz(
        real, fake, points, KERNEL_FAMILY.get(kernel), ridge,
        jacobian_squares=jacobian_squares,
        tolerance=tolerance,
        solver=solver,
    ).square  # fmt: skip
