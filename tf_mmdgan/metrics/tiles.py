"""Kernel matrices of large samples as tiles, each made, used and let go."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

# Rows of a tile, which is twice as wide where there are columns enough: large
# for the rate of the matrix product, small for the cache.
SIZE = 1024


class Tile(NamedTuple):
    """Some rows and columns of a kernel matrix."""

    rows: slice
    columns: slice


def between(num_rows: int, num_columns: int, size: int = SIZE) -> list[Tile]:
    """The tiles of a whole matrix, those of equal columns together."""
    starts = itertools.product(
        range(0, num_columns, 2 * size), range(0, num_rows, size)
    )
    return [_tile(row, column, size, 2 * size) for column, row in starts]


def above_diagonal(count: int, size: int = SIZE) -> list[Tile]:
    """The tiles of a square matrix that are above those of its diagonal."""
    found = []
    for column in range(0, count, 2 * size):
        rows = range(0, column, size)
        found += [_tile(row, column, size, 2 * size) for row in rows]
        if column + size < count:
            found.append(_tile(column, column + size, size, size))
    return found


def on_diagonal(count: int, size: int = SIZE) -> list[Tile]:
    """The square tiles of a square matrix's diagonal."""
    return [_tile(start, start, size, size) for start in range(0, count, size)]


def evaluate(
    function: Callable[..., Any],
    u: Sequence[np.ndarray],
    v: Sequence[np.ndarray],
    tiles: Iterable[Tile],
) -> Iterator[tuple[Tile, Any]]:
    """Each tile with what a function makes of its part of all arrays.

    Args:
      function: of parts of the arrays of u, then of those of v, as tensors.
      u: arrays [n, ...], of which a part is a tile's rows.
      v: arrays [m, ...], of which a part is a tile's columns.
      tiles: of a matrix [n, m].
    """
    columns = None
    for tile in tiles:
        if tile.columns != columns:
            columns, v_parts = tile.columns, _parts(v, tile.columns)
        yield tile, function(*_parts(u, tile.rows), *v_parts)


def _parts(arrays: Sequence[np.ndarray], part: slice) -> list[tf.Tensor]:
    return [tf.constant(array[part]) for array in arrays]


def _tile(row: int, column: int, height: int, width: int) -> Tile:
    return Tile(slice(row, row + height), slice(column, column + width))
