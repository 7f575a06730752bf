"""Ratios of densities by kernel mean matching, and training on them.

Srivastava, Xu, Gutmann and Sutton 2020, "Generative ratio matching networks",
https://openreview.net/forum?id=SJg7spEYDS.
"""

import dataclasses
from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd, switches
from tf_mmdgan.config.fields import Given
from tf_mmdgan.kernels import bandwidths
from tf_mmdgan.kernels.roots import floored_root

POSITIVITY = ("penalty", "clip", "none")
_LARGEST_RATIO = 1e9
# Of a kernel's values near 1, single precision tells no smaller ones apart.
_LEAST_RIDGE = 1.2e-7


def density_ratio(
    qq: tf.Tensor, qp: tf.Tensor, ridge: float | tf.Tensor
) -> tf.Tensor:
    """Estimates p / q at m points of q, from n points of p.

    r = (m / n) (K_qq + ridge I)^-1 K_qp 1

    With the weights r, the mean embedding of the points of q becomes that of
    the points of p. They solve a linear system and may be negative. Huang et
    al. 2007, "Correcting sample selection bias by unlabeled data"; Sugiyama,
    Suzuki and Kanamori 2012, "Density ratio estimation in machine learning",
    section 3.3.

    Args:
      qq: kernel matrix of the points of q, [..., m, m].
      qp: kernel matrix of the points of q with those of p, [..., m, n].
      ridge: >= 0; below about 1e-3 the system is ill-conditioned in float32,
        and the ratio has nothing to do with the truth.

    Returns:
      The ratios, [..., m].

    Raises:
      UsageError: for another ridge; and where points of q are equal and the
        ridge is 0, or lost in rounding. In a graph the latter is
        tf.errors.InvalidArgumentError.
    """
    if not tf.is_tensor(ridge):
        errors.check_at_least(0.0, ridge=ridge)
    m = tf.shape(qq)[-1]
    system = qq + ridge * tf.eye(m, dtype=qq.dtype)
    right = tf.reduce_mean(qp, axis=-1, keepdims=True)
    try:
        ratio = tf.linalg.solve(system, right)[..., 0]
    except tf.errors.InvalidArgumentError as error:
        if "not invertible" not in error.message:
            raise
        raise errors.UsageError(
            f"ridge={float(ridge):g}: the system of the density ratio is "
            "singular, for points of q are equal; try 1e-2."
        ) from None
    return tf.cast(m, qq.dtype) * ratio


def pearson_divergence(ratio: tf.Tensor) -> tf.Tensor:
    """PD = E_q (r - 1)^2, from ratios r at points of q: [..., m] -> [...]."""
    return tf.reduce_mean(tf.square(ratio - 1.0), axis=-1)


class RatioLosses(NamedTuple):
    """Losses of both networks, and what they are made of; scalars."""

    projection: tf.Tensor
    generator: tf.Tensor
    pearson: tf.Tensor
    mmd2: tf.Tensor


@dataclasses.dataclass(frozen=True)
class RatioMatching:
    """The losses of GRAM-nets, of real features u and generated features v.

    projection: -PD(r) [- sum_i r_i],  generator: sqrt(max(MMD^2_V, 1e-12))

    with the ratios r of `density_ratio` averaged over bandwidths, and the
    biased MMD^2 summed over them, all from one set of kernel matrices. The
    projection raises the Pearson divergence of the features, which is at most
    that of the images, so that the generator matches the laws where they
    differ. Srivastava et al. 2020, section 3.

        >>> x = tf.random.stateless_normal([8, 2], (0, 1))
        >>> losses = tm.RatioMatching(bandwidths=(1.0, 2.0))(x, x + 1.0)
        >>> float(losses.generator) > 0.0
        True

    Attributes:
      bandwidths: standard deviations of the Gaussian kernels; one, or some.
      ridge: of the density ratio.
      positivity: what keeps the ratios positive: a "penalty" (the sum above, as
        the published runs have it), a "clip" at 0, or "none".
      median_bandwidth: whether bandwidths are multiples of the median distance
        of all features of the batch. Without it the projection can choose its
        scale.

    Raises:
      UsageError: for numbers that are not positive, a ridge that single
        precision does not tell from none, or an unknown positivity.
    """

    bandwidths: Given[tuple[float, ...]] = (1.0,)
    ridge: float = 1e-3
    positivity: str = "penalty"
    median_bandwidth: bool = False

    def __post_init__(self):
        switches.settle(self)
        some = kernels.some_numbers(self.bandwidths)
        if not some:
            raise errors.UsageError(
                f"bandwidths={errors.excerpt(self.bandwidths, 60)}, need "
                "numbers > 0."
            )
        object.__setattr__(self, "bandwidths", some)
        for bandwidth in self.bandwidths:
            errors.check_above(0.0, bandwidths=bandwidth)
        errors.check_finite(ridge=self.ridge)
        if self.ridge < _LEAST_RIDGE:
            raise errors.UsageError(
                f"ridge={self.ridge}: without a ridge, or with one that is "
                "lost in rounding, the system of the density ratio is "
                "singular where features are equal; try 1e-2."
            )
        known = dict.fromkeys(POSITIVITY)
        errors.pick(known, self.positivity, "positivity")

    def __call__(self, u: tf.Tensor, v: tf.Tensor) -> RatioLosses:
        """Losses for real features u [n, k] and generated features v [m, k]."""
        uu, vu, vv = self._grams(u, v)
        ratio = tf.reduce_mean(density_ratio(vv, vu, self.ridge), axis=0)
        if self.positivity == "clip":
            ratio = tf.clip_by_value(ratio, 0.0, _LARGEST_RATIO)
        pearson = pearson_divergence(ratio)
        projection = -pearson
        if self.positivity == "penalty":
            projection -= tf.reduce_sum(ratio)
        mmd2 = tf.reduce_sum(mmd.mmd2_biased(mmd.Grams(vv, vu, uu)))
        return RatioLosses(projection, floored_root(mmd2), pearson, mmd2)

    def _grams(self, u: tf.Tensor, v: tf.Tensor) -> list[tf.Tensor]:
        """Kernel matrices of (u, u), (v, u) and (v, v), for each bandwidth."""
        u, v = kernels.as_matrices(u, v)
        pooled = tf.concat([u, v], axis=0)
        squares = kernels.squared_distances(pooled, pooled)
        variances = tf.constant(self.bandwidths, u.dtype) ** 2
        if self.median_bandwidth:
            variances *= bandwidths.median_of_pairs(tf.stop_gradient(squares))
        grams = kernels.gaussian(squares, variances[:, None, None])
        n = tf.shape(u)[0]
        return [grams[:, :n, :n], grams[:, n:, :n], grams[:, n:, n:]]
