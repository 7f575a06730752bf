"""The gradient-constrained MMD of samples and of a critic's features.

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 3, https://arxiv.org/abs/1805.11565
"""

import tensorflow as tf

from tf_mmdgan import switches
from tf_mmdgan.kernels import KERNEL_FAMILY, Kernel
from tf_mmdgan.mmd.constrained.distance import (
    Optimum,
    check,
    constrained_distance,
)
from tf_mmdgan.mmd.constrained.expansions import uniform_weights
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
      real: see `gradient_constrained_mmd2`, and so all others but weights.
      fake: see there.
      points: see there.
      kernel: see there.
      ridge: see there.
      weights: of the points in mu, [M], such as those of a quadrature; None:
        1 / M each.
      jacobian_squares: see there.
      constrain_values: see there.
      solver: see there.
    """
    switches.check(constrain_values=constrain_values)
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
    kernel: Kernel | str,
    ridge: float | tf.Tensor,
    *,
    jacobian_squares: tf.Tensor | None = None,
    constrain_values: bool = True,
    solver: str = "iterative",
) -> tf.Tensor:
    """Squared gradient-constrained MMD, a scalar >= 0.

    sup_f E f(X) - E f(Y)  under  E_mu[f^2 + |grad f|^2] + lambda ||f||^2 <= 1
    = (MMD^2 - v^T (A + M lambda)^-1 v) / lambda,  squared,

    with the biased MMD. v are the values and gradients of the witness at the M
    points of mu, and A = [[K, G^T], [G, H]] the kernel and its derivatives
    there. Arbel et al. 2018, proposition 3.

    The value has a gradient with respect to samples, points and Jacobians. In
    it the best critic is held fixed, which is exact, for the value is an
    extremum over critics; second derivatives are not.

        >>> x = np.random.default_rng(0).normal(size=(8, 2))
        >>> rbf = tm.Gaussian()
        >>> float(tm.gradient_constrained_mmd2(x, x + 1.0, x, rbf, 0.1)) > 0.0
        True

    Args:
      real: [n, p].
      fake: [m, p].
      points: of mu, [M, p].
      kernel: differentiable at coinciding points; or its name.
      ridge: lambda, > 0.
      jacobian_squares: J J^T of the features of each point, [M, p, p]: where
        real, fake and points are features of images, and the critic's gradient
        is with respect to pixels. None: it is with respect to the points.
      constrain_values: whether E_mu f^2 is part of the constraint. Without it,
        "dropping the kernel matrix", the distance is larger.
      solver: a name in `SOLVERS`.

    Raises:
      UsageError: for a ridge that is too small for the working precision, a
        kernel without derivatives, or an unknown solver.
      ValueError: if the shapes do not fit.
    """
    return gradient_constrained(
        real, fake, points, KERNEL_FAMILY.get(kernel), ridge,
        jacobian_squares=jacobian_squares,
        constrain_values=constrain_values,
        solver=solver,
    ).square  # fmt: skip
