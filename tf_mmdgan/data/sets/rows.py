"""Rows of a table of numbers, standardised."""

import hashlib
import pathlib

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data import image_set
from tf_mmdgan.data.readers import table_file
from tf_mmdgan.data.table import Table

# One row in so many is held out for the test.
_HELD_OUT = 5
# A column whose deviation is less than this share of its size is constant, but
# for rounding; in float32 its values could not be told apart.
_LEAST_DEVIATION = 1e-6


def load(
    split: str, image_size: int | None, reading: ReadConfig
) -> image_set.ImageSet:
    """Rows of a .npy or .csv file, less a fifth that is held out.

    Held-out rows are chosen by a hash of their number: a longer file with the
    same beginning holds out the same ones. Each column is standardised by mean
    and standard deviation of the training rows.

    Args:
      split: "train" or "test".
      image_size: None, for there are no images.
      reading: `data_dir`, the file; and `label_column`.

    Returns:
      Rows float32 [n, d], with their table; and labels, if a column is named.

    Raises:
      DataError: for what `table_file.read` refuses, too few rows, and a column
        that is constant, or whose numbers are too large.
      UsageError: without a file, for a size of images, and for a column that
        there is not.
    """
    if reading.data_dir is None:
        raise errors.UsageError(
            "rows needs a table: name its file, .npy or .csv, with "
            "--data_dir=..."
        )
    if image_size is not None:
        raise errors.UsageError(
            f"--image_size={image_size}: rows are no images; leave it out."
        )
    path = pathlib.Path(reading.data_dir)
    found = table_file.read(path, reading.label_column)
    count = len(found.values)
    held_out = np.fromiter(map(_is_held_out, range(count)), bool, count)
    if min(held_out.sum(), (~held_out).sum()) < 2:
        raise errors.DataError(
            f"{path} holds {len(held_out)} rows, too few to hold out a fifth "
            "of them: put more into it."
        )
    table = _table(found, ~held_out, reading.label_column, path)
    chosen = held_out if split == "test" else ~held_out
    return image_set.ImageSet(
        _standardised(table, found.values[chosen], path),
        None if found.labels is None else found.labels[chosen],
        len(found.class_names) or None,
        found.class_names or None,
        table=table,
    )


def _table(
    found: table_file.TableFile,
    train: np.ndarray,
    label_column: str | None,
    path: pathlib.Path,
) -> Table:
    """The columns, with mean and deviation of the training rows."""
    rows = found.values[train]
    with np.errstate(over="ignore", invalid="ignore"):  # `Table` refuses these
        means, deviations = rows.mean(axis=0), rows.std(axis=0)
    size = np.abs(rows).max(axis=0)
    for number in np.flatnonzero(deviations <= _LEAST_DEVIATION * size)[:1]:
        raise errors.DataError(
            f"{path}: the column '{errors.excerpt(found.columns[number])}' is "
            f"{means[number]:g} in all training rows, but for one part in a "
            "million: leave it out, or subtract what is common to all."
        )
    return Table(
        found.columns,
        tuple(means.tolist()),
        tuple(deviations.tolist()),
        label_column,
        found.class_names,
    )


def _standardised(
    table: Table, rows: np.ndarray, path: pathlib.Path
) -> np.ndarray:
    """Rows in units of the training rows, which are finite in float32."""
    with np.errstate(over="ignore"):
        scaled = table.standardised(rows)
    for number in np.flatnonzero(~np.isfinite(scaled).all(axis=0))[:1]:
        raise errors.DataError(
            f"{path}: the column '{errors.excerpt(table.columns[number])}' has "
            "a held-out number that is too far from all training rows: correct "
            "it, or leave its row out."
        )
    return scaled


def _is_held_out(number: int) -> bool:
    digest = hashlib.blake2b(f"row {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % _HELD_OUT == 0
