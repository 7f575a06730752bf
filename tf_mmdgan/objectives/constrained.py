"""MMD GANs whose distance has the bound on the critic's slopes within it.

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 3, https://arxiv.org/abs/1805.11565
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import ClassVar

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.kernels import KERNEL_FAMILY, Kernel
from tf_mmdgan.mmd.constrained import distance
from tf_mmdgan.mmd.constrained.gradient_constrained import gradient_constrained
from tf_mmdgan.mmd.constrained.solvers import SOLVERS
from tf_mmdgan.objectives import gradients
from tf_mmdgan.objectives.criterion import Comparison
from tf_mmdgan.objectives.mmd_gan import MMDGAN


@dataclasses.dataclass(frozen=True)
class GradientConstrainedMMD(MMDGAN):
    """The gradient-constrained MMD of a critic's features.

    critic: -GCMMD^2(h(X), h(Y)),  generator: GCMMD^2(h(X), h(Y))

    The real images of the batch are the measure mu, at which the critic's
    values and slopes are bounded. The value is exact, by a linear system with
    M (1 + d) unknowns for M images and d features. The authors took the system
    in pixels, which costs too much, and went on to the Scaled MMD.

        >>> tm.GradientConstrainedMMD("rbf", ridge=0.1).solver
        'iterative'

    Attributes:
      kernel: differentiable at coinciding points.
      ridge: lambda, > 0.
      solver: a name in `mmd.constrained.SOLVERS`.
    """

    ridge: float = 1.0
    solver: str = "iterative"

    needs_independent_examples: ClassVar[bool] = True
    term: ClassVar[str] = "gc_mmd2"

    def __post_init__(self):
        super().__post_init__()
        errors.check_above(0.0, ridge=self.ridge)
        errors.pick(SOLVERS, self.solver, "solver")
        distance.check_kernel(self.kernel)

    def _mmd2(self, seen: Comparison) -> tf.Tensor:
        return critic_gradient_constrained_mmd2(
            seen.features_at(seen.real), seen.x, seen.y, seen.real.images,
            self.kernel, self.ridge,
            solver=self.solver,
            gather=seen.update.gather,
            own_rows=seen.update.own_rows,
        )  # fmt: skip


def critic_gradient_constrained_mmd2(
    function: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    images: tf.Tensor,
    kernel: Kernel | str,
    ridge: float | tf.Tensor,
    *,
    constrain_values: bool = True,
    solver: str = "iterative",
    gather: Callable[[Sequence[tf.Tensor]], list[tf.Tensor]] = list,
    own_rows: Callable[[tf.Tensor], tf.Tensor] = lambda rows: rows,
) -> tf.Tensor:
    """`gradient_constrained_mmd2` on a critic's features, a scalar.

    The kernel is k(h(x), h(y)), and the critic's slopes are with respect to
    pixels. The value is exact, with M (1 + p) unknowns for M images, p features
    and any number of pixels.

    The Jacobian J of the features takes one backward pass for each feature, and
    none of these passes is differentiated: the value depends on J as -|J^T x|^2
    does, where x is the best critic's gradient with respect to the features,
    and the gradient of that takes one pass for all features.

        >>> h, x = keras.layers.Dense(2), tf.reshape(tf.range(12.0), [4, 3])
        >>> mmd2 = tm.critic_gradient_constrained_mmd2
        >>> float(mmd2(h, h(x), h(x + 1.0), x, tm.Gaussian(), 1.0)) > 0.0
        True

    Args:
      function: h, images [b, ...] -> features [b, p]; features of an image
        depend on that image alone.
      real: features h of real images, [n, p].
      fake: features h of generated images, [m, p].
      images: points of mu, [M, ...]; the unit of slopes is that of
        `gradients`.
      kernel: on features, differentiable at coinciding points; or its name.
      ridge: lambda, > 0.
      constrain_values: see `gradient_constrained_mmd2`.
      solver: a name in `SOLVERS`.
      gather: takes rows of this replica's images and returns those of all
        replicas, as `Update.gather` does.
      own_rows: takes rows of all replicas and returns this one's.

    Raises:
      UsageError: as `gradient_constrained_mmd2`.
    """
    images = tf.convert_to_tensor(images)
    features, squares = gradients.jacobian_products(function, images)
    points, squares = gather([features, tf.stop_gradient(squares)])
    distance = gradient_constrained(
        real, fake, points, KERNEL_FAMILY.get(kernel), ridge,
        jacobian_squares=squares,
        constrain_values=constrain_values,
        solver=solver,
    )  # fmt: skip
    by_features = tf.cast(own_rows(distance.jets)[:, 1:], features.dtype)
    (slopes,) = gather([_slope_squares(function, by_features, images)])
    weight = tf.cast(tf.reduce_mean(slopes), distance.square.dtype)
    return distance.with_constraint(weight).square


def _slope_squares(
    function: Callable[[tf.Tensor], tf.Tensor],
    by_features: tf.Tensor,
    images: tf.Tensor,
) -> tf.Tensor:
    """|grad f|^2 of a critic by its gradient with respect to features: [b]."""

    def along_critic(points):
        return tf.reduce_sum(function(points) * by_features, axis=1)

    return gradients.gradient_squares(along_critic, images)
