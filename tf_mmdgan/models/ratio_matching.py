"""Generative ratio matching networks: two networks, no saddle point.

Srivastava, Xu, Gutmann and Sutton 2020, "Generative ratio matching networks",
https://openreview.net/forum?id=SJg7spEYDS.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Update
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adopting, updates
from tf_mmdgan.models.generator_model import TwoNetworksModel
from tf_mmdgan.models.phases import Logs
from tf_mmdgan.objectives import Batch, CriticAugmentation
from tf_mmdgan.objectives.density_ratio import RatioMatching


class RatioMatchingModel(TwoNetworksModel):
    """Projection and generator, both updated from one forward pass.

    The projection raises the Pearson divergence of the projected laws, and the
    generator lowers their MMD. Both losses are made of one set of kernel
    matrices, and both gradients are taken at the same weights.

        >>> layers = [keras.Input((2,)), keras.layers.Dense(3)]
        >>> generator = keras.Sequential(layers)
        >>> latents = tm.Latents(2, "normal")
        >>> layers = [keras.Input((3,)), keras.layers.Dense(2)]
        >>> projection = keras.Sequential(layers)
        >>> model = tm.RatioMatchingModel(
        ...     generator, projection, latents, tm.RatioMatching()
        ... )
        >>> model.compile("adam", "adam")
        >>> history = model.fit(np.ones((64, 3)), batch_size=16, verbose=0)
        >>> int(model.step.numpy())
        4

    Attributes:
      critic: the projection, images -> {"features": [b, k], ...}.
      objective: both losses.
      augmentation: random changes of all images that the projection sees, or
        None; they have no probability, for no sign tells how much is known.
    """

    critic: keras.Model

    def __init__(
        self,
        generator: keras.Model,
        projection: keras.Model,
        latents: Latents,
        objective: RatioMatching,
        augmentation: CriticAugmentation | None = None,
        **kwargs: Any,
    ):
        super().__init__(generator, latents, **kwargs)
        adopting.refuse_condition(self, self.condition)
        errors.check_type("objective", objective, RatioMatching)
        if augmentation is not None:
            errors.check_type("augmentation", augmentation, CriticAugmentation)
            augmentation.check(self.image_form.shape)
            if augmentation.probability is not None:
                raise errors.UsageError(
                    "The projection says of no image whether it is real, so "
                    "that no probability can follow it: give changes without.",
                    setting="ada",
                )
        self.critic = adopting.critic(projection, self.generator, "projection")
        self.objective = objective
        self.augmentation = augmentation

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """See `ImplicitModel.replica_step`."""
        real = updates.as_batch(batches[0]).images
        latents = self.draw_latents(real, first_update)
        update = self.make_update(first_update)
        networks = self.critic, self.generator
        with updates.recording(*networks, persistent=True) as tape:
            fake = self.generator(latents, training=True)
            shown = self._shown([Batch(real), Batch(fake)], update)
            uv = [self._project(batch.images) for batch in shown]
            losses = self.objective(*update.gather(uv))
        players = (
            (self.critic_optimizer, losses.projection, self.critic),
            (self.generator_optimizer, losses.generator, self.generator),
        )
        for optimizer, loss, network in players:
            updates.apply(optimizer, tape, loss, network.trainable_variables)
        return {
            "critic/loss": losses.projection,
            "critic/pearson": losses.pearson,
            "generator/loss": losses.generator,
            "generator/mmd2": losses.mmd2,
        }

    def _shown(self, batches: list[Batch], update: Update) -> list[Batch]:
        if self.augmentation is None:
            return batches
        return self.augmentation.apply(batches, update)

    def _project(self, batch: tf.Tensor) -> tf.Tensor:
        return self.critic(batch, training=True)["features"]
