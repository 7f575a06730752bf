"""What networks must not hold or return, for a model to train them."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tf_mmdgan import errors
from tf_mmdgan.latents import Latents
from tf_mmdgan.networks.styles import OtherLatents
from tf_mmdgan.objectives import CriticOutput


def check_law(network: keras.Model, role: str, latents: Latents) -> None:
    """Refuses styles that are mixed with those of latents of another law.

    Raises:
      UsageError: for such styles.
    """
    for layer in network._flatten_layers():
        if (
            isinstance(layer, OtherLatents)
            and layer.distribution != latents.distribution
        ):
            raise errors.UsageError(
                f"The {role} mixes styles of {layer.distribution} latents, and "
                f"these are {latents.distribution}: give its StyleOptions "
                f"latent_distribution={latents.distribution!r}."
            )


def check_beside(
    outputs: Mapping[str, Any], role: str, images: Sequence[int | None]
) -> None:
    """Refuses what no loss takes of a critic beside its features.

    Raises:
      UsageError: naming it.
    """
    for name in outputs.keys() - set(CriticOutput._fields):
        raise errors.UsageError(
            f"The {role} returns {name!r}; what is taken is "
            f"{', '.join(CriticOutput._fields)}."
        )
    if not isinstance(outputs.get("activations", []), list | tuple):
        raise errors.UsageError(
            f"The activations of the {role} must be a list of tensors."
        )
    rebuilt = outputs.get("reconstruction")
    if rebuilt is not None and rebuilt.shape[1:] != images[1:]:
        raise errors.UsageError(
            f"The reconstruction of the {role} is {list(rebuilt.shape[1:])}, "
            f"and images are {list(images[1:])}."
        )


def check_losses(network: keras.Model, role: str) -> None:
    """Refuses losses of layers, which no step would add to the objective's.

    Raises:
      UsageError: for such a network.
    """
    layers = network._flatten_layers()
    names = [w.path for w in network.trainable_variables if w.regularizer]
    names += [x.name for x in layers if x.trainable and x.activity_regularizer]
    if names or network.losses:
        raise errors.UsageError(
            f"The {role} has losses of its own, of "
            f"{(names or [network.name])[0]}, that no step adds: give "
            "regularizers to the objective, or weight_decay to the optimizer."
        )
