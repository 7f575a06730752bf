"""From the names of a configuration to an objective and a model."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import (
    architectures,
    as_published,
    errors,
    f_divergences,
    kernels,
    objectives,
)
from tf_mmdgan.architectures import Conditioning
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import AdversarialModel, BurnIn
from tf_mmdgan.spectral_normalization import SpectralNorm

# Settings of the run that only a flag or a deviation gives.
_DEFAULTS = {
    "clip_norm": None,
    "schedule_floor": 1e-12,
    "published_weights": False,
    "batch_statistics": False,
    "moved_with_generator": False,
}
# Settings that are given by name.
_CATALOGUES = {
    "kernel": kernels.KERNELS,
    "divergence": f_divergences.DIVERGENCES,
}

# Settings that mean nothing without one of others.
_NEEDS = {
    "penalized_function": ("gradient_penalty",),
    "burn_in_first": ("burn_in_critic_steps",),
    "burn_in_every": ("burn_in_critic_steps",),
    "noise_annealing_steps": ("instance_noise", "noise_penalty"),
}


def settings_of(config: TrainConfig) -> dict[str, Any]:
    """Every setting of the method: as given, or else as published.

    Kernels and divergences are the objects that their names stand for.

    Raises:
      UsageError: for unknown names, and for a setting that this objective does
        not have.
    """
    entry = errors.pick(objectives.OBJECTIVES, config.objective, "objective")
    names = {field.name for field in dataclasses.fields(config)}
    foreign = {
        name
        for other in objectives.OBJECTIVES.values()
        for name in other.fields
    } - entry.fields
    for name in sorted(foreign & names):
        if getattr(config, name) is not None:
            raise errors.UsageError(
                f"--{name} has no meaning for --objective={config.objective}."
            )
    settings = {**_DEFAULTS, **entry.published(config.kernel)}
    if "kernel" not in entry.fields:
        settings.pop("kernel", None)
    given = {
        name: getattr(config, name)
        for name in settings.keys() & names
        if getattr(config, name) is not None
    }
    for name in _CATALOGUES.keys() & settings.keys():
        settings[name] = errors.pick(
            _CATALOGUES[name], given.pop(name, settings[name]), name
        )
    architecture = errors.pick(
        architectures.ARCHITECTURES, config.architecture, "architecture"
    )
    # Published with another network, and never a part of this one.
    settings["critic_batch_norm"] &= architecture.critic_batch_norm
    deviations = as_published.resolve(config.as_published)
    settings = as_published.apply(deviations, settings, given)
    for name, others in _NEEDS.items():
        if getattr(config, name) and not any(settings[o] for o in others):
            needed = " or --".join(others)
            raise errors.UsageError(f"--{name} needs --{needed}.")
    return settings


def make_objective(config: TrainConfig) -> objectives.Objective:
    """The objective, its settings as given or else as published.

    Raises:
      UsageError: as `settings_of`, and for settings that do not go together.
    """
    return _objective(config, settings_of(config))


def _objective(
    config: TrainConfig, settings: dict[str, Any]
) -> objectives.Objective:
    entry = objectives.OBJECTIVES[config.objective]
    objective = objectives.build(entry, settings)
    if settings["critic_batch_norm"] and objective.needs_independent_examples:
        raise errors.UsageError(
            "Batch normalisation in the critic with a gradient penalty: the "
            "penalty is on single images, batch normalisation mixes them. Give "
            "--nocritic_batch_norm, or no penalty."
        )
    return objective


def make_model(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    num_classes: int | None = None,
) -> AdversarialModel:
    """The compiled model; call it in the scope of the strategy.

    Raises:
      UsageError: for unknown names and impossible combinations.
    """
    settings = settings_of(config)
    objective = _objective(config, settings)
    # Weights depend on the seed alone, not on what was drawn before.
    keras.utils.set_random_seed(config.seed)
    latents = Latents(config.latent_size, config.latent_distribution)
    with _dtype_policy(config.dtype_policy):
        generator, critic = _networks(
            config, settings, image_shape, num_classes
        )
    # Some networks have more outputs than they are asked for.
    objective.check(critic.output["features"].shape[-1])
    model = AdversarialModel(
        generator,
        critic,
        latents,
        objective,
        critic_steps=settings["critic_steps"],
        burn_in=_burn_in(settings),
        moved_with_generator=settings["moved_with_generator"],
        num_classes=num_classes if config.conditioning != "none" else None,
        seed=config.seed,
        ema_decay=config.ema_decay,
        mmd_scope=config.mmd_scope,
    )
    critic_rate = config.critic_learning_rate or config.learning_rate
    model.compile(
        _optimizer(config, config.learning_rate, model.step),
        _optimizer(config, critic_rate, model.step),
        clip_norm=settings["clip_norm"],
        steps_per_execution=config.steps_per_execution,
        jit_compile=config.jit,
    )
    return model


@contextlib.contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    """The policy of networks made meanwhile, and of no others."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _networks(
    config: TrainConfig,
    settings: dict[str, Any],
    image_shape: tuple[int, ...],
    num_classes: int | None,
) -> tuple[keras.Model, keras.Model]:
    architecture = architectures.ARCHITECTURES[config.architecture]
    conditioning = None
    if config.conditioning != "none":
        if not num_classes:
            raise errors.UsageError(
                f"--conditioning={config.conditioning}: the data set "
                f"{config.dataset} has no labels."
            )
        conditioning = Conditioning(
            num_classes,
            config.conditioning,
            settings["project_output"] and config.conditioning == "projection",
        )
    spectral_norm = None
    if settings["spectral_norm"] == "none":
        for name in ("spectral_scale", "learnable_spectral_scale"):
            if getattr(config, name):
                raise errors.UsageError(
                    f"--{name} without spectral normalisation: give "
                    "--spectral_norm=matrix or operator."
                )
    else:
        spectral_norm = SpectralNorm(
            settings["spectral_norm"],
            settings["learnable_spectral_scale"],
            settings["spectral_scale"],
            settings["spectral_vectors"],
        )

    def generator(
        latent_size: int, conditioning: Conditioning | None
    ) -> keras.Model:
        return architecture.generator(
            image_shape,
            latent_size,
            config.generator_width,
            batch_norm=config.generator_batch_norm,
            conditioning=conditioning,
            batch_statistics=settings["batch_statistics"],
        )

    made = generator(config.latent_size, conditioning)
    critic = architecture.critic(
        image_shape,
        settings["critic_output"],
        config.critic_width,
        batch_norm=settings["critic_batch_norm"],
        spectral_norm=spectral_norm,
        conditioning=conditioning,
        published_weights=settings["published_weights"],
    )
    if objectives.OBJECTIVES[config.objective].criterion.needs_decoder:
        width = critic.output["features"].shape[-1]
        critic = architectures.with_decoder(critic, generator(width, None))
    return made, critic


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


class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that is constant up to one step and 0 from another on.

    Steps are those of the model, of which each has several updates.
    """

    def __init__(self, rate: float, start: int, end: int, step: keras.Variable):
        self.rate, self.start, self.end = rate, start, end
        self._step = step

    def __call__(self, updates: tf.Tensor) -> tf.Tensor:
        """The rate now."""
        del updates
        done = tf.cast(self._step.value, tf.float32)
        left = (self.end - done) / (self.end - self.start)
        return self.rate * tf.clip_by_value(left, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """See Keras."""
        return {"rate": self.rate, "start": self.start, "end": self.end}


def _optimizer(
    config: TrainConfig, rate: float, step: keras.Variable
) -> keras.optimizers.Optimizer:
    if config.learning_rate_decay_to:
        rate = LinearDecay(
            rate,
            config.learning_rate_decay_from,
            config.learning_rate_decay_to,
            step,
        )
    if config.optimizer == "rmsprop":
        made = keras.optimizers.RMSprop(rate)
    else:
        made = keras.optimizers.Adam(
            rate, beta_1=config.beta_1, beta_2=config.beta_2
        )
    if config.dtype_policy == "mixed_float16":
        # Small gradients vanish in half precision; bfloat16 has the range.
        return keras.optimizers.LossScaleOptimizer(made)
    return made
