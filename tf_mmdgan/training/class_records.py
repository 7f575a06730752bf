"""What a run's record says of the classes of its data."""

import os
import pathlib

import numpy as np

from tf_mmdgan import class_names, errors
from tf_mmdgan.latents import checked_shares
from tf_mmdgan.training.run_directory import CONFIG_FILE, recorded


def shares(
    run_dir: str | os.PathLike[str], num_classes: int | None
) -> np.ndarray | None:
    """The shares of the classes of a run's data; None for equal ones.

    Raises:
      DataError: for what is no law over that many classes.
    """
    path = pathlib.Path(run_dir) / CONFIG_FILE
    found = recorded(path).get("class_shares")
    try:
        return checked_shares(found, num_classes)
    except errors.UsageError as error:
        raise errors.DataError(
            f"{path} cannot be read by this version: {error}"
        ) from None


def names(
    run_dir: str | os.PathLike[str], num_classes: int | None
) -> tuple[str, ...] | None:
    """The names of the classes of a run's data; None without names.

    Raises:
      DataError: for what are no names of so many classes.
    """
    path = pathlib.Path(run_dir) / CONFIG_FILE
    data = recorded(path).get("data")
    found = data.get("classes") if isinstance(data, dict) else None
    if found is None:
        return None
    if not class_names.is_names(found, num_classes):
        raise errors.DataError(
            f"{path} cannot be read by this version: its classes are no names "
            f"of {num_classes or 'no'} classes"
        )
    return tuple(found)
