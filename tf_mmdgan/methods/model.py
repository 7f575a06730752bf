"""The loss and the model that a configuration describes."""

from typing import Any

import keras

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.methods.builder import Parts
from tf_mmdgan.methods.catalogue import METHODS
from tf_mmdgan.methods.settings import settings_of
from tf_mmdgan.models import ImplicitModel


def make_objective(config: TrainConfig) -> Any:
    """What the model trains on, its settings as given or else as published.

    An `objectives.Objective` for methods with a critic.

    Raises:
      UsageError: as `settings_of`, and for settings that do not go together.
    """
    settings = settings_of(config)
    return METHODS[config.objective].loss(settings)


def make_model(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    num_classes: int | None = None,
) -> ImplicitModel:
    """The compiled model; call it in the scope of the strategy.

    Raises:
      UsageError: for unknown names and impossible combinations.
    """
    settings = settings_of(config)
    method = METHODS[config.objective]
    loss = method.loss(settings)
    # Weights depend on the seed alone, not on what was drawn before.
    keras.utils.set_random_seed(config.seed)
    parts = Parts(config, settings, tuple(image_shape), num_classes)
    model = method.model(parts, loss)
    if config.spectra_every and model.critic is None:
        raise errors.UsageError(
            f"--spectra_every={config.spectra_every}: "
            f"--objective={config.objective} has no critic to look at."
        )
    return model
