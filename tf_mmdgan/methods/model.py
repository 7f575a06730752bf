"""The model that a configuration describes."""

import contextlib
import dataclasses
import math
import random
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import Condition
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.method import MethodConfig
from tf_mmdgan.methods import adversarial, labelled
from tf_mmdgan.methods.builder import Builder, architecture
from tf_mmdgan.methods.published import METHODS, get_method
from tf_mmdgan.methods.resolution import settings_of
from tf_mmdgan.methods.settings import CriticSettings, Settings
from tf_mmdgan.models import ImplicitModel

# What a generator does not depend on, of the settings that name members of
# families.
_OF_LOSS = (
    "kernel", "divergence", "drift_divergence", "matched_features", "dataset",
    "diff_augment",
)  # fmt: skip


def make_model(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    condition: Condition | None = None,
) -> ImplicitModel:
    """The compiled model; call it in the scope of the strategy.

    Args:
      config: of the run.
      image_shape: (h, w, c) of the data, or (n,) for points.
      condition: what the labels of the data are; None without labels.

    Raises:
      UsageError: for unknown names and impossible combinations.
    """
    settings = check_method(config)
    method = get_method(config.objective)
    # Weights depend on the seed alone, not on what was drawn before.
    keras.utils.set_random_seed(config.seed)
    builder = Builder(config, settings, tuple(image_shape), condition)
    labelled.check(builder, method)
    model = method.model(builder)
    if config.spectra_every and model.critic is None:
        raise errors.UsageError(
            f"--spectra_every={config.spectra_every}: "
            f"--objective={config.objective} has no critic to look at."
        )
    return model


def check_method(config: TrainConfig) -> Settings:
    """The settings of a run's method, if they go together for any data.

    Raises:
      UsageError: for unknown names and impossible combinations.
    """
    settings = settings_of(config)
    method = get_method(config.objective)
    architecture(config)
    method.loss(settings)
    if config.conditioning != "none" and not method.takes_labels:
        raise errors.UsageError(
            f"--conditioning={config.conditioning}: "
            f"--objective={config.objective} takes no labels."
        )
    if config.classes_per_batch and not (
        method.by_class and config.conditioning != "none"
    ):
        raise errors.UsageError(
            f"--classes_per_batch={config.classes_per_batch}: --objective="
            f"{config.objective} with --conditioning={config.conditioning} "
            "compares no class with its own."
        )
    if config.accumulate > 1 and not method.accumulates:
        raise errors.UsageError(
            f"--accumulate={config.accumulate}: --objective="
            f"{config.objective} takes its batches as a whole; objectives with "
            "a critic can take them in parts."
        )
    return settings


def make_generator(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    condition: Condition | None = None,
) -> ImplicitModel:
    """The generator of `make_model` by itself, to be given its weights.

    It samples, but is not trained. Of what users have made themselves, the
    networks are imported if they are such, and nothing else. Random numbers
    that the user draws are not seeded by it.

    Args:
      config: of the run.
      image_shape: (h, w, c) of the data, or (n,) for points.
      condition: what the labels of the data are; None without labels.

    Raises:
      UsageError: for unknown names.
    """
    config = _without_loss(config)
    builder = Builder(
        config, settings_of(config), tuple(image_shape), condition
    )
    method = get_method(config.objective)
    with _drawn_by(config.seed):
        return ImplicitModel(
            method.generator(builder),
            method.latents(builder),
            **builder.model_options(),
        )


@contextlib.contextmanager
def _drawn_by(seed: int) -> Iterator[None]:
    """In a `with` block: Keras draws weights by a seed, and nothing else is.

    It draws by Python's `random`, whose sequence goes on after the block as if
    nothing had been drawn.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def count_weights(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    condition: Condition | None = None,
) -> int:
    """How many weights the generator of `make_generator` has.

    It is drawn up as a graph, in which no weight has a value: so this takes no
    memory, whatever the configuration claims.
    """
    config = _without_loss(config)
    with tf.Graph().as_default():
        builder = Builder(
            config, settings_of(config), tuple(image_shape), condition
        )
        generator = get_method(config.objective).generator(builder)
    return sum(math.prod(weight.shape) for weight in generator.weights)


def count_critic_weights(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    condition: Condition | None = None,
) -> int:
    """How many weights the architecture's critic has; 0 where none is trained.

    As `count_weights`, this takes no memory.
    """
    settings = settings_of(config)
    if not isinstance(settings, CriticSettings):
        return 0
    with tf.Graph().as_default():
        builder = Builder(config, settings, tuple(image_shape), condition)
        criterion = getattr(settings, "criterion", None)
        critic = adversarial.with_denoiser(builder.critic(), criterion)
    return sum(math.prod(weight.shape) for weight in critic.weights)


def _without_loss(config: TrainConfig) -> TrainConfig:
    """The configuration of the same generator with a usual loss."""
    usual = set(_OF_LOSS)
    if config.objective not in METHODS:
        # A criterion, whose generator is that of any other.
        settings = dataclasses.fields(MethodConfig)
        usual |= {field.name for field in settings if field.default is None}
        usual.add("objective")
    defaults: dict[str, Any] = {
        field.name: field.default for field in dataclasses.fields(config)
    }
    return dataclasses.replace(
        config, **{name: defaults[name] for name in usual}
    )
