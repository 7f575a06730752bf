"""Criteria made of the outputs of a classifier: GANs and f-GANs.

Goodfellow et al. 2014, "Generative adversarial nets"; Miyato et al. 2018,
"Spectral normalization for generative adversarial networks"; Hjelm et al. 2018,
"Boundary-seeking generative adversarial networks"; Mao et al. 2017, "Least
squares generative adversarial networks"; Jolicoeur-Martineau 2019, "The
relativistic discriminator"; Nowozin, Cseke, Tomioka 2016, "f-GAN".
"""

import dataclasses
from typing import ClassVar, Literal

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.config.fields import Given
from tf_mmdgan.objectives.criterion import (
    Comparison,
    Criterion,
    Loss,
    ScalarCriterion,
    present,
)
from tf_mmdgan.objectives.f_divergences import DIVERGENCE_FAMILY, FDivergence

softplus, mean = tf.math.softplus, tf.reduce_mean


@dataclasses.dataclass(frozen=True)
class GAN(ScalarCriterion):
    """A critic with logit a, a classifier D = sigmoid(a) of real images.

    critic: E softplus(-a(X)) + E softplus(a(Y)) = -E log D(X) - E log(1 - D(Y))
    generator, minimax:         -E softplus(a(Y)) =  E log(1 - D(Y))
    generator, non_saturating:   E softplus(-a(Y)) = -E log D(Y)
    generator, boundary_seeking: E a(Y)^2 / 2, a = log D - log(1 - D)

    Goodfellow et al. 2014, section 3; Hjelm et al. 2018, section 2.3.

        >>> penalty = tm.ZeroCentredPenalty(1.0, "real")
        >>> tm.Objective(tm.GAN("non_saturating"), penalty).criterion
        GAN(generator_form='non_saturating')

    Attributes:
      generator_form: which of the three losses the generator has.
    """

    generator_form: Literal["minimax", "non_saturating", "boundary_seeking"]

    def __post_init__(self):
        errors.pick(_GENERATOR_LOSSES, self.generator_form, "generator form")

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        return classified(seen)

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        value = _GENERATOR_LOSSES[self.generator_form](seen.y)
        return Loss(value, {"fake_mean": mean(seen.y)})

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`: the logits."""
        return present(seen.x, "x")[:, 0]

    def noise_curvatures(
        self, real: tf.Tensor, fake: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """(1 - D)^2 at real and D^2 at generated logits, [b] each."""
        return tf.square(tf.sigmoid(-real)), tf.square(tf.sigmoid(fake))


_GENERATOR_LOSSES = {
    "minimax": lambda a: -mean(softplus(a)),
    "non_saturating": lambda a: mean(softplus(-a)),
    "boundary_seeking": lambda a: 0.5 * mean(tf.square(a)),
}


def classified(seen: Comparison) -> Loss:
    """The critic's loss of a `GAN`."""
    x = present(seen.x, "x")
    real, fake = mean(softplus(-x)), mean(softplus(seen.y))
    return Loss(real + fake, {"real_loss": real, "fake_loss": fake})


@dataclasses.dataclass(frozen=True)
class FeatureMatchingGAN(ScalarCriterion):
    """A GAN whose generator matches a mean of the critic, and fools nobody.

    critic:    that of `GAN`
    generator: |E h(X) - E h(Y)|^2

    with h(X) what the critic's last layer is given, and means over the global
    batch: the MMD of these features with the linear kernel, by its biased
    estimate. The critic still tells both apart when the generator's loss is
    small. Salimans et al. 2016, "Improved techniques for training GANs",
    section 3.1, https://arxiv.org/abs/1606.03498, without labels.

        >>> tm.Objective(tm.FeatureMatchingGAN()).criterion
        FeatureMatchingGAN()
    """

    generator_sees_real: ClassVar[bool] = True
    needs_penultimate: ClassVar[bool] = True

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        return classified(seen)

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        of_real, of_fake = (
            mean(rows, axis=0)
            for rows in seen.update.gather(
                [present(h, "penultimates") for h in seen.penultimates]
            )
        )
        difference = of_fake - tf.stop_gradient(of_real)
        value = tf.reduce_sum(tf.square(difference))
        return Loss(value, {"fake_mean": mean(seen.y)})

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`: the logits."""
        return present(seen.x, "x")[:, 0]


@dataclasses.dataclass(frozen=True)
class HingeGAN(ScalarCriterion):
    """critic: E max(0, 1 - f(X)) + E max(0, 1 + f(Y)), generator: -E f(Y).

    Lim and Ye 2017, "Geometric GAN"; Miyato et al. 2018, eqs. 16 and 17.

        >>> tm.Objective(tm.HingeGAN()).criterion.single_output
        True
    """

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        real = mean(tf.nn.relu(1.0 - present(seen.x, "x")))
        fake = mean(tf.nn.relu(1.0 + seen.y))
        return Loss(real + fake, {"real_loss": real, "fake_loss": fake})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        return Loss(-mean(seen.y), {"fake_mean": mean(seen.y)})

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`: the critic's output."""
        return present(seen.x, "x")[:, 0]


@dataclasses.dataclass(frozen=True)
class LeastSquaresGAN(ScalarCriterion):
    """The critic regresses a number on real, another on generated images.

    critic:    E (f(X) - b)^2 / 2 + E (f(Y) - a)^2 / 2
    generator: E (f(Y) - c)^2 / 2

    with (a, b, c) = (0, 1, 1) in the form zero_one, and (-1, 1, 0) in the form
    pearson. With the best critic of the latter, E (f(X) - c)^2 / 2 and the
    generator's loss add up to the Pearson divergence of generated images from
    an equal mixture of both, chi^2(Q || (P + Q) / 2). Mao et al. 2017, eqs. 2,
    8 and 9, https://arxiv.org/abs/1611.04076; their experiments have eq. 9,
    zero_one.

        >>> tm.Objective(tm.LeastSquaresGAN()).criterion
        LeastSquaresGAN(generator_form='zero_one')

    Attributes:
      generator_form: "zero_one" or "pearson".
    """

    generator_form: Literal["zero_one", "pearson"] = "zero_one"

    def __post_init__(self):
        errors.pick(_TARGETS, self.generator_form, "generator form")

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        fake_target, real_target, _ = _TARGETS[self.generator_form]
        real = _half_square(present(seen.x, "x") - real_target)
        fake = _half_square(seen.y - fake_target)
        return Loss(real + fake, {"real_loss": real, "fake_loss": fake})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        *_, target = _TARGETS[self.generator_form]
        value = _half_square(seen.y - target)
        return Loss(value, {"fake_mean": mean(seen.y)})

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`: from between a and b."""
        fake_target, real_target, _ = _TARGETS[self.generator_form]
        middle = 0.5 * (fake_target + real_target)
        return present(seen.x, "x")[:, 0] - middle


# a, b and c.
_TARGETS = {"zero_one": (0.0, 1.0, 1.0), "pearson": (-1.0, 1.0, 0.0)}


def _half_square(residuals: tf.Tensor) -> tf.Tensor:
    return 0.5 * mean(tf.square(residuals))


@dataclasses.dataclass(frozen=True)
class RelativisticGAN(Criterion):
    """The critic tells which of two is the real one; logits are differences.

    average: the logits of real images are a(X) - E a(Y), and of generated ones
        a(Y) - E a(X);
      critic:    E softplus(-(a(X) - E a(Y))) + E softplus(a(Y) - E a(X))
      generator: E softplus(-(a(Y) - E a(X))) + E softplus(a(X) - E a(Y))
    paired: row i of the real images is compared with row i of the others;
      critic:    E softplus(-(a(X) - a(Y)))
      generator: E softplus(-(a(Y) - a(X)))

    The generator's loss is the critic's with real and generated images in each
    other's places. Jolicoeur-Martineau 2019, "The relativistic discriminator: a
    key element missing from standard GAN", algorithms 1 and 2,
    https://arxiv.org/abs/1807.00734. Means are over the global batch.

        >>> tm.Objective(tm.RelativisticGAN()).criterion
        RelativisticGAN(comparison='average')

    Attributes:
      comparison: "average" (RaSGAN) or "paired" (RSGAN).
    """

    comparison: Literal["average", "paired"] = "average"

    def __post_init__(self):
        errors.pick(_RELATIVE, self.comparison, "comparison")

    single_output: ClassVar[bool] = True

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        value = _RELATIVE[self.comparison](seen.x, seen.y)
        return Loss(value, {"mean_difference": mean(seen.x) - mean(seen.y)})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        value = _RELATIVE[self.comparison](seen.y, seen.x)
        return Loss(value, {"fake_mean": mean(seen.y)})

    def witness(self, features: tf.Tensor, seen: Comparison) -> tf.Tensor:
        """The critic's output itself, [b]."""
        del seen
        return features[:, 0]


def _above_average(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return mean(softplus(mean(b) - a)) + mean(softplus(b - mean(a)))


_RELATIVE = {
    "average": _above_average,
    "paired": lambda a, b: mean(softplus(b - a)),
}


@dataclasses.dataclass(frozen=True)
class FGAN(ScalarCriterion):
    """A lower bound of D_f(P || Q), tight at the critic T = f'(p / q).

    critic:    -(E T(X) - E f*(T(Y))),  T = g(v)
    generator: -E f*(T(Y));  non-saturating: -E T(Y)

    with the critic's output v and the divergence's output activation g. Nowozin
    et al. 2016, eqs. 4 to 6 and section 3.2.

        >>> tm.FGAN("pearson")
        FGAN(divergence=PearsonDivergence(), generator_form='minimax')

    Attributes:
      divergence: f, with its conjugate f* and activation g; or its name.
      generator_form: "minimax" or "non_saturating".
    """

    divergence: Given[FDivergence]
    generator_form: Literal["minimax", "non_saturating"] = "minimax"

    def __post_init__(self):
        forms = {"minimax": None, "non_saturating": None}
        errors.pick(forms, self.generator_form, "generator form")
        divergence = DIVERGENCE_FAMILY.get(self.divergence)
        object.__setattr__(self, "divergence", divergence)

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        real = mean(self.divergence.output(seen.x))
        fake = mean(self.divergence.conjugate_of_output(seen.y))
        return Loss(fake - real, {"divergence": real - fake})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        if self.generator_form == "minimax":
            value = -mean(self.divergence.conjugate_of_output(seen.y))
        else:
            value = -mean(self.divergence.output(seen.y))
        return Loss(value, {"fake_mean": mean(seen.y)})

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`: T less its f'(1)."""
        outputs = self.divergence.output(present(seen.x, "x")[:, 0])
        return outputs - self.divergence.threshold

    def noise_curvatures(
        self, real: tf.Tensor, fake: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """0 at real and f*''(T) g'(v)^2 at generated outputs, [b] each."""
        return tf.zeros_like(real), self.divergence.curvature(fake)
