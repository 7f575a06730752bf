"""Files and folders that hold the weights of networks."""

import hashlib
import os
import pathlib
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors

# What reading a damaged file raises.
DAMAGE = (OSError, ValueError, LookupError, TypeError, tf.errors.OpError)


def required(path: str | os.PathLike[str] | None, name: str) -> pathlib.Path:
    """The path that a network cannot do without.

    Raises:
      UsageError: if there is none.
    """
    if path is None:
        raise errors.UsageError(f"{name} needs a path: {name}:PATH.")
    return pathlib.Path(path)


def digest(path: pathlib.Path) -> str:
    """SHA-256 of a file, or of all files in a folder.

    Raises:
      DataError: if it cannot be read.
    """
    if not path.exists():
        raise errors.DataError(f"There is no file {path}.")
    found = hashlib.sha256()
    try:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                found.update(file.read_bytes())
    except OSError as error:
        raise errors.DataError(
            f"Cannot read the extractor's weights {path} ({error.strerror})."
        ) from error
    return found.hexdigest()


def check_finite(
    owner: str | os.PathLike[str], weights: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Checks weights, of which a single NaN can make all features equal.

    Args:
      owner: the network or its file, for the message.
      weights: by name, of any type.

    Raises:
      DataError: for NaN or infinity.
    """
    for name, values in weights:
        if values.dtype.kind in "fV":  # V: bfloat16
            bad = ~np.isfinite(values.astype(np.float32, copy=False))
            if bad.any():
                raise errors.DataError(
                    f"{owner}: {bad.sum()} of the {bad.size} weights {name} "
                    "are NaN or infinite; take a sound copy of the network."
                )


def check_nodes(
    path: pathlib.Path, nodes: Iterable[tf.compat.v1.NodeDef]
) -> None:
    """`check_finite` of the constants of a graph; single infinities are free.

    Programs use these, as bounds and as masks.
    """
    constants = (
        (node.name, tf.make_ndarray(node.attr["value"].tensor))
        for node in nodes
        if node.op == "Const"
    )
    check_finite(path, ((k, v) for k, v in constants if v.size > 1))


def damaged(
    path: pathlib.Path, error: Exception, expected: str = "such network"
) -> errors.DataError:
    """The error for a file that is not what it should be."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return errors.DataError(
        f"{path} is damaged, or no {expected}: {reason[:200]}"
    )
