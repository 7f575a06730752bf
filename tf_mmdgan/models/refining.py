"""A generator of codes, and then its decoder with it, refined in features."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features import FeatureGroups
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import updates
from tf_mmdgan.models.moment_matching import CodeMatchingModel, Matching
from tf_mmdgan.models.phases import Logs, Phase
from tf_mmdgan.objectives.discrepancy import Discrepancy
from tf_mmdgan.objectives.grouped import GroupedDiscrepancy


class RefinedModel(CodeMatchingModel):
    """A `CodeMatchingModel` whose images are refined in frozen features.

    After `autoencoder_steps` of the auto-encoder and `code_steps` of the
    generator of codes, that generator and the decoder are trained together, on
    the same discrepancy in groups of features of generated images.

    Attributes:
      groups: the features.
      code_steps: steps of the generator of codes alone.
    """

    def __init__(
        self,
        autoencoder: keras.Model,
        code_generator: keras.Model,
        latents: Latents,
        discrepancy: Discrepancy,
        groups: FeatureGroups,
        *,
        code_steps: int,
        **kwargs: Any,
    ):
        super().__init__(
            autoencoder, code_generator, latents, discrepancy, **kwargs
        )
        errors.check_type("groups", groups, FeatureGroups)
        errors.check_count(0, code_steps=code_steps)
        self.groups = groups
        self.code_steps = code_steps
        count = groups.count(self.generator.output_shape[1:])
        self._refined = GroupedDiscrepancy(
            discrepancy, count, self.classes_per_batch
        )
        self.refined_memory = self.make_memory(
            "refined_memory", self._refined.memory_size
        )

    def compile(  # type: ignore[override]
        self,
        generator_optimizer: keras.optimizers.Optimizer | str,
        autoencoder_optimizer: keras.optimizers.Optimizer | str,
        refining_optimizer: keras.optimizers.Optimizer | str,
        clip_norm: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets the three optimizers; see `CodeMatchingModel.compile`."""
        super().compile(
            generator_optimizer, autoencoder_optimizer, clip_norm, **kwargs
        )
        self.refining_optimizer = updates.prepare(
            refining_optimizer, self.generator.trainable_variables, clip_norm
        )

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """That of the codes and that of the refining, the present one first."""
        both = self.generator_optimizer, self.refining_optimizer
        refining = int(self.step.numpy()) >= self.refined_from
        return both[::-1] if refining else both

    @property
    def refined_from(self) -> int:
        """The step at which the refining begins."""
        return self.autoencoder_steps + self.code_steps

    @property
    def earlier_phases(self) -> Sequence[Phase]:
        """Those of the auto-encoder and of the codes."""
        codes = Phase(self.refined_from, super().replica_step)
        return (*super().earlier_phases, codes)

    def averaged_steps(self) -> tf.Tensor:
        """Those of the present phase: refined images are soon better."""
        steps = super().averaged_steps()
        return tf.where(steps > self.code_steps, steps - self.code_steps, steps)

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """One step of the refining."""
        matching = Matching(
            self.generator,
            self.refining_optimizer,
            self.groups,
            lambda inputs, seed: self.groups(
                self.generator(inputs, training=True), seed
            ),
            self._refined.lowered,
            self.refined_memory,
        )
        return self.matching_step(matching, batches, first_update)
