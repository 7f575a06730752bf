"""Models of generators of codes, whose images may be refined."""

from typing import Any

import keras

from tf_mmdgan import errors, networks
from tf_mmdgan.features import get_groups
from tf_mmdgan.latents import Latents
from tf_mmdgan.methods.builder import Builder, dtype_policy
from tf_mmdgan.methods.settings import AutoencoderSettings
from tf_mmdgan.models import CodeMatchingModel, RefinedModel
from tf_mmdgan.objectives.discrepancy import Discrepancy


def networks_of(
    builder: Builder[AutoencoderSettings],
) -> tuple[keras.Model, keras.Model]:
    """The auto-encoder, and the generator of its codes."""
    critic = builder.critic()
    width = critic.output["features"].shape[-1]
    autoencoder = networks.autoencoder(critic, builder.generator(width))
    with dtype_policy(builder.config.dtype_policy):
        return autoencoder, networks.code_generator(
            width, builder.config.latent_size, builder.conditioning
        )


def make_model(
    builder: Builder[AutoencoderSettings], loss: Discrepancy
) -> CodeMatchingModel:
    """The compiled model of a generator of codes.

    Args:
      builder: of its parts.
      loss: what the generator lowers.

    Raises:
      UsageError: for settings that do not go together.
    """
    config = builder.config
    if config.schedule_every:
        raise errors.UsageError(
            f"--schedule_every={config.schedule_every}: rates would fall "
            f"while the auto-encoder of --objective={config.objective} is "
            "trained."
        )
    settings = builder.settings
    parts = (*networks_of(builder), builder.latents, loss)
    options = {
        "autoencoder_steps": settings.autoencoder_steps,
        "classes_per_batch": builder.classes_per_batch,
        "mmd_scope": config.mmd_scope,
        **builder.model_options(),
    }
    if settings.refine_features is not None:
        return _refined(builder, parts, options)
    model = CodeMatchingModel(*parts, **options)
    builder.compile(
        model, builder.optimizer(model), builder.critic_optimizer(model)
    )
    return model


def _refined(
    builder: Builder[AutoencoderSettings],
    parts: tuple[keras.Model, keras.Model, Latents, Discrepancy],
    options: dict[str, Any],
) -> RefinedModel:
    """A model that refines images; its rates fall in each phase anew."""
    settings = builder.settings
    if builder.config.learning_rate_decay_from is not None:
        raise errors.UsageError(
            "--learning_rate_decay_from has no meaning with --refine_features: "
            "the rates fall from the first step of each phase."
        )
    groups = get_groups(
        settings.refine_features,
        builder.image_shape,
        settings.refine_places,
        builder.config.download,
    )
    model = RefinedModel(
        *parts, groups, code_steps=settings.code_steps, **options
    )
    rate = settings.learning_rate
    first, end = model.pretraining_steps, model.refined_from
    # A fall takes one step at least, also of codes that are not trained alone.
    codes_end = max(end, first + 1)
    builder.compile(
        model,
        builder.optimizer_between(rate, model, first, codes_end),
        builder.critic_optimizer(model),
        builder.optimizer_between(
            settings.refine_learning_rate or rate, model, end
        ),
    )
    return model
