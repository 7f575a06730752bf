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


def mmd2_constant_diagonal(
    grams: mmd.Grams, diagonal: float | tf.Tensor
) -> tf.Tensor:
    """MMD^2 with a constant taken for the diagonals of both kernel matrices.

    The diagonal of a kernel with a linear term is not constant. There this is
    too large by weight (sum ||x_i||^2 + sum ||y_i||^2) / (m (m - 1)), so that
    the critic gains from large features.

    Args:
      grams: kernel matrices of samples of one size m.
      diagonal: the constant, k(0, 0).

    Raises:
      ValueError: for fewer than 2 examples; see `mmd.estimators.size`.
    """

    def mean(gram):
        m = tf.cast(estimators.size(gram, 2), gram.dtype)
        return (tf.reduce_sum(gram) - m * diagonal) / (m * (m - 1.0))

    return mean(grams.xx) + mean(grams.yy) - 2.0 * tf.reduce_mean(grams.xy)


def mmd2_ratio(
    grams: mmd.Grams,
    floor: float = 1e-12,
    plug_in: bool = False,
    diagonals: bool = False,
) -> tf.Tensor:
    """`mmd.mmd2_ratio`, with the deviations of the original codes.

    Args:
      grams: kernel matrices.
      floor: least variance to divide by, > 0.
      plug_in: whether to take the published estimate of the variance, see
        `mmd.variance_from_sums`.
      diagonals: whether the sums of MMD^2 contain the diagonals, and are
        divided by m (m - 1) all the same.

    Raises:
      ValueError: for a floor that is not positive.
    """
    variance = mmd.variance_from_sums(mmd.sum_pairs(grams), plug_in=plug_in)
    deviation = variance.deviation(floor, plug_in)
    value = (
        mmd2_constant_diagonal(grams, 0.0)
        if diagonals
        else mmd.mmd2_unbiased(grams)
    )
    return value / tf.cast(deviation, value.dtype)
