"""Networks that this package trains, as features."""

import os
import pathlib
from collections.abc import Sequence

from tf_mmdgan.features import archives, lenet, masked, weight_files
from tf_mmdgan.features.keras_networks import KerasNetwork, named

_WEIGHTS = pathlib.Path(__file__).parent / "weights"
# Weights that ship, by name: files of tf-mmdgan train_lenet,
LENETS = {
    name: _WEIGHTS / f"{name}.npz"
    for name in ("lenet_digits", "lenet_fashion_mnist")
}
# and of tf-mmdgan train_features.
MASKED = {
    name: _WEIGHTS / f"{name}.npz"
    for name in ("masked_digits", "masked_fashion_mnist")
}


def lenet_network(
    path: str | os.PathLike[str] | None = None, layers: Sequence[str] = ()
) -> KerasNetwork:
    """A LeNet: its classes, and by default its last hidden layer after ReLU.

    Generators match its convolutions too.

    Args:
      path: weights that `tf-mmdgan train_lenet` wrote.
      layers: those to take in place of the usual ones.

    Raises:
      UsageError: without a path, or for a layer that there is not.
      DataError: for a file that is missing, damaged or something else.
    """
    path = weight_files.required(path, "lenet")
    usual = ("conv_1", "conv_2", lenet.FEATURES)
    return _network(path, lenet.load(path), layers, usual, lenet.LOGITS)


def masked_network(
    path: str | os.PathLike[str] | None = None, layers: Sequence[str] = ()
) -> KerasNetwork:
    """The encoder of a masked auto-encoder: its code.

    Generators match its three maps too.

    Args:
      path: weights that `tf-mmdgan train_features` wrote.
      layers: those to take in place of the usual ones.

    Raises:
      UsageError: without a path, or for a layer that there is not.
      DataError: for a file that is missing, damaged or something else.
    """
    path = weight_files.required(path, "masked")
    return _network(path, masked.load(path), layers, masked.LAYERS)


def _network(
    path: pathlib.Path,
    loaded: archives.Loaded,
    layers: Sequence[str],
    usual: Sequence[str],
    logits: str | None = None,
) -> KerasNetwork:
    """A network; of its usual layers, scores compare the last one alone."""
    return KerasNetwork(
        named(path.stem, layers),
        loaded.metadata["sha256"],
        loaded.model,
        layers or usual[-1:],
        layers or usual,
        logits=logits,
        slow=False,
    )


def packaged_lenet(name: str, layers: Sequence[str] = ()) -> KerasNetwork:
    """One of `LENETS`."""
    return lenet_network(LENETS[name], layers)


def packaged_masked(name: str, layers: Sequence[str] = ()) -> KerasNetwork:
    """One of `MASKED`."""
    return masked_network(MASKED[name], layers)
