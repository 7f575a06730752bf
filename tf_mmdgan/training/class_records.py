"""What a run's record says of the labels of its data."""

import os
import pathlib

import numpy as np

from tf_mmdgan import class_names, errors, files
from tf_mmdgan.conditions import MOST_ROWS, Classes, Condition, Numbers
from tf_mmdgan.latents import checked_shares
from tf_mmdgan.training.run_directory import CONFIG_FILE, LABELS_FILE, recorded

_NPY_HEADER = 2**10  # bytes, at most


def with_law(
    run_dir: str | os.PathLike[str], condition: Condition | None
) -> Condition | None:
    """What the labels of a run's data are, and how often each was there.

    Args:
      run_dir: the run's folder.
      condition: the labels without their law, as `run_directory.read_config`
        reads them.

    Raises:
      DataError: for what is no law of such labels.
    """
    count = None if condition is None else condition.num_classes
    found, told = shares(run_dir, count), names(run_dir, count)
    if condition is not None and condition.width is not None:
        return Numbers(condition.width, _rows(run_dir, condition.width))
    return condition if count is None else Classes(count, found, told)


def _rows(run_dir: str | os.PathLike[str], width: int) -> np.ndarray:
    """Labels of numbers that a run draws from, float32 [m, width]."""
    path = pathlib.Path(run_dir) / LABELS_FILE
    most = 4 * width * MOST_ROWS + _NPY_HEADER
    if path.is_file() and path.stat().st_size > most:
        raise errors.DataError(f"{path} holds more than {most:,} bytes.")
    rows = files.read_npy(path)
    if rows.dtype != np.float32 or rows.shape[1:] != (width,) or not len(rows):
        raise errors.DataError(
            f"{path} holds {rows.dtype} {list(rows.shape)}; need float32 "
            f"[m, {width}]."
        )
    return rows


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
