"""Methods whose generator takes several steps from noise to data."""

import dataclasses
from typing import ClassVar, TypeVar

import keras
import tensorflow as tf

from tf_mmdgan import errors, networks
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.latents import Latents
from tf_mmdgan.methods.builder import Builder
from tf_mmdgan.methods.few_steps_settings import (
    EnergyScoreSettings,
    FewStepsSettings,
    InductiveSettings,
)
from tf_mmdgan.methods.method import Method
from tf_mmdgan.models.few_steps import (
    EnergyScoreModel,
    FewStepsModel,
    InductiveModel,
)
from tf_mmdgan.objectives.energy_score import EnergyScore
from tf_mmdgan.objectives.inductive import InductiveMatching

S = TypeVar("S", bound=FewStepsSettings)


class FewStepsMethod(Method[S]):
    """Base of methods whose generator unrolls the network that is trained.

    Attributes:
      kind: the model's class.
    """

    kind: ClassVar[type[FewStepsModel]]

    def generator(self, builder: Builder[S]) -> keras.Model:
        """See `Method.generator`."""
        return networks.unrolled(
            builder.denoiser(self.kind.TAKES_NOISE),
            builder.settings.sampling_steps,
            builder.settings.data_deviation,
            self.kind.START,
        )

    def latents(self, builder: Builder[S]) -> Latents:
        """Normal noise of the start, and of each step that draws some."""
        size = networks.noise_size(
            builder.image_shape,
            builder.settings.sampling_steps,
            self.kind.TAKES_NOISE,
        )
        return Latents(size, "normal")


class EnergyScoreMethod(FewStepsMethod[EnergyScoreSettings]):
    """Distributional diffusion; at the last noise level alone, engression."""

    kind = EnergyScoreModel

    def published(
        self, config: TrainConfig, kernel: Kernel | None
    ) -> EnergyScoreSettings:
        """As published; of one step where only the last level is trained."""
        del kernel
        if config.noise_times != "last":
            return self.settings
        return dataclasses.replace(self.settings, sampling_steps=1)

    def loss(self, settings: EnergyScoreSettings) -> EnergyScore:
        """The score that is lowered."""
        return EnergyScore(settings.energy_power, settings.energy_repulsion)

    def model(self, builder: Builder[EnergyScoreSettings]) -> EnergyScoreModel:
        """See `Method.model`."""
        _check_scope(builder.config)
        settings = builder.settings
        model = EnergyScoreModel(
            builder.denoiser(self.kind.TAKES_NOISE),
            self.loss(settings),
            draws=settings.energy_draws,
            sampling_steps=settings.sampling_steps,
            deviation=settings.data_deviation,
            noise_times=settings.noise_times,
            **builder.model_options(),
        )
        builder.compile(model, builder.optimizer(model))
        return model


class InductiveMethod(FewStepsMethod[InductiveSettings]):
    """Inductive moment matching."""

    kind = InductiveModel

    def loss(self, settings: InductiveSettings) -> InductiveMatching:
        """The loss that is lowered."""
        return InductiveMatching(settings.mmd_estimator, settings.time_gap)

    def model(self, builder: Builder[InductiveSettings]) -> InductiveModel:
        """See `Method.model`."""
        config, settings = builder.config, builder.settings
        _check_scope(config)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if config.batch_size % (replicas * settings.group_size):
            raise errors.UsageError(
                f"--batch_size={config.batch_size}: need whole groups of "
                f"{settings.group_size} (--group_size) on each of {replicas} "
                "devices."
            )
        model = InductiveModel(
            builder.denoiser(self.kind.TAKES_NOISE),
            self.loss(settings),
            group_size=settings.group_size,
            sampling_steps=settings.sampling_steps,
            deviation=settings.data_deviation,
            **builder.model_options(),
        )
        builder.compile(model, builder.optimizer(model))
        return model


def _check_scope(config: TrainConfig) -> None:
    if config.mmd_scope != "global":
        raise errors.UsageError(
            f"--mmd_scope={config.mmd_scope}: --objective={config.objective} "
            "compares nothing over the whole batch."
        )
