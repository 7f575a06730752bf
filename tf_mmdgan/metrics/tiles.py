"""Kernel matrices of large samples, in tiles of which one is held at a time."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

# Rows of a tile; a tile has up to twice as many columns. Matrix products are
# faster in larger tiles, but smaller ones stay in the processor's cache.
SIZE = 1024


class Tile(NamedTuple):
    """Some rows and columns of a kernel matrix."""

    rows: slice
    columns: slice


def between(num_rows: int, num_columns: int, size: int = SIZE) -> list[Tile]:
    """The tiles of a whole matrix; tiles of the same columns stand together."""
    starts = itertools.product(
        range(0, num_columns, 2 * size), range(0, num_rows, size)
    )
    return [_tile(row, column, size, 2 * size) for column, row in starts]


def above_diagonal(count: int, size: int = SIZE) -> list[Tile]:
    """The tiles of a square matrix above the tiles of its diagonal."""
    found = []
    for column in range(0, count, 2 * size):
        rows = range(0, column, size)
        found += [_tile(row, column, size, 2 * size) for row in rows]
        if column + size < count:
            found.append(_tile(column, column + size, size, size))
    return found


def on_diagonal(count: int, size: int = SIZE) -> list[Tile]:
    """The square tiles along the diagonal of a square matrix."""
    return [_tile(start, start, size, size) for start in range(0, count, size)]


def evaluate(
    function: Callable[..., Any],
    u: Sequence[np.ndarray],
    v: Sequence[np.ndarray],
    tiles: Iterable[Tile],
) -> Iterator[tuple[Tile, Any]]:
    """Calls a function for each tile of a matrix, with the tile's own points.

    Args:
      function: called with the tile's rows of each array of u, and then with
        its columns of each array of v, as tensors.
      u: arrays [n, ...].
      v: arrays [m, ...].
      tiles: of a matrix [n, m].

    Yields:
      Each tile and what the function returned for it.
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
