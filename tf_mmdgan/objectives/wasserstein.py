"""Criteria that compare means of a critic with one output.

Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN"; Mroueh, Li, Sercu, Raj,
Cheng 2018, "Sobolev GAN".
"""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import regularizers
from tf_mmdgan.objectives.criterion import (
    Batch,
    Comparison,
    Critic,
    Loss,
    ScalarCriterion,
)


@dataclasses.dataclass(frozen=True)
class WGAN(ScalarCriterion):
    """The critic f maximises E f(X) - E f(Y), the generator E f(Y).

    The slope of f must be bounded by a regulariser: clipped weights (Arjovsky
    et al. 2017), or a gradient penalty (Gulrajani et al. 2017, "Improved
    training of Wasserstein GANs").

        >>> clipping = tm.WeightClipping(0.01)
        >>> objective = tm.Objective(tm.WGAN(), weight_clipping=clipping)
        >>> objective.criterion.single_output
        True
    """

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        difference = tf.reduce_mean(seen.x) - tf.reduce_mean(seen.y)
        return Loss(-difference, {"mean_difference": difference})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        mean = tf.reduce_mean(seen.y)
        return Loss(-mean, {"fake_mean": mean})


@dataclasses.dataclass(frozen=True)
class SobolevGAN(WGAN):
    """WGAN under the constraint (E |grad f(X)|^2 + E |grad f(Y)|^2) / 2 = 1.

    critic: -(E f(X) - E f(Y)) + m c + rho / 2 c^2,  then  m <- m + rho c

    with c the left side of the constraint less 1, gradients with respect to
    pixels in [0, 1], and the multiplier m of an augmented Lagrangian. Mroueh et
    al. 2018, section 5 and algorithm 1. The code of the Scaled MMD GAN has the
    same loss, but never moves m.

        >>> tm.SobolevGAN(constraint_weight=0.1).single_output
        True

    Attributes:
      constraint_weight: rho, > 0.
    """

    constraint_weight: float

    def __post_init__(self):
        errors.check_above(0.0, constraint_weight=self.constraint_weight)

    needs_independent_examples: ClassVar[bool] = True

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        loss = super().critic_loss(seen)
        c = 0.5 * (
            self._mean_square(seen, seen.real)
            + self._mean_square(seen, seen.fakes[0])
        )
        c -= 1.0
        multiplier = tf.identity(seen.critic.multiplier.value)
        multiplier = tf.cast(multiplier, c.dtype)
        value = loss.value + multiplier * c
        value += 0.5 * self.constraint_weight * tf.square(c)
        terms = {**loss.terms, "constraint": c, "multiplier": multiplier}
        return Loss(value, terms)

    def after_update(
        self, critic: Critic, terms: Mapping[str, tf.Tensor]
    ) -> None:
        """Moves the multiplier."""
        moved = terms["multiplier"]
        moved += self.constraint_weight * terms["constraint"]
        critic.multiplier.assign(tf.cast(moved, critic.multiplier.dtype))

    def _mean_square(self, seen: Comparison, batch: Batch) -> tf.Tensor:
        squares = regularizers.witness_squares(self, seen, batch)
        (squares,) = seen.update.gather([squares])
        return tf.reduce_mean(squares)
