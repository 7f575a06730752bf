"""What steadies training beside the loss: noise on images, clipped weights."""

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Purpose, Update
from tf_mmdgan.objectives import gradients
from tf_mmdgan.objectives.annealing import CONSTANT, Annealing
from tf_mmdgan.objectives.criterion import Batch, Critic


@dataclasses.dataclass(frozen=True)
class WeightClipping:
    """Keeps the critic's weights in [-bound, bound] after each of its updates.

    Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN", algorithm 1.

        >>> tm.WeightClipping(0.01)
        WeightClipping(bound=0.01)
    """

    bound: float

    def __post_init__(self):
        errors.check_above(0.0, bound=self.bound)

    def after_update(self, critic: Critic) -> None:
        """Clips the weights."""
        critic.clip_weights(self.bound)


@dataclasses.dataclass(frozen=True)
class InstanceNoise:
    """N(0, deviation^2) on each pixel of real and generated images.

    The deviation is that on images in [0, 1]; noise is in both losses, and may
    fall over the run. Sonderby et al. 2017, "Amortised MAP inference for image
    super-resolution"; Roth et al. 2017.

        >>> noise = tm.InstanceNoise(0.1, tm.Annealing(1000))
        >>> objective = tm.Objective(tm.WGAN(), instance_noise=noise)
        >>> objective.instance_noise.deviation
        0.1

    Attributes:
      deviation: standard deviation at the start, >= 0.
      annealing: how the deviation falls, to a tenth.
    """

    deviation: float
    annealing: Annealing = CONSTANT

    def __post_init__(self):
        errors.check_at_least(0.0, deviation=self.deviation)
        errors.check_type("annealing", self.annealing, Annealing)

    def add(self, batches: Sequence[Batch], update: Update) -> list[Batch]:
        """The batches, each with noise of its own."""
        sigma = self.deviation * self.annealing.factor(update.step)
        noisy = []
        for index, batch in enumerate(batches):
            images = batch.images
            noise = update.normal(
                Purpose.INSTANCE_NOISE, tf.shape(images)[0],
                images.shape[1:], index,
            )  # fmt: skip
            scale = sigma * gradients.pixel_unit(images)
            added = tf.cast(scale * noise, images.dtype)
            noisy.append(batch._replace(images=images + added))
        return noisy
