"""Kernel sums over all pairs of points, in memory that grows with n, not n^2.

Kernel matrices are made one tile at a time and summed up at once; each tile of
the two symmetric matrices serves both halves.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels, mmd

TILE_SIZE = 2048


def all_pair_sums(
    kernel: kernels.Kernel,
    x: np.ndarray,
    y: np.ndarray,
    tile_size: int = TILE_SIZE,
) -> mmd.PairSums:
    """Sums of a centred kernel over the pairs of x [n, d] and y [m, d].

    Kernel values have the dtype of x and y, sums are float64. Centred: see
    `_CentredKernel`; MMD^2 and its variance stay what they are.
    """
    centre = (x.mean(axis=0, keepdims=True) + y.mean(axis=0, keepdims=True)) / 2
    centre = tf.constant(centre, x.dtype)
    half = kernel(centre, centre)[0, 0] / 2.0
    centred = _CentredKernel(kernel, centre, half)
    xx = _sums_within(centred, x, tile_size)
    xy = _sums_between(centred, x, y, tile_size)
    yy = _sums_within(centred, y, tile_size)
    return mmd.PairSums(
        xx=xx.rows,
        xy=xy.rows,
        yx=xy.columns,
        yy=yy.rows,
        xx_squares=xx.squares,
        xy_squares=xy.squares,
        yy_squares=yy.squares,
    )


def estimate(sums: mmd.PairSums) -> tuple[float, float]:
    """Unbiased MMD^2 and its standard error, NaN for fewer than 4 points."""
    mean = float(mmd.unbiased_from_sums(sums))
    if min(len(sums.xx), len(sums.yy)) < 4:
        return mean, float("nan")
    return mean, math.sqrt(mmd.variance_from_sums(sums).clipped)


@dataclasses.dataclass(frozen=True)
class _CentredKernel:
    """k(u, v) - f(u) - f(v) with f(u) = k(u, z) - k(z, z) / 2.

    No f changes MMD^2 or the variance of its estimate: it cancels. But large
    equal terms that have to cancel cost digits, most of all in the sums of
    squares, and with z [1, d] amid the points little is left of them.
    """

    kernel: kernels.Kernel
    centre: tf.Tensor
    half: tf.Tensor  # k(z, z) / 2

    def __call__(self, u: np.ndarray, v: np.ndarray) -> tf.Tensor:
        gram = self.kernel(u, v) - self._offsets(u)[:, tf.newaxis]
        return gram - self._offsets(v)

    def _offsets(self, u: np.ndarray) -> tf.Tensor:
        return self.kernel(u, self.centre)[:, 0] - self.half


class _Sums(NamedTuple):
    """Sums of k(u_i, v_j), in float64."""

    rows: np.ndarray  # over j, for each i
    columns: np.ndarray  # over i, for each j
    squares: float  # of k(u_i, v_j)^2, over i and j


def _sums_within(
    kernel: _CentredKernel, u: np.ndarray, tile_size: int
) -> _Sums:
    """Sums over i != j."""
    rows, squares = np.zeros(len(u)), 0.0
    tiles = list(_tiles(len(u), tile_size))
    for i, j in itertools.combinations_with_replacement(tiles, 2):
        gram = kernel(u[i], u[j])
        if i == j:
            gram = tf.linalg.set_diag(gram, tf.zeros_like(gram[0]))
        tile = _sums_of_tile(gram)
        rows[i] += tile.rows
        squares += tile.squares
        if i != j:  # the tile's mirror image
            rows[j] += tile.columns
            squares += tile.squares
    return _Sums(rows, rows, squares)


def _sums_between(
    kernel: _CentredKernel, u: np.ndarray, v: np.ndarray, tile_size: int
) -> _Sums:
    """Sums over all i and j."""
    rows, columns, squares = np.zeros(len(u)), np.zeros(len(v)), 0.0
    for i in _tiles(len(u), tile_size):
        for j in _tiles(len(v), tile_size):
            tile = _sums_of_tile(kernel(u[i], v[j]))
            rows[i] += tile.rows
            columns[j] += tile.columns
            squares += tile.squares
    return _Sums(rows, columns, squares)


def _tiles(count: int, tile_size: int) -> Iterator[slice]:
    for start in range(0, count, tile_size):
        yield slice(start, min(start + tile_size, count))


def _sums_of_tile(gram: tf.Tensor) -> _Sums:
    gram = tf.cast(gram, tf.float64)
    return _Sums(
        tf.reduce_sum(gram, axis=1).numpy(),
        tf.reduce_sum(gram, axis=0).numpy(),
        float(tf.reduce_sum(tf.square(gram))),
    )
