"""How probable changes are of what a critic sees, by how much it has learnt.

T. Karras, M. Aittala, J. Hellsten, S. Laine, J. Lehtinen, T. Aila 2020,
"Training generative adversarial networks with limited data", section 3,
https://arxiv.org/abs/2006.06676.
"""

import dataclasses
from typing import Protocol, runtime_checkable

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives.criterion import Comparison, Criterion, present

# The probability; the sum of r over the updates since it has moved last, and
# their number.
STATE_SIZE = 3
_UPDATES = 4.0  # between moves of the probability


@dataclasses.dataclass(frozen=True)
class AdaptiveProbability:
    """A probability that rises where the critic knows the real images too well.

    p <- min(max(p + sign(r - target) 4 b / images, 0), 1) after every 4 updates

    for b real images in an update, p = 0 at first. r is the mean over these
    updates of the sign of `margins` at the real images that the critic is
    shown: 0 where it cannot tell them from generated ones, 1 where it always
    can. Karras et al. 2020.

        >>> probability = tm.AdaptiveProbability(target=0.5)
        >>> tm.CriticAugmentation("flip,turn", probability).probability.images
        500000

    Attributes:
      target: of r, in (-1, 1).
      images: real images in which p can rise from 0 to 1, >= 1.
    """

    target: float = 0.6
    images: int = 500_000

    def __post_init__(self):
        errors.check_count(1, images=self.images)
        errors.check_finite(target=self.target)
        if not -1.0 < self.target < 1.0:
            raise errors.UsageError(
                f"target={self.target}, need a number between -1 and 1.",
                setting="ada_target",
            )

    def at(self, state: tf.Tensor, images: int | tf.Tensor) -> tf.Tensor:
        """The probability in an update, a scalar.

        Args:
          state: what `after` has returned last, [3]; zeros at first.
          images: real ones in an update, of all replicas.
        """
        p, signs, updates = tf.unstack(state)
        r = signs / tf.maximum(updates, 1.0)
        step = _UPDATES * tf.cast(images, state.dtype) / self.images
        moved = p + tf.sign(r - self.target) * step
        moved = tf.clip_by_value(moved, 0.0, 1.0)
        return tf.where(updates >= _UPDATES, moved, p)

    def after(self, state: tf.Tensor, p: tf.Tensor, r: tf.Tensor) -> tf.Tensor:
        """The state after an update of the critic, [3].

        It is linear in r, so that a mean of states is the state of the mean.

        Args:
          state: before it.
          p: `at` this state.
          r: mean sign of the margins in this update.
        """
        _, signs, updates = tf.unstack(state)
        keep = tf.where(updates >= _UPDATES, 0.0, 1.0)
        p, r = tf.cast(p, state.dtype), tf.cast(r, state.dtype)
        return tf.stack([p, keep * signs + r, keep * updates + 1.0])


@runtime_checkable
class Discerning(Protocol):
    """A criterion that says how surely it tells real from generated images."""

    def margins(self, seen: Comparison) -> tf.Tensor:
        """For each of some real images a number, > 0 where it is told: [n].

        Args:
          seen: an update of the critic.
        """


def margins(criterion: Criterion, seen: Comparison) -> tf.Tensor:
    """By how much the critic tells real images from generated ones: [n].

    f(x_i) - (mean_j f(x_j) + mean_j f(y_j)) / 2

    f is the witness, which has no zero of its own: one that is shifted tells
    the same. A `Discerning` criterion has its own formula.
    """
    if isinstance(criterion, Discerning):
        return criterion.margins(seen)
    features = (present(seen.real_features, "x"), seen.fake_features[0])
    real, fake = seen.update.gather(
        [criterion.witness(rows, seen) for rows in features]
    )
    return real - 0.5 * (tf.reduce_mean(real) + tf.reduce_mean(fake))


def mean_sign(criterion: Criterion, seen: Comparison) -> tf.Tensor:
    """r, the mean sign of the margins, a scalar in [-1, 1]."""
    return tf.reduce_mean(tf.sign(tf.stop_gradient(margins(criterion, seen))))
