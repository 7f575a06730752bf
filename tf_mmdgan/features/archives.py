"""Weights of the package's own networks, in files that say how they were made.

The files are NumPy archives (.npz); nothing in them is pickled.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from tf_mmdgan import errors, files, keras_settings

_METADATA = "metadata"
_METADATA_BYTES = 2**22  # which parsed are ten times as many


class Loaded(NamedTuple):
    """A network from a file, and what the file says of it."""

    model: keras.Model
    metadata: dict[str, Any]


def save(
    path: str | os.PathLike[str],
    model: keras.Model,
    metadata: Mapping[str, Any],
) -> None:
    """Writes the weights as float32, and the metadata as JSON, atomically.

    Args:
      path: of the file.
      model: of layers with names of their own.
      metadata: plain JSON; the SHA-256 of the weights is added to it.
    """
    weights = {name: w.numpy() for name, w in _variables(model).items()}
    described = dict(metadata) | {"sha256": _digest(weights)}
    entries = weights | {_METADATA: np.array(json.dumps(described))}
    files.write_npz(path, compressed=True, **entries)


def load(
    path: str | os.PathLike[str],
    kind: str,
    tool: str,
    build: Callable[[Mapping[str, Any], int], keras.Model],
) -> Loaded:
    """The network that `save` wrote.

    Args:
      path: of the file.
      kind: what it holds weights of, for messages.
      tool: what makes such files, for messages.
      build: build(metadata, number of weights in the file) -> the network with
        any weights. It raises ValueError where the file has fewer weights than
        the network needs.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    keras_settings.check()
    path = pathlib.Path(path)
    if not path.is_file():
        raise errors.DataError(
            f"{path}: no such file; {tool} --out={path} makes it."
        )
    files.check_plain(path)
    try:
        weights = files.read_npz(path)
        metadata = _described(weights.pop(_METADATA))
        others = [k for k, w in weights.items() if w.dtype != np.float32]
        if others:
            raise ValueError(f"{others[0]} is no float32")
        model = build(metadata, sum(array.size for array in weights.values()))
        if _digest(weights) != metadata["sha256"]:
            raise ValueError("the weights are not those that were saved")
        for name, variable in _variables(model).items():
            variable.assign(weights[name])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise errors.DataError(
            f"{path}: damaged, or not {kind} weights ({errors.excerpt(error)});"
            f" {tool} makes such files."
        ) from error
    return Loaded(model, metadata)


def _described(text: np.ndarray) -> dict[str, Any]:
    """What a file says of itself, of which others may have written gigabytes.

    Raises:
      ValueError: for what is no object of JSON, or far too long.
    """
    if text.nbytes > _METADATA_BYTES:
        raise ValueError(f"its {_METADATA} has {text.nbytes:,} bytes")
    return files.parse_json(str(text))


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    """By layer and name, which other versions of Keras name alike."""
    return {
        f"{layer.name}/{variable.name}": variable
        for layer in model.layers
        for variable in layer.weights
    }


def _digest(weights: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names, types, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        values = weights[name]
        digest.update(f"{name} {values.dtype.str} {values.shape} ".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
