"""A GAN whose generator makes features that a denoiser leaves alone.

Warde-Farley and Bengio 2017, "Improving generative adversarial networks with
denoising feature matching", ICLR.
"""

import dataclasses
from typing import ClassVar, Literal

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Purpose
from tf_mmdgan.objectives.criterion import Comparison, Loss, present
from tf_mmdgan.objectives.critic_form import Denoiser
from tf_mmdgan.objectives.gan import GAN


@dataclasses.dataclass(frozen=True)
class DenoisingGAN(GAN):
    """A GAN with denoising feature matching.

    critic:    that of `GAN`
    denoiser:  E (r(h(X) + sigma e) - h(X))^2,  e ~ N(0, 1)
    generator: that of `GAN` + weight E (h(Y) - r(h(Y)))^2

    with h what the critic's last layer is given, standardized, and means over
    its columns too. r learns on features of real images alone, together with
    the critic, and neither of these two changes the other. For the generator r
    is held constant, and adds no noise: (r(h) - h) / sigma^2 estimates the
    slope of the log density of real features under that noise, so that h(Y) is
    led to where they are dense.

        >>> tm.DenoisingGAN(denoiser_layers=3).denoising_weight
        0.03

    Attributes:
      generator_form: as of `GAN`.
      denoising_weight: >= 0.
      denoising_noise: sigma, in standard deviations of a feature, > 0.
      denoiser_layers: hidden layers of r, >= 0; see `networks.with_denoiser`.
      denoiser_units: of each of them; 0: as many as there are features.
    """

    generator_form: Literal["minimax", "non_saturating", "boundary_seeking"] = (
        "non_saturating"
    )
    denoising_weight: float = 0.03
    denoising_noise: float = 1.0
    denoiser_layers: int = 10
    denoiser_units: int = 0

    needs_penultimate: ClassVar[bool] = True
    needs_denoiser: ClassVar[bool] = True

    def __post_init__(self):
        super().__post_init__()
        errors.check_at_least(0.0, denoising_weight=self.denoising_weight)
        errors.check_above(0.0, denoising_noise=self.denoising_noise)
        errors.check_count(
            0,
            denoiser_layers=self.denoiser_layers,
            denoiser_units=self.denoiser_units,
        )

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`; the denoiser's is a part of it."""
        value, terms = super().critic_loss(seen)
        rows = present(seen.penultimates[0], "penultimates")
        noise = seen.update.normal(
            Purpose.FEATURE_NOISE, tf.shape(rows)[0], rows.shape[1:]
        )
        scaled = self.denoising_noise * tf.cast(noise, rows.dtype)
        error = _denoiser(seen).error(rows, scaled)
        return Loss(value + error, {**terms, "denoising": error})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        value, terms = super().generator_loss(seen)
        rows = present(seen.penultimates[-1], "penultimates")
        residual = _denoiser(seen).residual(rows)
        term = tf.reduce_mean(tf.square(residual))
        value += self.denoising_weight * term
        return Loss(value, {**terms, "denoising": term})


def _denoiser(seen: Comparison) -> Denoiser:
    found = seen.critic.denoiser
    # `Objective.check` has refused a critic without one.
    assert found is not None
    return found
