"""Criteria that compare means of a critic with one output.

Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN"; Mroueh, Li, Sercu, Raj,
Cheng 2018, "Sobolev GAN"; Mroueh, Sercu 2017, "Fisher GAN".
"""

import abc
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

# A critic that is 0 everywhere has the ratio 0.
_TINY = 1e-12


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
class ConstrainedWGAN(WGAN):
    """WGAN under a constraint on the critic, c = 0, by an augmented Lagrangian.

    critic: -(E f(X) - E f(Y)) + m c + rho / 2 c^2,  then  m <- m + rho c

    with a multiplier m that starts at 0 and that the checkpoint holds. A
    subclass says what c is.

    Attributes:
      constraint_weight: rho, > 0.
    """

    constraint_weight: float

    def __post_init__(self):
        errors.check_above(0.0, constraint_weight=self.constraint_weight)

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        loss = super().critic_loss(seen)
        c = self._constraint(seen)
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

    @abc.abstractmethod
    def _constraint(self, seen: Comparison) -> tf.Tensor:
        """c, a scalar of the global batch."""


@dataclasses.dataclass(frozen=True)
class SobolevGAN(ConstrainedWGAN):
    """WGAN under the constraint (E |grad f(X)|^2 + E |grad f(Y)|^2) / 2 = 1.

    The critic's loss is that of `ConstrainedWGAN`, with c the left side of the
    constraint less 1, gradients with respect to pixels in [0, 1]. Mroueh et al.
    2018, section 5 and algorithm 1. The code of the Scaled MMD GAN has the same
    loss, but never moves the multiplier.

        >>> tm.SobolevGAN(constraint_weight=0.1).single_output
        True

    Attributes:
      constraint_weight: rho, > 0.
    """

    needs_independent_examples: ClassVar[bool] = True

    def _constraint(self, seen: Comparison) -> tf.Tensor:
        c = 0.5 * (
            self._mean_square(seen, seen.real)
            + self._mean_square(seen, seen.fakes[0])
        )
        return c - 1.0

    def _mean_square(self, seen: Comparison, batch: Batch) -> tf.Tensor:
        squares = regularizers.witness_squares(self, seen, batch)
        (squares,) = seen.update.gather([squares])
        return tf.reduce_mean(squares)


@dataclasses.dataclass(frozen=True)
class FisherGAN(ConstrainedWGAN):
    """WGAN under the constraint (E f(X)^2 + E f(Y)^2) / 2 = 1.

    The critic's loss is that of `ConstrainedWGAN`, with c the left side of the
    constraint less 1. Slopes are not bounded, and nothing is differentiated
    twice. The best critic's difference of means is the Fisher distance, the
    root of the integral of 2 (p - q)^2 / (p + q), at most 2; the multiplier is
    half of it there. Mroueh and Sercu 2017, "Fisher GAN", eq. 9 and algorithm
    1, https://arxiv.org/abs/1705.09675.

    With the published rho of 1e-6 the critic grows at first, to (distance / 2
    rho)^(1/3), for tens of thousands of updates; a larger rho holds it at once.
    The logs have `ratio`, (E f(X) - E f(Y)) / sqrt(c + 1), which does not
    depend on the critic's scale. The critic's last layer has no bias.

        >>> tm.FisherGAN().needs_independent_examples
        False

    Attributes:
      constraint_weight: rho, > 0.
    """

    constraint_weight: float = 1e-6

    output_bias: ClassVar[bool] = False

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        value, terms = super().critic_loss(seen)
        second = terms["constraint"] + 1.0
        ratio = terms["mean_difference"] * tf.math.rsqrt(second + _TINY)
        return Loss(value, {**terms, "ratio": ratio})

    def _constraint(self, seen: Comparison) -> tf.Tensor:
        of_real, of_fake = (
            tf.reduce_mean(tf.square(side)) for side in (seen.x, seen.y)
        )
        return 0.5 * (of_real + of_fake) - 1.0
