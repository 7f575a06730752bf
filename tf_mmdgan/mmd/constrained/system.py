"""The linear system behind every distance with a quadratic constraint.

The best critic under a constraint on values and gradients at points z_m is a
multiple of f with

  lambda f = eta - sum_m s_m0 k(z_m, .) - <s_m1.., d k(z_m, .)>,  s = S x
  (A S + lambda) x = v

where v has the jets (value and gradient) of the witness eta at the points, A is
[[K, G^T], [G, H]], the kernel and its derivatives at all pairs of points, and S
the constraint. The solution x has the jets of f at the points.

Where the points are features phi(x) in R^p of images x in R^d, and gradients
are with respect to images, A and v would be B^T A B and B^T v, with B =
diag(1, J_m) and the Jacobians J_m [p, d] of phi. As

  B (B^T A B + c)^-1 B^T = B B^T (A B B^T + c)^-1

it is enough to have J_m J_m^T as a part of S, and M (1 + p) unknowns in the
place of M (1 + d). This is exact, for any phi and any kernel.
"""

import dataclasses

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd.constrained import expansions


@dataclasses.dataclass(frozen=True)
class Constraint:
    """sum_m value_weights_m f(z_m)^2 + gradient_weights_m |grad f(z_m)|^2.

    Attributes:
      value_weights: [m], >= 0.
      gradient_weights: [m], >= 0.
      jacobian_squares: J J^T at each point, [m, p, p], where the points are
        features of images and gradients are with respect to images; None:
        gradients are with respect to the points.
    """

    value_weights: tf.Tensor
    gradient_weights: tf.Tensor
    jacobian_squares: tf.Tensor | None = None

    def fixed(self) -> "Constraint":
        """The same, as constants."""
        squares = self.jacobian_squares
        return Constraint(
            tf.stop_gradient(self.value_weights),
            tf.stop_gradient(self.gradient_weights),
            None if squares is None else tf.stop_gradient(squares),
        )

    def product(self, jets: tf.Tensor) -> tf.Tensor:
        """S times jets [m, 1 + p], its blocks diag(value, gradient J J^T)."""
        gradients = jets[:, 1:]
        if self.jacobian_squares is not None:
            gradients = tf.linalg.matvec(self.jacobian_squares, gradients)
        return tf.concat(
            [
                self.value_weights[:, None] * jets[:, :1],
                self.gradient_weights[:, None] * gradients,
            ],
            axis=1,
        )

    def diagonal(self, width: int) -> tf.Tensor:
        """The diagonal of S, [m, 1 + p], for gradients of `width` p."""
        gradients = self.gradient_weights[:, None]
        if self.jacobian_squares is not None:
            gradients *= tf.linalg.diag_part(self.jacobian_squares)
        shape = [tf.shape(self.gradient_weights)[0], width]
        gradients = tf.broadcast_to(gradients, shape)
        return tf.concat([self.value_weights[:, None], gradients], axis=1)

    def root(self, width: int) -> tf.Tensor:
        """L [m, 1 + p, 1 + p] with L L^T = S, block by block.

        It is found by eigenvalues, for these may be zero where a critic is
        flat.
        """
        squares = self.jacobian_squares
        if squares is None:
            eye = tf.eye(width, dtype=self.value_weights.dtype)
            root = tf.sqrt(self.gradient_weights)[:, None, None] * eye
        else:
            values, vectors = tf.linalg.eigh(
                self.gradient_weights[:, None, None] * squares
            )
            root = vectors * tf.sqrt(tf.maximum(values, 0.0))[:, None, :]
        padded = tf.pad(root, [[0, 0], [1, 0], [1, 0]])
        corner = tf.sqrt(self.value_weights)[:, None]
        corner = tf.pad(corner, [[0, 0], [0, width]])
        return padded + tf.linalg.diag(corner)


@dataclasses.dataclass(frozen=True)
class System:
    """(A S + lambda) x = v at some points.

    Attributes:
      kernel: differentiable at coinciding points.
      points: z, [m, p].
      constraint: S.
      ridge: lambda, > 0.
      target: v, the witness's jets at the points, [m, 1 + p].
      mmd2: squared norm of the witness, the scale of the accuracy asked for.
    """

    kernel: Kernel
    points: tf.Tensor
    constraint: Constraint
    ridge: float
    target: tf.Tensor
    mmd2: tf.Tensor

    @property
    def width(self) -> int:
        """The number p of features of a point."""
        return self.points.shape[1]

    def gram_product(self, coefficients: tf.Tensor) -> tf.Tensor:
        """A s for s [m, 1 + p], without forming A."""
        expansion = expansions.Expansion(self.points, coefficients)
        return expansion.jets(self.kernel, self.points)

    def gram_diagonal(self) -> tf.Tensor:
        """The diagonal of A, [m, 1 + p]."""
        values = self.kernel.diagonal(self.points)[:, None]
        constant = self.kernel.derivative_constant
        if constant is None:
            hessians = self.kernel.mixed_hessian(self.points)
            gradients = tf.linalg.diag_part(hessians)
        else:
            gradients = constant * tf.ones_like(self.points)
        return tf.concat([values, gradients], axis=1)

    def weighted_diagonal(self) -> tf.Tensor:
        """Products of the diagonals of A and S, [m, 1 + p].

        Where A or S has diagonal blocks, their sum is the trace of A S: at
        least the largest eigenvalue, and mostly not much larger.
        """
        return self.gram_diagonal() * self.constraint.diagonal(self.width)


def dot(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Sum of the products of two arrays of jets, a scalar."""
    return tf.reduce_sum(left * right)


def require(
    condition: tf.Tensor, what: str, ridge: float, remedy: tf.Tensor
) -> None:
    """Refuses a system that is too badly conditioned.

    Args:
      condition: whether all is well, a scalar.
      what: words for what went wrong.
      ridge: lambda.
      remedy: a lambda that would do.

    Raises:
      UsageError: when run eagerly; in a graph tf.errors.InvalidArgumentError
        with the same words.
    """
    parts = f"{what} with the ridge (lambda)", "try at least"
    if not tf.executing_eagerly():
        tf.debugging.Assert(
            condition, [parts[0], ridge, parts[1], remedy], name="ridge"
        )
    elif not condition:
        raise errors.UsageError(
            f"{parts[0]} {float(ridge):.2g}; {parts[1]} {float(remedy):.2g}."
        )
