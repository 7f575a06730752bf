"""Inductive moment matching: the MMD of two samples of one later time.

L. Zhou, S. Ermon and J. Song, "Inductive Moment Matching", ICML 2025,
arXiv:2503.07565; networks and samplers: https://github.com/lumalabs/imm.
"""

import dataclasses
from typing import Literal

import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.kernels import pairwise_squares
from tf_mmdgan.kernels.roots import safe_root

# Of k: of larger ones float32 knows r from t nowhere, and nothing is learnt.
_LARGEST_GAP = 30
# The unbiased one leaves out the pairs that share data and noise.
_ESTIMATORS = {"biased": mmd.mmd2_biased, "unbiased": mmd.mmd2_ustatistic}


@dataclasses.dataclass(frozen=True)
class InductiveMatching:
    """The loss of inductive moment matching.

    Groups of examples share times s < r < t. Both samples of a group are what
    the network says of time s, one of time t and the other, a constant to
    gradients, of time r, with the same data and noise. Where they agree for all
    r close to t, they agree with the data's law. The loss is

      mean over groups of w(t) MMD^2,  k(u, v) = exp(-||u - v|| / (d |c_out|))

    with d the numbers of an example and c_out the factor of the network in its
    output. The published estimate of MMD^2 is the biased one, in which an
    example meets itself: of groups of one it is a consistency model's loss.

        >>> loss = tm.objectives.inductive.InductiveMatching("unbiased")
        >>> same = tf.zeros([2, 4, 3])  # two groups of four
        >>> float(loss(same, same, tf.ones([2]), tf.fill([2], 0.5)))
        0.0

    Attributes:
      estimator: of MMD^2: "biased" as published; "unbiased": over pairs of
        different examples, also of the two samples.
      gap: k, 1 to 30: r is where t / (1 - t) is less by 160 / 2^k, or s if
        that is later.
      power: a of w(t).
      bias: b of w(t).

    Raises:
      UsageError: for another estimator, and a gap that is not 1 to 30.
    """

    estimator: Literal["biased", "unbiased"] = "biased"
    gap: int = 12
    power: float = 1.0
    bias: float = 5.0

    def __post_init__(self):
        if self.estimator not in _ESTIMATORS:
            raise errors.UsageError(
                f"estimator={self.estimator}: inductive moment matching has "
                "biased and unbiased.",
                setting="mmd_estimator",
            )
        errors.check_count(1, gap=self.gap)
        if self.gap > _LARGEST_GAP:
            raise errors.UsageError(
                f"gap={self.gap}: need 1 to {_LARGEST_GAP}; of larger ones "
                "both times are the same in float32.",
                setting="time_gap",
            )

    def check_group(self, size: int) -> None:
        """Raises UsageError for groups that are too small for the estimate."""
        least = 2 if self.estimator == "unbiased" else 1
        if size < least:
            raise errors.UsageError(
                f"group_size={size}, need {least} or more for the "
                f"{self.estimator} estimate.",
                setting="group_size",
            )

    def between(self, t: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
        """The time r of each t and s, in [s, t]."""
        ratio = t / (1.0 - t) - 160.0 / 2.0**self.gap
        earlier = ratio / (1.0 + ratio)
        return tf.maximum(s, tf.where(ratio > 0.0, earlier, 0.0))

    def weight(self, t: tf.Tensor) -> tf.Tensor:
        """w(t), eq. 13: 1/2 sigmoid(b - l) (-dl/dt) (1 - t)^a / r^2.

        l = 2 log((1 - t) / t) is the logarithm of the signal-to-noise ratio,
        and r^2 = (1 - t)^2 + t^2.
        """
        ratio = 2.0 * (tf.math.log1p(-t) - tf.math.log(t))
        slope = 2.0 / (t * (1.0 - t))
        square = tf.square(1.0 - t) + tf.square(t)
        signal = tf.pow(1.0 - t, self.power)
        return 0.5 * tf.sigmoid(self.bias - ratio) * slope * signal / square

    def __call__(
        self, x: tf.Tensor, y: tf.Tensor, scale: tf.Tensor, t: tf.Tensor
    ) -> tf.Tensor:
        """The loss of two samples.

        Args:
          x: what the network says of time t, [groups, m, d].
          y: what it says of time r; no gradient passes through it.
          scale: |c_out| of each group, [groups].
          t: of each group, [groups].

        Returns:
          A scalar.
        """
        y = tf.stop_gradient(y)
        width = tf.cast(x.shape[-1], x.dtype) * scale[:, None, None]
        grams = mmd.Grams(
            *(
                tf.exp(-safe_root(pairwise_squares(*pair)) / width)
                for pair in ((x, x), (x, y), (y, y))
            )
        )
        squares = tf.vectorized_map(_ESTIMATORS[self.estimator], grams)
        return tf.reduce_mean(self.weight(t) * squares)
