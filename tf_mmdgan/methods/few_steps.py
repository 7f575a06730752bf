"""Methods whose generator takes several steps from noise to data."""

import dataclasses

import keras
import tensorflow as tf

from tf_mmdgan import errors, networks
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.latents import Latents
from tf_mmdgan.methods.builder import Builder
from tf_mmdgan.methods.few_steps_settings import (
    EnergyScoreSettings,
    InductiveSettings,
)
from tf_mmdgan.methods.method import Method
from tf_mmdgan.models.few_steps import (
    LAST_TIME,
    EnergyScoreModel,
    InductiveModel,
)
from tf_mmdgan.objectives.energy_score import EnergyScore
from tf_mmdgan.objectives.inductive import InductiveMatching


class EnergyScoreMethod(Method[EnergyScoreSettings]):
    """Distributional diffusion; at the last noise level alone, engression."""

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

    def generator(self, builder: Builder[EnergyScoreSettings]) -> keras.Model:
        """See `Method.generator`."""
        settings = builder.settings
        return networks.unrolled(
            builder.denoiser(takes_noise=True),
            settings.sampling_steps,
            settings.data_deviation,
        )

    def latents(self, builder: Builder[EnergyScoreSettings]) -> Latents:
        """Normal noise of all steps."""
        size = networks.noise_size(
            builder.image_shape, builder.settings.sampling_steps, True
        )
        return Latents(size, "normal")

    def model(self, builder: Builder[EnergyScoreSettings]) -> EnergyScoreModel:
        """See `Method.model`."""
        _check_scope(builder.config)
        settings = builder.settings
        model = EnergyScoreModel(
            builder.denoiser(takes_noise=True),
            self.loss(settings),
            draws=settings.energy_draws,
            sampling_steps=settings.sampling_steps,
            deviation=settings.data_deviation,
            noise_times=settings.noise_times,
            **builder.model_options(),
        )
        builder.compile(model, builder.optimizer(model))
        return model


class InductiveMethod(Method[InductiveSettings]):
    """Inductive moment matching."""

    def loss(self, settings: InductiveSettings) -> InductiveMatching:
        """The loss that is lowered."""
        return InductiveMatching(settings.mmd_estimator, settings.time_gap)

    def generator(self, builder: Builder[InductiveSettings]) -> keras.Model:
        """See `Method.generator`."""
        settings = builder.settings
        return networks.unrolled(
            builder.denoiser(takes_noise=False),
            settings.sampling_steps,
            settings.data_deviation,
            LAST_TIME,
        )

    def latents(self, builder: Builder[InductiveSettings]) -> Latents:
        """Normal noise of the first step; there is no other."""
        size = networks.noise_size(builder.image_shape, 1, False)
        return Latents(size, "normal")

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
            builder.denoiser(takes_noise=False),
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
