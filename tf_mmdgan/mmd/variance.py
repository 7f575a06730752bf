"""Variance of the estimators of MMD^2, without bias, and the t-statistic."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors, switches
from tf_mmdgan.kernels.roots import floored_root
from tf_mmdgan.mmd.estimators import (
    Grams,
    mmd2_biased,
    mmd2_unbiased,
    mmd2_ustatistic,
    size,
    without_diagonal,
)


class PairSums(NamedTuple):
    """Sums that MMD**2 and its variance take, of n real x and m fake y.

    All are float64.
    """

    xx: tf.Tensor  # [n], sum_{j != i} k(x_i, x_j)
    xy: tf.Tensor  # [n], sum_j k(x_i, y_j)
    yx: tf.Tensor  # [m], sum_j k(x_j, y_i)
    yy: tf.Tensor  # [m], sum_{j != i} k(y_i, y_j)
    xx_squares: tf.Tensor  # [], sum_{i != j} k(x_i, x_j)**2
    xy_squares: tf.Tensor  # [], sum_ij k(x_i, y_j)**2
    yy_squares: tf.Tensor  # [], sum_{i != j} k(y_i, y_j)**2


class Variance(NamedTuple):
    """The two parts of an estimated variance, scalars in float64.

    They are those of Hoeffding's decomposition. No part of the true variance is
    negative, but an estimate of a part near 0 may be.
    """

    first: tf.Tensor  # of the means over either argument of the kernel
    second: tf.Tensor  # of the rest, which is a matter of pairs of points

    @property
    def total(self) -> tf.Tensor:
        """The sum of both parts: without bias, but possibly negative."""
        return self.first + self.second

    @property
    def clipped(self) -> tf.Tensor:
        """The sum of both parts, each at least 0: for standard errors.

        Where the true first part is 0, this is too large on average, by up to a
        half. The total is often near 0 there, and standard errors from it would
        be far too small.
        """
        return tf.maximum(self.first, 0.0) + tf.maximum(self.second, 0.0)

    def deviation(self, floor: float, plug_in: bool) -> tf.Tensor:
        """Standard deviation, at least sqrt(floor), to divide an estimate by.

        Args:
          floor: least variance, > 0; where it holds, the gradient is zero.
          plug_in: whether the variance was estimated with `plug_in`; then its
            total is taken, as published, otherwise the clipped sum.

        Raises:
          ValueError: for a floor that is not positive.
        """
        return floored_root(self.total if plug_in else self.clipped, floor)


def sum_pairs(grams: Grams) -> PairSums:
    """The sums, from whole kernel matrices."""
    errors.check_type("grams", grams, Grams)
    x = reduce_grams(grams.xx, tf.transpose(grams.xy))
    y = reduce_grams(grams.yy, grams.xy)
    return PairSums(
        x.within, x.cross, y.cross, y.within,
        x.within_squares, y.cross_squares, y.within_squares,
    )  # fmt: skip


def unbiased_from_sums(sums: PairSums) -> tf.Tensor:
    """`mmd2_unbiased` from sums, a float64 scalar.

    Raises:
      ValueError: for fewer than 2 examples of either kind.
    """
    n, m = size(sums.xx, 2), size(sums.yy, 2)
    within_x = tf.reduce_sum(sums.xx) / (n * (n - 1.0))
    within_y = tf.reduce_sum(sums.yy) / (m * (m - 1.0))
    return within_x + within_y - 2.0 * tf.reduce_sum(sums.xy) / (n * m)


def variance_from_sums(
    sums: PairSums, sample_size: int | None = None, plug_in: bool = False
) -> Variance:
    """Estimated variance of the unbiased MMD**2 estimate.

    With the witness w(z) = E k(x, z) - E k(y, z) and the part K of a kernel
    that is left after its means over either argument are taken off:

    first  = 4 Var_x[w] / n + 4 Var_y[w] / m
    second = 2 Var[K_xx] / (n (n - 1)) + 2 Var[K_yy] / (m (m - 1))
           + 4 Var[K_xy] / (n m)

    Hoeffding's decomposition, with every product of means taken over distinct
    points, so that both parts are unbiased: Sutherland 2019, "Unbiased
    estimators for the variance of MMD estimators",
    https://arxiv.org/abs/1906.02104, here for any n and m.

    Args:
      sums: of at least 4 examples of each kind.
      sample_size: for which number of examples of each kind the variance is
        estimated; None: that of `sums`.
      plug_in: whether squares of overall means are taken as they are, and n m -
        min(n, m) cross pairs as for `mmd2_ustatistic`. For n = m this is the
        published
        4 (m - 2) / (m (m - 1)) zeta_1 + 2 / (m (m - 1)) zeta_2 of Sutherland
        et al. 2017, "Generative models and model criticism via optimized MMD",
        https://arxiv.org/abs/1611.04488. It is low, by up to a half where both
        laws are alike.

    Raises:
      ValueError: for fewer than 4 examples, or a sample size below 2.
    """
    switches.check(plug_in=plug_in)
    xx, xy, yx, yy, xx_squares, xy_squares, yy_squares = sums
    n, m = size(xx, 4), size(yy, 4)
    x = side(CandidateSums(xx, xy, yx, xx_squares, xy_squares), plug_in)
    y = side(CandidateSums(yy, yx, xy, yy_squares, xy_squares), plug_in)
    if sample_size is not None:
        if sample_size < 2:
            raise ValueError(f"sample_size={sample_size}, need at least 2.")
        n = m = tf.constant(sample_size, tf.float64)
    within = x.within / (n * (n - 1.0)) + y.within / (m * (m - 1.0))
    return Variance(
        first=4.0 * (x.witness / n + y.witness / m),
        second=2.0 * within + 4.0 * y.cross / cross_pairs(n, m, plug_in),
    )


def mmd2_variance(
    grams: Grams, sample_size: int | None = None, plug_in: bool = False
) -> tf.Tensor:
    """Estimated variance of `mmd2_unbiased`, a scalar without bias.

    The total of `variance_from_sums`, which has the same arguments and errors.
    It may be negative where the true variance is near 0.

        >>> x = np.arange(8.0)[:, None]
        >>> grams = tm.gram_matrices(tm.Gaussian(), x, x + 3.0)
        >>> float(tm.mmd2_variance(grams)) > 0.0
        True
    """
    variance = variance_from_sums(sum_pairs(grams), sample_size, plug_in)
    return tf.cast(variance.total, grams.xy.dtype)


def mmd2_ratio(grams: Grams, floor: float = 1e-12) -> tf.Tensor:
    """Unbiased MMD**2 in standard deviations, MMD2 / sqrt(max(V, floor)).

    The t-statistic that Sutherland et al. 2017 maximize over kernels, with V
    the `Variance.clipped`. The code of Binkowski et al. 2018 has a floor of
    1e-5, which is more than the variance itself in large samples. Where a part
    of V is clipped or the floor holds, the deviation has gradient zero.

        >>> x = np.arange(8.0)[:, None]
        >>> grams = tm.gram_matrices(tm.Gaussian(2.0), x, x + 6.0)
        >>> float(tm.mmd2_ratio(grams)) > 1.0
        True

    Raises:
      ValueError: for fewer than 4 examples, or a floor that is not positive.
    """
    deviation = variance_from_sums(sum_pairs(grams)).deviation(floor, False)
    return mmd2_unbiased(grams) / tf.cast(deviation, grams.xy.dtype)


# Estimates of MMD^2 of kernel matrices that criteria name.
ESTIMATORS: dict[str, Callable[[Grams], tf.Tensor]] = {
    "unbiased": mmd2_unbiased,
    "biased": mmd2_biased,
    "ustatistic": mmd2_ustatistic,
    "ratio": mmd2_ratio,
}


class CandidateSums(NamedTuple):
    """Sums that the three-sample test takes of a set of candidates.

    For m candidates y and m reference points x, all float64. They may be stored
    in the place of the candidates, for tests against later ones.
    """

    within: tf.Tensor  # [m], sum_{j != i} k(y_i, y_j), for each candidate
    cross: tf.Tensor  # [m], sum_j k(x_j, y_i), for each candidate
    reference: tf.Tensor  # [m], sum_j k(x_i, y_j), for each reference point
    within_squares: tf.Tensor  # [], sum_{i != j} k(y_i, y_j)**2
    cross_squares: tf.Tensor  # [], sum_ij k(x_i, y_j)**2


class SideMoments(NamedTuple):
    """Moments of a set y against another set x, with mu_Y(z) = E_y k(y, z)."""

    within_mean: tf.Tensor  # E k(y, y')
    cross_mean: tf.Tensor  # E k(x, y)
    reference: tf.Tensor  # Var_x[mu_Y(x)]
    witness: tf.Tensor  # Var_y[mu_Y(y) - mu_X(y)]
    within: tf.Tensor  # Var[k(y, y') - mu_Y(y) - mu_Y(y')]
    cross: tf.Tensor  # Var[k(x, y) - mu_Y(x) - mu_X(y)]


def side(sums: CandidateSums, plug_in: bool) -> SideMoments:
    """Moments of the candidates against the reference, from their sums."""
    m, n = size(sums.within, 4), size(sums.reference, 4)
    m2, m3 = m * (m - 1.0), m * (m - 1.0) * (m - 2.0)
    n2 = n * (n - 1.0)
    within, cross = tf.reduce_sum(sums.within), tf.reduce_sum(sums.cross)
    within_mean, cross_mean = within / m2, cross / (n * m)
    # Means of products are over distinct points: what the product of two sums
    # contains of equal points is taken off.
    own_dot = dot(sums.within, sums.within)
    mixed_dot = dot(sums.within, sums.cross)
    other_dot = dot(sums.cross, sums.cross)
    reference_dot = dot(sums.reference, sums.reference)
    own = (own_dot - sums.within_squares) / m3  # E_y mu_Y(y)**2
    mixed = mixed_dot / (m2 * n)  # E_y mu_Y(y) mu_X(y)
    other = (other_dot - sums.cross_squares) / (n2 * m)  # E_y mu_X(y)**2
    reference = (reference_dot - sums.cross_squares) / (n * m2)
    if plug_in:
        within2, cross2 = within_mean**2, cross_mean**2
        product = within_mean * cross_mean
    else:
        within2 = within**2 - 4.0 * own_dot + 2.0 * sums.within_squares
        within2 /= m3 * (m - 3.0)
        cross2 = cross**2 - other_dot - reference_dot + sums.cross_squares
        cross2 /= n2 * m2
        product = (within * cross - 2.0 * mixed_dot) / (m3 * n)
    return SideMoments(
        within_mean=within_mean,
        cross_mean=cross_mean,
        reference=reference - cross2,
        witness=own - within2 - 2.0 * (mixed - product) + other - cross2,
        within=sums.within_squares / m2 - 2.0 * own + within2,
        cross=sums.cross_squares / (n * m) - reference - other + cross2,
    )


def reduce_grams(within: tf.Tensor, cross: tf.Tensor) -> CandidateSums:
    """Sums of k(y, y) [m, m] and k(x, y) [n, m]."""
    cross = tf.cast(cross, tf.float64)
    within = without_diagonal(tf.cast(within, tf.float64))
    return CandidateSums(
        within=tf.reduce_sum(within, axis=1),
        cross=tf.reduce_sum(cross, axis=0),
        reference=tf.reduce_sum(cross, axis=1),
        within_squares=tf.reduce_sum(tf.square(within)),
        cross_squares=tf.reduce_sum(tf.square(cross)),
    )


def cross_pairs(n: tf.Tensor, m: tf.Tensor, plug_in: bool) -> tf.Tensor:
    """Number of pairs (x_i, y_j) that an estimate of MMD**2 takes."""
    return n * m - tf.minimum(n, m) if plug_in else n * m


def dot(u: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    """Inner product of vectors [m]."""
    return tf.reduce_sum(u * v)
