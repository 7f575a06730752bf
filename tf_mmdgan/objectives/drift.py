"""Drift fields: where generated points would have to go to meet real ones.

    field = DriftField(Laplace(), "both")
    steps = field(points, positives, negatives)  # [n, d]

Points are drawn towards real points, the positives, and pushed away from
generated ones, the negatives, by weights that fall with the distance. The field
changes sign where positives and negatives change places. With

    V+ = sum_j k(x, y+_j) (y+_j - x) / sum_j k(x, y+_j),  V- of negatives alike

and K the companion of the kernel k, whose slope is k(x, y) (y - x), it is

both      sums of roots of two softmaxes: over all y of one x, and over all x
          of one y; Algorithm 2 of the paper
row       Z+ Z- / (Z+ + Z-)^2 (V+ - V-), Z the sums of kernels: the softmax over
          all y. With a Gaussian k it is the slope of D = p / (p + q) where sums
          of kernels stand for the densities p and q.
separate  V+ - V-, eq. 8 to 10 of the paper. With a Gaussian k it is sigma^2
          times the slope of log p - log q of the same sums.
none      mean k(x, y+) (y+ - x) - mean k(x, y-) (y- - x): -n / 2 times the
          gradient of the unbiased MMD^2 of K with respect to x, where the n
          points are the negatives
sharp     the slope of log p - log q of sums of K, whatever k is

Deng, Li, Li, Du and He 2026, "Generative modeling via drifting",
https://arxiv.org/abs/2602.04770. Row and f-divergences: derived here. Sharp:
Franz et al. 2026, https://arxiv.org/abs/2604.06333.
"""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.config.fields import Given
from tf_mmdgan.kernels import (
    KERNEL_FAMILY,
    Laplace,
    RadialMixture,
    pairwise_squares,
)
from tf_mmdgan.kernels.rows import as_points
from tf_mmdgan.mmd.estimators import size
from tf_mmdgan.objectives.f_divergences import DIVERGENCE_FAMILY, FDivergence

# Logarithms of density ratios are kept within this, so that powers of the ratio
# stay finite in float32.
_LARGEST_LOG_RATIO = 20.0


class Sides(NamedTuple):
    """Of pairs of n points with p positives and m negatives.

    Negatives of which the first n are the points themselves have a diagonal of
    pairs x_i, x_i that must not count: `own` says so. Negatives with
    `log_weights` w count as if each were there exp(w) times.
    """

    positive: tf.Tensor  # [..., n, p]
    negative: tf.Tensor  # [..., n, m]
    own: bool
    log_weights: tf.Tensor | None = None  # [m]

    @property
    def joint(self) -> tf.Tensor:
        """Both beside each other: [..., n, p + m]."""
        return tf.concat([self.positive, self.negative], axis=-1)

    def of(self, joint: tf.Tensor) -> "Sides":
        """The two parts of what is like `joint`."""
        count = tf.shape(self.positive)[-1]
        return self._replace(
            positive=joint[..., :count], negative=joint[..., count:]
        )

    def weighted(self) -> "Sides":
        """Logarithms of values, with those of the negatives' weights added."""
        if self.log_weights is None:
            return self
        return self._replace(negative=self.negative + self.log_weights)

    def without_own(self, value: float) -> "Sides":
        """The same with this value for pairs of a point with itself."""
        if not self.own:
            return self
        diagonal = tf.fill(tf.shape(self.negative)[:-1], value)
        negative = tf.linalg.set_diag(
            self.negative, tf.cast(diagonal, self.negative.dtype)
        )
        return self._replace(negative=negative)

    def map(self, function: Callable[[tf.Tensor], tf.Tensor]) -> "Sides":
        """A function of each side."""
        return self._replace(
            positive=function(self.positive), negative=function(self.negative)
        )

    def log_means(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Logarithms of mean exponentials of the sides, each [..., n, 1].

        Pairs of a point with itself are -inf here, and are not counted.
        """
        sums = self.map(
            lambda logs: tf.reduce_logsumexp(logs, axis=-1, keepdims=True)
        )
        positives, negatives = self.counts()
        return (
            sums.positive - tf.math.log(positives),
            sums.negative - tf.math.log(negatives),
        )

    def means_of(self, values: "Sides") -> "Sides":
        """Values over how many pairs a point has on their side."""
        positives, negatives = self.counts()
        return values._replace(
            positive=values.positive / positives,
            negative=values.negative / negatives,
        )

    def counts(self) -> tuple[tf.Tensor, tf.Tensor]:
        """How many positives and negatives a point has, itself not counted.

        Raises:
          ValueError: for none of either; see `mmd.estimators.size`.
        """
        dtype = self.positive.dtype
        positives = tf.cast(size(self.positive, 1, -1), dtype)
        if self.log_weights is not None:
            total = tf.reduce_sum(tf.exp(self.log_weights))
            return positives, total - tf.cast(self.own, dtype)
        negatives = size(self.negative, 1 + self.own, -1) - float(self.own)
        return positives, tf.cast(negatives, dtype)


# Makes the logarithms of the companion's values, where they are needed.
Companion = Callable[[], Sides]


def _balanced(affinity: Sides) -> Sides:
    """Each side's weights times the sum of the other's, so that x drops out."""
    positive = tf.reduce_sum(affinity.positive, axis=-1, keepdims=True)
    negative = tf.reduce_sum(affinity.negative, axis=-1, keepdims=True)
    return affinity._replace(
        positive=affinity.positive * negative,
        negative=affinity.negative * positive,
    )


def _row(logs: Sides, companion: Companion) -> Sides:
    del companion
    return _balanced(logs.of(tf.nn.softmax(logs.joint)))


def _both(logs: Sides, companion: Companion, floor: float = 0.0) -> Sides:
    del companion
    rows = tf.nn.log_softmax(logs.joint)
    product = rows + tf.nn.log_softmax(logs.joint, axis=-2)
    copies = None
    if logs.log_weights is not None:
        # The root is of each copy, of which there are so many.
        none = tf.zeros([tf.shape(logs.positive)[-1]], product.dtype)
        copies = tf.concat([none, logs.log_weights], axis=0)
        product -= copies
    if floor:
        product = tf.maximum(product, math.log(floor))
    roots = 0.5 * product
    return _balanced(
        logs.of(tf.exp(roots if copies is None else roots + copies))
    )


def _separate(logs: Sides, companion: Companion) -> Sides:
    del companion
    return logs.map(tf.nn.softmax)


def _none(logs: Sides, companion: Companion) -> Sides:
    del companion
    return logs.means_of(logs.map(tf.exp))


def _sharp(logs: Sides, companion: Companion) -> Sides:
    positive, negative = companion().log_means()
    return logs.means_of(
        logs._replace(
            positive=tf.exp(logs.positive - positive),
            negative=tf.exp(logs.negative - negative),
        )
    )


NORMALIZATIONS: dict[str, Callable[..., Sides]] = {
    "both": _both,
    "row": _row,
    "separate": _separate,
    "none": _none,
    "sharp": _sharp,
}
"""From logarithms of the kernel, and of its companion, to weights of pairs."""


@dataclasses.dataclass(frozen=True)
class DriftField:
    """Where points have to go for their law to become that of the positives.

        >>> field = tm.DriftField("laplace")
        >>> steps = field([[0.0, 0.0]], [[1.0, 0.0]], [[-1.0, 0.0]])
        >>> bool(steps[0, 0] > 0.0)  # away from negatives, to positives
        True

    Attributes:
      kernel: a kernel of the distance, or its name. "sharp" needs its
        companion.
      normalization: a name in `NORMALIZATIONS`; see the top of this file.
      divergence: of "separate" only, or its name: V+ - V- is multiplied by
        u**2 f''(u) at the ratio u = p / q of sums of kernels, so that points
        follow the Wasserstein gradient of E_q f(p / q) with sums of kernels for
        densities. None: that of the reverse KL, whose factor is 1.
      floor: of "both" only: least product of the two softmaxes. The published
        code has 1e-6, by which all pairs attract however far they are.

    Raises:
      UsageError: for an unknown normalisation, for a divergence or a floor that
        it has no use for, and for a kernel that does not fit.
    """

    kernel: Given[RadialMixture] = dataclasses.field(default_factory=Laplace)
    normalization: str = "both"
    divergence: Given[FDivergence] | None = None
    floor: float = 0.0

    def __post_init__(self):
        kernel = KERNEL_FAMILY.get(self.kernel)
        object.__setattr__(self, "kernel", kernel)
        chosen = self.normalization
        errors.pick(NORMALIZATIONS, chosen, "normalisation of a drift")
        errors.check_at_least(0.0, floor=self.floor)
        if not isinstance(kernel, RadialMixture):
            raise errors.UsageError(
                "A drift needs a kernel of the distance, such as laplace, rbf "
                f"or matern, not {kernel}.",
                setting="kernel",
            )
        if self.divergence is not None:
            divergence = DIVERGENCE_FAMILY.get(self.divergence)
            object.__setattr__(self, "divergence", divergence)
            if chosen != "separate":
                raise errors.UsageError(
                    "The drift of a divergence is normalised separately, not "
                    f"{chosen!r}.",
                    setting="drift_normalization",
                )
        if self.floor and chosen != "both":
            raise errors.UsageError(
                f"A drift that is normalised {chosen!r} has no floor."
            )
        if chosen == "sharp":
            _companion(kernel)

    def __call__(
        self,
        points: tf.Tensor,
        positives: tf.Tensor,
        negatives: tf.Tensor,
        own: bool = False,
    ) -> tf.Tensor:
        """The field at the points; raises ValueError for unequal widths.

        Args:
          points: [..., n, d].
          positives: real points [..., p, d].
          negatives: generated points [..., m, d].
          own: whether the first n negatives are the points, in their order. A
            point is then none of its own negatives.

        Returns:
          Steps, [..., n, d], to be added to the points.
        """
        points, positives, negatives = as_points(points, positives, negatives)
        squares = Sides(
            pairwise_squares(points, positives),
            pairwise_squares(points, negatives),
            own,
        )
        squares.counts()  # which refuses too few
        return pull(self.weights(squares), points, positives, negatives)

    def weights(self, squares: Sides, temperature: float = 1.0) -> Sides:
        """Weights by which points are drawn to positives, pushed by negatives.

        Args:
          squares: squared distances.
          temperature: what the kernel's bandwidth is multiplied by.
        """
        squares = squares.map(lambda side: side / temperature**2)
        logs = squares.map(self.kernel.log_of_squares).weighted()
        logs = logs.without_own(-math.inf)

        def companion():
            factor, kernel = _companion(self.kernel)
            values = squares.map(kernel.log_of_squares).weighted()
            shift = math.log(factor * temperature**2)
            return values.map(lambda v: v + shift).without_own(-math.inf)

        rule = NORMALIZATIONS[self.normalization]
        if self.floor:
            rule = functools.partial(rule, floor=self.floor)
        weights = rule(logs, companion)
        if self.divergence is None:
            return weights
        positive, negative = logs.log_means()
        factor = _divergence_weight(self.divergence, positive - negative)
        return weights.map(lambda side: factor * side)


def pull(
    weights: Sides,
    points: tf.Tensor,
    positives: tf.Tensor,
    negatives: tf.Tensor,
) -> tf.Tensor:
    """sum_j w+_ij (y+_j - x_i) - sum_j w-_ij (y-_j - x_i): [..., n, d]."""
    # Weights may be large beside their differences; near the origin rounding is
    # that of the spread of the points alone.
    origin = tf.reduce_mean(points, axis=-2, keepdims=True)
    total = tf.reduce_sum(weights.positive, axis=-1, keepdims=True)
    total -= tf.reduce_sum(weights.negative, axis=-1, keepdims=True)
    drawn = tf.matmul(weights.positive, positives - origin)
    pushed = tf.matmul(weights.negative, negatives - origin)
    return drawn - pushed - total * (points - origin)


def _companion(kernel: RadialMixture) -> tuple[float, RadialMixture]:
    try:
        return kernel.companion
    except ValueError as error:
        raise errors.UsageError(
            f"No sharp drift: {error}", setting="kernel"
        ) from None


def _divergence_weight(
    divergence: FDivergence, log_ratio: tf.Tensor
) -> tf.Tensor:
    """u**2 f''(u) at the ratios u = exp(log_ratio), of their shape."""
    bound = _LARGEST_LOG_RATIO
    ratio = tf.exp(tf.clip_by_value(log_ratio, -bound, bound))
    with tf.GradientTape() as tape:
        tape.watch(ratio)
        slope = divergence.derivative(ratio)
    curvature = tape.gradient(
        slope, ratio, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return tf.square(ratio) * curvature
