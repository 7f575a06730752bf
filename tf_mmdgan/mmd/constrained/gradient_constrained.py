"""The gradient-constrained MMD of samples and of a critic's features.

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 3, https://arxiv.org/abs/1805.11565
"""

import tensorflow as tf

from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd.constrained.distance import (
    Optimum,
    check,
    constrained_distance,
    uniform_weights,
)
from tf_mmdgan.mmd.constrained.system import Constraint, dot


def gradient_constrained(
    real: tf.Tensor,
    fake: tf.Tensor,
    points: tf.Tensor,
    kernel: Kernel,
    ridge: float | tf.Tensor,
    *,
    weights: tf.Tensor | None = None,
    jacobian_squares: tf.Tensor | None = None,
    constrain_values: bool = True,
    solver: str = "iterative",
) -> Optimum:
    """`gradient_constrained_mmd2`, with the critic that attains it.

    Args:
      real: [n, p].
      fake: [m, p].
      points: [M, p].
      kernel: differentiable at coinciding points.
      ridge: lambda, > 0.
      weights: of the points in mu, [M], such as those of a quadrature; 1 / M.
      jacobian_squares: see `gradient_constrained_mmd2`.
      constrain_values: see there.
      solver: of `SOLVERS`.
    """
    samples = check(real, fake, points, kernel, ridge)
    if weights is None:
        weights = uniform_weights(samples.points)
    weights = tf.cast(weights, samples.points.dtype)
    if jacobian_squares is not None:
        jacobian_squares = tf.cast(jacobian_squares, weights.dtype)
    constraint = Constraint(
        weights if constrain_values else tf.zeros_like(weights),
        weights,
        jacobian_squares,
    )
    distance = constrained_distance(
        samples, kernel, ridge, constraint.fixed(), solver
    )
    weight = dot(distance.jets, constraint.product(distance.jets))
    return distance.with_constraint(weight)


def gradient_constrained_mmd2(
    real: tf.Tensor,
    fake: tf.Tensor,
    points: tf.Tensor,
    kernel: Kernel,
    ridge: float | tf.Tensor,
    *,
    jacobian_squares: tf.Tensor | None = None,
    constrain_values: bool = True,
    solver: str = "iterative",
) -> tf.Tensor:
    """Squared gradient-constrained MMD, a scalar >= 0.

    sup_f E f(X) - E f(Y)  under  E_mu[f^2 + |grad f|^2] + lambda ||f||^2 <= 1
    = (MMD^2 - v^T (A + M lambda)^-1 v) / lambda,  squared,

    with the biased MMD and, at the M points of mu, the values and gradients v
    of the witness, and of the kernel A = [[K, G^T], [G, H]]. Arbel et al. 2018,
    proposition 3.

    Differentiable by samples, points and Jacobians, once: the best critic is
    held fixed, which is exact for the gradient (the value is an extremum over
    critics), but not for second derivatives.

    Args:
      real: [n, p].
      fake: [m, p].
      points: of mu, [M, p].
      kernel: differentiable at coinciding points.
      ridge: lambda, > 0.
      jacobian_squares: where real, fake and points are features of images and
        the critic's gradient is by pixels: J J^T of the features of each point,
        [M, p, p].
      constrain_values: False leaves E_mu f^2 out of the constraint, "dropping
        the kernel matrix", which makes the distance larger.
      solver: of `SOLVERS`.

    Raises:
      UsageError: for a ridge that is too small for the working precision, a
        kernel without derivatives, or an unknown solver.
      ValueError: if the shapes do not fit.
    """
    return gradient_constrained(
        real, fake, points, kernel, ridge,
        jacobian_squares=jacobian_squares,
        constrain_values=constrain_values,
        solver=solver,
    ).square  # fmt: skip
