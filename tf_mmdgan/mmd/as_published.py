"""Estimators and a kernel as in the original codes, where those differ."""

import dataclasses

import tensorflow as tf

from tf_mmdgan import mmd
from tf_mmdgan.kernels import Distance
from tf_mmdgan.kernels.roots import rounded_root
from tf_mmdgan.mmd import estimators


@dataclasses.dataclass(frozen=True)
class RoundedDistance(Distance):
    """k(u, v) = (s(||u||^2) + s(||v||^2) - s(||u - v||^2)) / 2.

    With s(t) = sqrt(t + 1e-5) this is `kernels.Distance` without its kinks, at
    most .0016 below and .0032 above it.
    """

    def _root(self, squares: tf.Tensor) -> tf.Tensor:
        return rounded_root(squares, 1e-5)


@dataclasses.dataclass(frozen=True)
class ConstantDiagonal:
    """MMD^2 with a constant taken for the diagonals of both kernel matrices.

    The diagonal of a kernel with a linear term is not constant. There this is
    too large by weight (sum ||x_i||^2 + sum ||y_i||^2) / (m (m - 1)), so that
    the critic gains from large features.

    Attributes:
      diagonal: the constant, k(0, 0).
    """

    diagonal: float

    def __call__(self, grams: mmd.Grams) -> tf.Tensor:
        """The estimate of two samples of one size m, a scalar.

        Raises:
          ValueError: for fewer than 2 examples; see `mmd.estimators.size`.
        """
        within = self._mean(grams.xx) + self._mean(grams.yy)
        return within - 2.0 * tf.reduce_mean(grams.xy)

    def _mean(self, gram: tf.Tensor) -> tf.Tensor:
        m = tf.cast(estimators.size(gram, 2), gram.dtype)
        return (tf.reduce_sum(gram) - m * self.diagonal) / (m * (m - 1.0))


@dataclasses.dataclass(frozen=True)
class PublishedRatio:
    """`mmd.mmd2_ratio`, with the deviations of the original codes.

    Attributes:
      floor: least variance to divide by, > 0.
      plug_in: whether to take the published estimate of the variance, see
        `mmd.variance_from_sums`.
      diagonals: whether the sums of MMD^2 contain the diagonals, and are
        divided by m (m - 1) all the same.
    """

    floor: float = 1e-12
    plug_in: bool = False
    diagonals: bool = False

    def __call__(self, grams: mmd.Grams) -> tf.Tensor:
        """The ratio, a scalar.

        Raises:
          ValueError: for a floor that is not positive.
        """
        sums = mmd.sum_pairs(grams)
        variance = mmd.variance_from_sums(sums, plug_in=self.plug_in)
        deviation = variance.deviation(self.floor, self.plug_in)
        estimate = (
            ConstantDiagonal(0.0) if self.diagonals else mmd.mmd2_unbiased
        )
        value = estimate(grams)
        return value / tf.cast(deviation, value.dtype)
