"""Models that train a generator, alone or beside another network."""

from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan.models import updates
from tf_mmdgan.models.implicit_model import ImplicitModel


class GeneratorModel(ImplicitModel):
    """Base of models that train a generator, on one batch a step by default."""

    @property
    def batches_per_step(self) -> int:
        """One, that generated examples are compared with."""
        return 1

    def compile(  # type: ignore[override]
        self,
        generator_optimizer: keras.optimizers.Optimizer | str,
        clip_norm: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets the optimizer; call it in the cluster's scope.

        Args:
          generator_optimizer: of `trained_variables`.
          clip_norm: clips the gradient of each variable, over the global
            batch, to this L2 norm.
          **kwargs: of `ImplicitModel.compile`.
        """
        super().compile(**kwargs)
        self.generator_optimizer = updates.prepare(
            generator_optimizer, self.trained_variables, clip_norm
        )

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """The generator's."""
        return (self.generator_optimizer,)

    @property
    def trained_network(self) -> keras.Model:
        """The network that the generator's optimizer moves."""
        return self.generator

    @property
    def trained_variables(self) -> list[keras.Variable]:
        """The weights that the generator's optimizer moves."""
        return self.trained_network.trainable_variables

    def draw_latents(self, real: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """As many latents as there are real examples on this replica."""
        return self.make_update(number).latents(self.latents, tf.shape(real)[0])


class TwoNetworksModel(GeneratorModel):
    """Base of models that train another network, the critic, beside it."""

    critic: keras.Model

    def compile(  # type: ignore[override]
        self,
        generator_optimizer: keras.optimizers.Optimizer | str,
        critic_optimizer: keras.optimizers.Optimizer | str,
        clip_norm: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets both optimizers; call it in the cluster's scope.

        Args:
          generator_optimizer: of the generator's trainable weights.
          critic_optimizer: of the critic's trainable weights.
          clip_norm: clips the gradient of each variable, over the global
            batch, to this L2 norm.
          **kwargs: of `ImplicitModel.compile`.
        """
        super().compile(generator_optimizer, clip_norm, **kwargs)
        self.critic_optimizer = updates.prepare(
            critic_optimizer, self.critic.trainable_variables, clip_norm
        )

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """The generator's, and the critic's."""
        return self.generator_optimizer, self.critic_optimizer
