"""Estimators and a kernel of the original codes, where they differ."""

import dataclasses

import tensorflow as tf

from tf_mmdgan import mmd
from tf_mmdgan.kernels import Distance
from tf_mmdgan.kernels.roots import rounded_root


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

    For a kernel with a linear term, whose diagonal is not constant, this is
    too large by weight (sum ||x_i||^2 + sum ||y_i||^2) / (m (m - 1)), so that
    the critic gains from large features.

    Args:
      grams: kernel matrices.
      diagonal: k(0, 0).
    """

    def mean(gram):
        m = tf.cast(tf.shape(gram)[0], gram.dtype)
        return (tf.reduce_sum(gram) - m * diagonal) / (m * (m - 1.0))

    return mean(grams.xx) + mean(grams.yy) - 2.0 * tf.reduce_mean(grams.xy)


def mmd2_ratio(
    grams: mmd.Grams,
    floor: float = 1e-12,
    plug_in: bool = False,
    diagonals: bool = False,
) -> tf.Tensor:
    """`mmd.mmd2_ratio` with what the codes do otherwise in it.

    Args:
      grams: kernel matrices.
      floor: the least variance, > 0.
      plug_in: takes the published estimate of the variance, see
        `mmd.variance_from_sums`.
      diagonals: leaves the diagonals in the sums of MMD^2, and divides by
        m (m - 1) all the same.
    """
    variance = mmd.variance_from_sums(mmd.sum_pairs(grams), plug_in=plug_in)
    deviation = variance.deviation(floor, plug_in)
    value = (
        mmd2_constant_diagonal(grams, 0.0)
        if diagonals
        else mmd.mmd2_unbiased(grams)
    )
    return value / tf.cast(deviation, value.dtype)
