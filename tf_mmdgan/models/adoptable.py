"""What networks must not hold or return, for a model to train them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.latents import Latents
from tf_mmdgan.networks.styles import OtherLatents
from tf_mmdgan.objectives import CriticOutput

# Where layers come from whose copies are known to be what they were.
_KNOWN = ("keras.", "tf_mmdgan.")
_ROUNDING = 1e-3


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


def copier(
    network: keras.Model,
) -> Callable[[keras.layers.Layer], keras.layers.Layer] | None:
    """How the layers of a network are copied; None: as Keras does it.

    Keras makes no copy of a function. Layers that are functions have no weights
    and serve in both networks.
    """

    def copied(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.Lambda):
            return layer
        return type(layer).from_config(layer.get_config())

    functions = any(isinstance(x, keras.layers.Lambda) for x in network.layers)
    return copied if functions else None


def check_copy(network: keras.Model, copy: keras.Model) -> None:
    """Refuses a copy that makes other images of the same latents.

    Keras copies a layer by its `get_config`, which may leave something out.

    Args:
      network: that is copied.
      copy: of the same weights.

    Raises:
      UsageError: for such a copy, naming the classes that may be at fault.
    """
    kinds = {type(layer) for layer in network._flatten_layers()}
    own = [k.__name__ for k in kinds if not k.__module__.startswith(_KNOWN)]
    if not own or any(None in entry.shape[1:] for entry in network.inputs):
        return
    inputs = [_some(entry) for entry in network.inputs]
    given = inputs if len(inputs) > 1 else inputs[0]
    made, again, copied = (
        np.asarray(part(given, training=False)).astype(np.float64)
        for part in (network, network, copy)
    )
    # Of one that draws numbers of its own nothing can be said.
    if _alike(made, again) and not _alike(made, copied):
        raise errors.UsageError(
            "The copy of the generator for its average makes something else: "
            "give all arguments of the constructor in get_config of "
            f"{errors.listed(sorted(own))}."
        )


def _some(entry: keras.KerasTensor) -> tf.Tensor:
    """Two rows of what a network takes: noise, or labels of 0."""
    shape, dtype = [2, *entry.shape[1:]], tf.as_dtype(entry.dtype)
    if not dtype.is_floating:
        return tf.zeros(shape, dtype)
    return tf.cast(tf.random.stateless_normal(shape, (0, 1)), dtype)


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.allclose(
        one, other, rtol=_ROUNDING, atol=_ROUNDING, equal_nan=True
    )
