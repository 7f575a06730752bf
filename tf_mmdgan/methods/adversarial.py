"""Methods that train a generator against a critic."""

import dataclasses
from typing import Any

import keras

from tf_mmdgan import errors, networks, objectives
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.methods.builder import COMMON, Parts, architecture
from tf_mmdgan.methods.published import DEFAULTS, SCALE_SETTINGS, Entry, build
from tf_mmdgan.models import AdversarialModel, BurnIn
from tf_mmdgan.networks.spectral_normalization import SpectralNorm

# Beside the settings of the catalogue of objectives.
_DEFAULTS = {
    **COMMON,
    "published_weights": False,
    "moved_with_generator": False,
}


@dataclasses.dataclass(frozen=True)
class AdversarialMethod:
    """An objective of the catalogue; see `methods.Method`."""

    entry: Entry
    has_deviations = True

    @property
    def source(self) -> str:
        """Where it was published."""
        return self.entry.source

    @property
    def names(self) -> frozenset[str]:
        """Of the settings that it has."""
        return (
            self.entry.fields
            | _DEFAULTS.keys()
            | (DEFAULTS.keys() - SCALE_SETTINGS.keys())
            | {"critic_learning_rate"}
        )

    def published(self, config: TrainConfig) -> dict[str, Any]:
        """Every setting as published, for the kernel that is chosen."""
        settings = {**_DEFAULTS, **self.entry.published(config.kernel)}
        if "kernel" not in self.entry.fields:
            settings.pop("kernel", None)
        # Published with another network, and never a part of this one.
        settings["critic_batch_norm"] &= architecture(config).critic_batch_norm
        return settings

    def loss(self, settings: dict[str, Any]) -> objectives.Objective:
        """The objective with its regularisers; see `methods.Method`."""
        objective = build(self.entry, settings)
        independent = objective.needs_independent_examples
        if settings["critic_batch_norm"] and independent:
            raise errors.UsageError(
                "Batch normalisation in the critic with a gradient penalty: "
                "the penalty is on single images, batch normalisation mixes "
                "them. Give --nocritic_batch_norm, or no penalty."
            )
        return objective

    def model(
        self, parts: Parts, loss: objectives.Objective
    ) -> AdversarialModel:
        """The compiled model; see `methods.Method`."""
        settings = parts.settings
        generator, critic = self._networks(parts)
        # Some networks have more outputs than they are asked for.
        loss.check(critic.output["features"].shape[-1])
        model = AdversarialModel(
            generator,
            critic,
            parts.latents,
            loss,
            critic_steps=settings["critic_steps"],
            burn_in=_burn_in(settings),
            moved_with_generator=settings["moved_with_generator"],
            mmd_scope=parts.config.mmd_scope,
            **parts.options(),
        )
        parts.compile(
            model, parts.optimizer(model), parts.critic_optimizer(model)
        )
        return model

    def _networks(self, parts: Parts) -> tuple[keras.Model, keras.Model]:
        conditioning = parts.conditioning()
        spectral_norm = _spectral_norm(parts)
        generator = parts.generator(conditioning=conditioning)
        critic = parts.critic(conditioning, spectral_norm)
        if self.entry.criterion.needs_decoder:
            width = critic.output["features"].shape[-1]
            critic = networks.with_decoder(critic, parts.generator(width))
        return generator, critic


def _spectral_norm(parts: Parts) -> SpectralNorm | None:
    settings = parts.settings
    if settings["spectral_norm"] == "none":
        for name in ("spectral_scale", "learnable_spectral_scale"):
            if getattr(parts.config, name):
                raise errors.UsageError(
                    f"--{name} without spectral normalisation: give "
                    "--spectral_norm=matrix or operator."
                )
        return None
    return SpectralNorm(
        settings["spectral_norm"],
        settings["learnable_spectral_scale"],
        settings["spectral_scale"],
        settings["spectral_vectors"],
    )


def _burn_in(settings: dict[str, Any]) -> BurnIn | None:
    steps = settings["burn_in_critic_steps"]
    if not steps:
        return None
    if steps <= settings["critic_steps"]:
        raise errors.UsageError(
            f"--burn_in_critic_steps={steps}: must be more than "
            f"--critic_steps={settings['critic_steps']}, or 0."
        )
    return BurnIn(steps, settings["burn_in_first"], settings["burn_in_every"])
