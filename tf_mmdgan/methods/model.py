"""The model that a configuration describes."""

import keras

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.methods.builder import Builder
from tf_mmdgan.methods.published import METHODS
from tf_mmdgan.methods.resolution import settings_of
from tf_mmdgan.models import ImplicitModel


def make_model(
    config: TrainConfig,
    image_shape: tuple[int, ...],
    num_classes: int | None = None,
) -> ImplicitModel:
    """The compiled model; call it in the scope of the strategy.

    Args:
      config: of the run.
      image_shape: (h, w, c) of the data, or (n,) for points.
      num_classes: of the data, or None where they have no labels.

    Raises:
      UsageError: for unknown names and impossible combinations.
    """
    settings = settings_of(config)
    method = METHODS[config.objective]
    if config.conditioning != "none" and not method.takes_labels:
        raise errors.UsageError(
            f"--conditioning={config.conditioning}: "
            f"--objective={config.objective} takes no labels."
        )
    # Weights depend on the seed alone, not on what was drawn before.
    keras.utils.set_random_seed(config.seed)
    builder = Builder(config, settings, tuple(image_shape), num_classes)
    model = method.model(builder)
    if config.spectra_every and model.critic is None:
        raise errors.UsageError(
            f"--spectra_every={config.spectra_every}: "
            f"--objective={config.objective} has no critic to look at."
        )
    return model
