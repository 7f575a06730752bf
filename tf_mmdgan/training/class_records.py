"""What a run's record says of the classes of its data."""

import math
import os
import pathlib

import numpy as np

from tf_mmdgan import class_names, errors
from tf_mmdgan.training.run_directory import CONFIG_FILE, recorded

_SHARES_ERROR = 1e-6  # of the sum of all


def shares(
    run_dir: str | os.PathLike[str], num_classes: int | None
) -> np.ndarray | None:
    """The shares of the classes of a run's data; None for equal ones.

    Raises:
      DataError: for what is no law over that many classes.
    """
    path = pathlib.Path(run_dir) / CONFIG_FILE
    found = recorded(path).get("class_shares")
    if found is None:
        return None
    numbers = isinstance(found, list) and len(found) == num_classes
    numbers = numbers and all(
        type(share) in (int, float) and 0.0 <= share <= 1.0 for share in found
    )
    if not numbers or abs(math.fsum(found) - 1.0) > _SHARES_ERROR:
        raise errors.DataError(
            f"{path} cannot be read by this version: its class_shares are no "
            f"shares of {num_classes or 'no'} classes"
        )
    return np.array(found, np.float64)


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
