"""MMDs under a quadratic constraint on the critic at some points."""

from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd import estimators
from tf_mmdgan.mmd.constrained import expansions
from tf_mmdgan.mmd.constrained.solvers import SOLVERS
from tf_mmdgan.mmd.constrained.system import Constraint, System, dot


class SamplePair(NamedTuple):
    """The points that a constrained distance is computed from.

    All are of one floating type and one width.
    """

    real: tf.Tensor  # [n, p]
    fake: tf.Tensor  # [m, p]
    points: tf.Tensor  # [M, p], where the critic is constrained

    def fixed(self) -> "SamplePair":
        """The same, as constants."""
        return SamplePair(*map(tf.stop_gradient, self))


class Optimum(NamedTuple):
    """A squared distance, and the critic that attains it.

    Attributes:
      square: the squared distance, a scalar with gradients with respect to the
        samples.
      jets: values and gradients of f = (C + lambda)^-1 eta at the points,
        [M, 1 + p]; f is the best critic times the distance. Constants.
      critic: f itself, a constant.
    """

    square: tf.Tensor
    jets: tf.Tensor
    critic: expansions.Expansion

    def with_constraint(self, weight: tf.Tensor) -> "Optimum":
        """The same value, with a gradient with respect to the constraint too.

        Args:
          weight: <x, S x> for the jets x and the constraint S. The value is a
            minimum over critics, where its gradient with respect to S is
            -x x^T.
        """
        zero = weight - tf.stop_gradient(weight)
        return self._replace(square=self.square - zero)


def check(
    real: tf.Tensor,
    fake: tf.Tensor,
    points: tf.Tensor,
    kernel: Kernel,
    ridge: float | tf.Tensor,
) -> SamplePair:
    """The samples in one floating type.

    Raises:
      UsageError: for a ridge <= 0, or a kernel without derivatives.
      ValueError: if the shapes do not fit.
    """
    if not tf.is_tensor(ridge) and not ridge > 0.0:
        raise errors.UsageError(
            f"ridge={ridge}, need lambda > 0: without it the constraint at a "
            "few points bounds nothing."
        )
    check_kernel(kernel)
    return SamplePair(*kernels.as_matrices(real, fake, points))


def check_kernel(kernel: Kernel) -> None:
    """Refuses kernels that are not differentiable at coinciding points.

    Raises:
      UsageError: with the reason.
    """
    # Known without arithmetic, which would start TensorFlow where published
    # settings are made, and its devices could not be chosen any more.
    if kernel.derivative_constant is not None:
        return
    try:
        kernel.gradient(tf.zeros([1, 2]))
    except ValueError as error:
        raise errors.UsageError(
            f"The kernel bears no constraint on gradients: {error}",
            setting="kernel",
        ) from None


def constrained_distance(
    samples: SamplePair,
    kernel: Kernel,
    ridge: float | tf.Tensor,
    constraint: Constraint,
    solver: str = "iterative",
) -> Optimum:
    """sup_f E f(X) - E f(Y)  under  <f, C f> + lambda ||f||^2 <= 1, squared.

    = <eta, (C + lambda)^-1 eta>
    = min_g  ||eta - g||^2 / lambda + <x, S x>

    with the witness eta and the constraint <f, C f> of points and weights. The
    minimum is over functions g in the span of the points' kernels and their
    derivatives, with coefficients S x. So the gradient with respect to the
    samples is that at the best g, held fixed; and a g that is inexact gives too
    large a value, by the square of its error.

    Args:
      samples: see `check`.
      kernel: differentiable at coinciding points.
      ridge: lambda.
      constraint: the weights of the points, constants.
      solver: a name in `SOLVERS`.

    Raises:
      UsageError: for an unknown solver, or a system too badly conditioned.
    """
    solve = errors.pick(SOLVERS, solver, "solver")
    real, fake, points = samples
    mmd2 = estimators.mmd2_biased(estimators.gram_matrices(kernel, real, fake))
    fixed = samples.fixed()
    eta = expansions.witness(fixed.real, fixed.fake)
    jets = solve(
        System(
            kernel, fixed.points, constraint, ridge,
            target=eta.jets(kernel, fixed.points),
            mmd2=tf.stop_gradient(mmd2),
        )
    )  # fmt: skip
    jets = tf.stop_gradient(jets)
    coefficients = constraint.product(jets)
    best = expansions.Expansion(points, coefficients)
    matched = tf.reduce_mean(best.values(kernel, real)) - tf.reduce_mean(
        best.values(kernel, fake)
    )
    norm = dot(coefficients, best.jets(kernel, points))
    square = (mmd2 - 2.0 * matched + norm) / ridge + dot(jets, coefficients)
    rest = -1.0 * expansions.Expansion(fixed.points, coefficients)
    return Optimum(square, jets, (1.0 / ridge) * (eta + rest))
