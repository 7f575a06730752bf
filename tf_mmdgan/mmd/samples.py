"""Samples as two-sample tests take them: any arrays, checked, in float64."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.kernels.rows import (
    check_columns,
    check_unmasked,
    without_objects,
)

_LARGEST_INTEGER = 2**53
# Rows of either sample whose nearest rows are looked at, and of the others how
# many at a time.
_SOME_ROWS = 512
_AT_A_TIME = 4096
# Standard deviations, or more, by which too many nearest rows are in the other
# sample.
_FAR = 6.0


class Samples(NamedTuple):
    """Two checked samples, float64 and finite."""

    x: np.ndarray  # [n, d]
    y: np.ndarray  # [m, d]

    @property
    def pooled(self) -> np.ndarray:
        """All rows, those of x first: [n + m, d]."""
        return np.concatenate([self.x, self.y])

    @property
    def constant(self) -> bool:
        """Whether all rows of both samples are equal."""
        return bool((self.x == self.x[0]).all() and (self.y == self.x[0]).all())


def as_samples(x: Any, y: Any, minimum: int = 2) -> Samples:
    """Checks two samples.

    Args:
      x: numbers [n], [n, d] or [n, ...], whose rows are flattened: an array, a
        tensor, a table, a list.
      y: the same, with m rows.
      minimum: of rows in either.

    Raises:
      DataError: for what is no array of numbers, for NaN or infinity, for
        integers beyond 2^53, for fewer rows than `minimum`, for rows of unequal
        lengths, and for tables with the same columns in different places.
    """
    check_columns(x, y)
    rows = Samples(as_rows(x, "x", minimum), as_rows(y, "y", minimum))
    if rows.x.shape[1] != rows.y.shape[1]:
        raise errors.DataError(
            f"rows of x hold {rows.x.shape[1]} numbers, rows of y "
            f"{rows.y.shape[1]}: need the same."
        )
    return rows


def warn_of_twins(samples: Samples) -> None:
    """Warns of samples that depend on each other.

    Of independent samples of one law the row nearest to another is in either of
    them by lot; where the laws differ, most rows of one at least have it in
    their own. Where it is in the other sample for both, these hold the same
    rows, or one was made from the other, such as reconstructions. Permutations
    then say nothing, and what was learnt of one half is known of the other.
    """
    x, y = samples
    for own, other in ((x, y), (y, x)):
        chosen = np.arange(len(own))[:: -(-len(own) // _SOME_ROWS)]
        apart = _nearest_squares(own[chosen], other)
        beside = _nearest_squares(own[chosen], own, chosen)
        share = float(np.mean(apart < beside))
        by_lot = len(other) / (len(own) + len(other) - 1)
        if share <= by_lot + _FAR * 0.5 / np.sqrt(len(chosen)):
            return
    errors.warn(
        "x and y depend on each other: rows of both have their nearest row in "
        "the other sample, as where some rows are in both, or y was made from "
        "x. Tests of two samples need independent ones.",
        stacklevel=3,
    )


def _nearest_squares(
    rows: np.ndarray, others: np.ndarray, left_out: np.ndarray | None = None
) -> np.ndarray:
    """Squared distances to the nearest of other rows [m, d]: [k].

    Args:
      rows: [k, d].
      others: [m, d].
      left_out: the number of the row itself among the others, for each, [k].
    """
    middle = others.mean(axis=0)
    rows = rows - middle
    nearest = np.full(len(rows), np.inf)
    for start in range(0, len(others), _AT_A_TIME):
        part = others[start : start + _AT_A_TIME] - middle
        squares = np.square(part).sum(axis=1) - 2.0 * rows @ part.T
        if left_out is not None:
            inside = (left_out >= start) & (left_out < start + len(part))
            squares[inside, left_out[inside] - start] = np.inf
        nearest = np.minimum(nearest, squares.min(axis=1))
    return nearest + np.square(rows).sum(axis=1)


def as_rows(array: Any, name: str, minimum: int = 1) -> np.ndarray:
    """One sample as float64 [n, d]; `name` is for messages. See `as_samples`.

    Raises:
      DataError: as `as_samples` does.
    """
    values = named_numbers(array, name)
    if values.ndim == 0 or values.dtype.kind not in "biuf":
        raise errors.DataError(
            f"{name} is {values.dtype} of shape {values.shape}: need real "
            "numbers of shape [samples, width]."
        )
    if len(values) < minimum:
        raise errors.DataError(
            f"{name} has {len(values)} rows: need at least {minimum}."
        )
    check_integers(values, name)
    # Not -1, which does not say how long the rows of no sample are.
    width = int(np.prod(values.shape[1:]))
    rows = values.reshape(len(values), width).astype(np.float64)
    if width == 0:
        raise errors.DataError(f"{name} has rows without numbers.")
    check_finite(rows, f"{name} is", "leave them out")
    return rows


def named_numbers(array: Any, name: str) -> np.ndarray:
    """As `as_numbers`; errors begin with a name.

    Raises:
      DataError: for what is no array, and as `as_numbers`.
    """
    try:
        return as_numbers(array)
    except errors.DataError as error:
        raise errors.DataError(f"{name}: {error}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise errors.DataError(f"{name} is no array: {reason}.") from None


def check_integers(values: np.ndarray, name: str) -> None:
    """Raises DataError for integers that float64 does not keep.

    Args:
      values: of any type and shape.
      name: what they are, for the message.
    """
    if values.dtype.kind not in "iu" or not values.size:
        return
    largest = max(abs(int(values.min())), abs(int(values.max())))
    if largest > _LARGEST_INTEGER:
        raise errors.DataError(
            f"{name}: integers up to {largest}; beyond 2^53 not all of them "
            "are floating-point numbers. Subtract a constant from them."
        )


def as_numbers(array: Any) -> np.ndarray:
    """An array; bfloat16, which NumPy does not know as numbers, in float32.

    Raises:
      DataError: for a masked array with masked entries.
    """
    check_unmasked(array)
    values = without_objects(np.asarray(array))
    if values.dtype == tf.bfloat16.as_numpy_dtype:
        return values.astype(np.float32)
    return values


def check_finite(rows: np.ndarray, subject: str, remedy: str) -> None:
    """Raises DataError for rows [n, d] with NaN or infinity.

    Args:
      rows: numbers.
      subject: the beginning of the message, such as "x is".
      remedy: its end.
    """
    bad = ~np.isfinite(rows).all(axis=1)
    if bad.any():
        raise errors.DataError(
            f"{subject} NaN or infinite in {bad.sum()} of {len(bad)} rows, the "
            f"first of them row {bad.argmax()}: {remedy}."
        )
