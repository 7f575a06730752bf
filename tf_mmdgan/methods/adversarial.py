"""Methods that train a generator against a critic.

For example:

    >>> list(tm.REGULARIZERS)
    ['gradient_penalty', 'r1', 'r2', 'feature_penalty', 'noise_penalty']
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import ClassVar

import keras
import tensorflow as tf

from tf_mmdgan import errors, networks
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.methods.builder import Builder, architecture
from tf_mmdgan.methods.method import Method
from tf_mmdgan.methods.settings import AdversarialSettings
from tf_mmdgan.models import AdversarialModel, BurnIn
from tf_mmdgan.networks.spectral_normalization import SpectralNorm
from tf_mmdgan.objectives import (
    AdaptiveProbability,
    Annealing,
    CriticAugmentation,
    CriticForm,
    DenoisingGAN,
    FeaturePenalty,
    GeneratorRegularizer,
    GradientPenalty,
    InstanceNoise,
    NoisePenalty,
    Objective,
    OrthogonalPenalty,
    PathLengthPenalty,
    Regularizer,
    WeightClipping,
    ZeroCentredPenalty,
)
from tf_mmdgan.objectives.augmentations import ADAPTED

Maker = Callable[[AdversarialSettings, Annealing], Regularizer]

# What makes a regulariser of settings, by the name of the setting that is its
# weight; a weight of 0 leaves it out.
REGULARIZERS: Catalogue[Maker] = Catalogue("regularizer", __doc__) | {
    "gradient_penalty": lambda settings, _: GradientPenalty(
        settings.gradient_penalty,
        settings.penalized_function,
        settings.penalty_norm,
        settings.penalty_epsilon,
    ),
    "r1": lambda settings, _: ZeroCentredPenalty(settings.r1, "real"),
    "r2": lambda settings, _: ZeroCentredPenalty(settings.r2, "fake"),
    "feature_penalty": lambda settings, _: FeaturePenalty(
        settings.feature_penalty
    ),
    "noise_penalty": lambda settings, annealing: NoisePenalty(
        settings.noise_penalty, annealing
    ),
}

GeneratorMaker = Callable[[AdversarialSettings], GeneratorRegularizer]

# The same of terms of the generator's loss.
GENERATOR_REGULARIZERS: Catalogue[GeneratorMaker] = Catalogue(
    "generator regularizer", __doc__
) | {
    "orthogonal_penalty": lambda settings: OrthogonalPenalty(
        settings.orthogonal_penalty
    ),
    "path_length_penalty": lambda settings: PathLengthPenalty(
        settings.path_length_penalty
    ),
}


@dataclasses.dataclass(frozen=True)
class AdversarialMethod(Method[AdversarialSettings]):
    """A method with a critic, whose loss is an `Objective`.

    Attributes:
      by_kernel: settings that were published for some kernels, in place of
        `settings`.
    """

    by_kernel: Mapping[Kernel, AdversarialSettings] = dataclasses.field(
        default_factory=dict, hash=False
    )

    takes_labels: ClassVar[bool] = True
    accumulates: ClassVar[bool] = True

    def published(
        self, config: TrainConfig, kernel: Kernel | None
    ) -> AdversarialSettings:
        """See `Method.published`."""
        settings = self.settings
        if kernel is not None:
            settings = self.by_kernel.get(kernel, settings)
        # Some networks never have the batch normalisation that was published
        # with others.
        if not architecture(config).critic_batch_norm:
            settings = dataclasses.replace(settings, critic_batch_norm=False)
        return settings

    def loss(self, settings: AdversarialSettings) -> Objective:
        """The objective: the criterion with its regularisers."""
        annealing = Annealing(settings.noise_annealing_steps)
        regularizers = (
            make(settings, annealing)
            for name, make in REGULARIZERS.items()
            if getattr(settings, name)
        )
        on_generator = (
            make_term(settings)
            for name, make_term in GENERATOR_REGULARIZERS.items()
            if getattr(settings, name)
        )
        noise, bound = settings.instance_noise, settings.weight_clip
        objective = Objective(
            settings.criterion,
            tuple(regularizers),
            InstanceNoise(noise, annealing) if noise else None,
            WeightClipping(bound) if bound else None,
            tuple(on_generator),
            _augmentation(settings),
        )
        objective.check(
            CriticForm(
                settings.critic_output,
                settings.critic_batch_norm,
                minibatch=settings.minibatch_kernels > 0,
                deviation=settings.minibatch_deviation > 0,
            )
        )
        return objective

    def generator(self, builder: Builder[AdversarialSettings]) -> keras.Model:
        """See `Method.generator`."""
        return builder.generator(conditioning=builder.conditioning)

    def model(self, builder: Builder[AdversarialSettings]) -> AdversarialModel:
        """See `Method.model`."""
        settings = builder.settings
        objective = self.loss(settings)
        if objective.needs_styles and _replicas() > 1:
            _check_divided(builder.config, "path_length_penalty", 2)
        burn_in = _burn_in(settings)
        generator, critic = _networks(builder)
        model = AdversarialModel(
            generator,
            critic,
            builder.latents,
            objective,
            critic_steps=settings.critic_steps,
            burn_in=burn_in,
            moved_with_generator=settings.moved_with_generator,
            regularize_every=settings.regularize_every,
            regularize_generator_every=settings.regularize_generator_every,
            accumulate=_accumulate(builder.config),
            mmd_scope=builder.config.mmd_scope,
            **builder.model_options(),
        )
        lazy = settings.regularize_every > 1
        every = settings.regularize_generator_every
        builder.compile(
            model,
            builder.optimizer(model, every if every > 1 else None),
            builder.critic_optimizer(
                model, model.penalty_factor if lazy else None
            ),
        )
        return model


def _augmentation(
    settings: AdversarialSettings,
) -> CriticAugmentation | None:
    if settings.ada:
        probability = AdaptiveProbability(
            settings.ada_target, settings.ada_images
        )
        return CriticAugmentation(settings.diff_augment or ADAPTED, probability)
    if settings.diff_augment:
        return CriticAugmentation(settings.diff_augment)
    return None


def _networks(
    builder: Builder[AdversarialSettings],
) -> tuple[keras.Model, keras.Model]:
    conditioning = builder.conditioning
    spectral_norm = _spectral_norm(builder)
    generator = builder.generator(conditioning=conditioning)
    criterion = builder.settings.criterion
    critic = builder.critic(
        conditioning,
        spectral_norm,
        output_bias=criterion.output_bias,
        minibatch_kernels=builder.settings.minibatch_kernels,
        minibatch_deviation=_minibatch_deviation(builder),
    )
    if criterion.learns_frequencies:
        critic = networks.with_frequency_scales(critic)
    critic = with_denoiser(critic, criterion)
    if criterion.needs_decoder:
        width = critic.output["features"].shape[-1]
        critic = networks.with_decoder(critic, builder.generator(width))
    return generator, critic


def with_denoiser(critic: keras.Model, criterion: object) -> keras.Model:
    """The critic, with a denoiser if that is what the criterion is of."""
    if not isinstance(criterion, DenoisingGAN):
        return critic
    return networks.with_denoiser(
        critic, criterion.denoiser_layers, criterion.denoiser_units
    )


def _minibatch_deviation(builder: Builder[AdversarialSettings]) -> int:
    config, group = builder.config, builder.settings.minibatch_deviation
    if not group:
        return 0
    builder.check_style_based("minibatch_deviation", "critic")
    _check_divided(config, "minibatch_deviation", group)
    return group


def _check_divided(config: TrainConfig, name: str, number: int) -> None:
    """Refuses devices whose share of a batch a number does not divide.

    Raises:
      UsageError: naming the setting that needs it, and the batch.
    """
    replicas = _replicas()
    if config.batch_size % (replicas * number):
        raise errors.UsageError(
            f"--{name}={getattr(config, name)}: --batch_size="
            f"{config.batch_size} on {replicas} device(s) has no multiple of "
            f"{number} images on each."
        )


def _accumulate(config: TrainConfig) -> int:
    """Into how many parts each device divides its batch.

    Raises:
      UsageError: for batches that have no equal parts.
    """
    replicas = _replicas()
    if config.batch_size % (replicas * config.accumulate):
        raise errors.UsageError(
            f"--accumulate={config.accumulate}: --batch_size="
            f"{config.batch_size} on {replicas} device(s) has no such equal "
            "parts."
        )
    return config.accumulate


def _replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync


def _spectral_norm(
    builder: Builder[AdversarialSettings],
) -> SpectralNorm | None:
    settings = builder.settings
    if settings.spectral_norm == "none":
        return None
    return SpectralNorm(
        settings.spectral_norm,
        settings.learnable_spectral_scale,
        settings.spectral_scale,
        settings.spectral_vectors,
    )


def _burn_in(settings: AdversarialSettings) -> BurnIn | None:
    steps = settings.burn_in_critic_steps
    if not steps:
        return None
    made = BurnIn(steps, settings.burn_in_first, settings.burn_in_every)
    made.check(settings.critic_steps)
    return made
