"""MMD^2 of many subsets of two samples."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.distribute import graphs
from tf_mmdgan.metrics import tiles
from tf_mmdgan.mmd import estimators

# A symmetric matrix is computed in three stripes of rows, each only to the
# right of its diagonal: 2 / 3 of the matrix.
_STRIPES = 3
# Bounds the memory that `_marks` takes.
_SUBSETS_AT_A_TIME = 256

# Something of x and of y; or points [n, d] and their marks [n, s].
_Pair = tuple[np.ndarray, np.ndarray]


def mmd2_of_subsets(
    kernel: kernels.Kernel,
    x: np.ndarray,
    y: np.ndarray,
    x_rows: np.ndarray,
    y_rows: np.ndarray,
) -> np.ndarray:
    """Unbiased MMD^2 of each of s subsets of x [n, d] and y [m, d].

    Large or many subsets have most of their pairs in common. Then the kernel is
    evaluated once at every pair, and each subset sums up its own pairs.

    Args:
      kernel: a frozen value; its values have the dtype of x and y.
      x: [n, d].
      y: [m, d], of the same dtype.
      x_rows: rows of x in each subset, without repetition, integers [s, k].
      y_rows: rows of y in each subset, without repetition, integers [s, k].

    Returns:
      One value for each subset, float64 [s].
    """
    values = []
    for start in range(0, len(x_rows), _SUBSETS_AT_A_TIME):
        part = slice(start, start + _SUBSETS_AT_A_TIME)
        rows = x_rows[part], y_rows[part]
        shared = _shared_is_faster(len(x) + len(y), x.shape[1], rows[0].shape)
        of_subsets = _from_all_pairs if shared else _one_by_one
        values.append(of_subsets(kernel, (x, y), rows))
    return np.concatenate(values)


def mmd2_of_block(
    kernel: kernels.Kernel, x: np.ndarray, y: np.ndarray
) -> float:
    """Unbiased MMD^2 of x [n, d] and y [m, d], all of it in float64.

    The kernel matrices are made whole, so they have to fit in memory.
    """
    points = tf.constant(np.concatenate([x, y], dtype=np.float64))
    return float(_mmd2(kernel)(points, len(x)))


@functools.lru_cache(maxsize=32)
def _mmd2(kernel: kernels.Kernel) -> Callable[[tf.Tensor, int], tf.Tensor]:
    """A graph of the unbiased MMD^2 of the first n points and the others.

    Its arguments are the points [n + m, d] and n. It is `mmd.mmd2_unbiased`
    with all sums in float64 and a third of either symmetric matrix left out.
    """

    @graphs.traced
    def graph(points: tf.Tensor, n: tf.Tensor) -> tf.Tensor:
        m = tf.shape(points)[0] - n
        xx, xy = _stripe_sums(kernel, points, n)
        yy, _ = _stripe_sums(kernel, points[n:], m)
        n, m = (tf.cast(size, tf.float64) for size in (n, m))
        within = xx / (n * (n - 1.0)) + yy / (m * (m - 1.0))
        return within - 2.0 * xy / (n * m)

    return lambda points, n: graph(points, tf.constant(n))


def _shared_is_faster(points: int, width: int, shape: tuple[int, int]) -> bool:
    """Whether `_from_all_pairs` multiplies fewer numbers than `_one_by_one`."""
    count, size = shape
    alone = (1.0 + 1.0 / (2 * _STRIPES)) * count * (2 * size) ** 2 * width
    return points**2 * (width + count) <= alone


def _one_by_one(
    kernel: kernels.Kernel, samples: _Pair, rows: _Pair
) -> np.ndarray:
    points = tf.constant(np.concatenate(samples))
    x_rows, y_rows = rows
    both = np.concatenate([x_rows, len(samples[0]) + y_rows], axis=1)
    value = _mmd2(kernel)
    size = x_rows.shape[1]
    return np.array([float(value(tf.gather(points, r), size)) for r in both])


def _from_all_pairs(
    kernel: kernels.Kernel, samples: _Pair, rows: _Pair
) -> np.ndarray:
    x, y = ((u, _marks(own, u)) for u, own in zip(samples, rows, strict=True))
    xx, yy = _sums_within(kernel, x), _sums_within(kernel, y)
    between = tiles.between(len(samples[0]), len(samples[1]))
    xy = _sums(kernel, x, y, between)
    size = rows[0].shape[1]
    return (xx + yy) / (size * (size - 1)) - 2.0 * xy / size**2


def _marks(rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which points each subset has, as 1 and 0: [n, s]."""
    marks = np.zeros((len(points), len(rows)), points.dtype)
    np.put_along_axis(marks, rows.T, 1.0, axis=0)
    return marks


def _sums_within(kernel: kernels.Kernel, u: _Pair) -> np.ndarray:
    """Sums of k(u_i, u_j) over the i != j of each subset: [s]."""
    count = len(u[0])
    twice = _sums(kernel, u, u, tiles.above_diagonal(count))
    once = _sums(kernel, u, u, tiles.on_diagonal(count), diagonal=True)
    return 2.0 * twice + once


def _sums(
    kernel: kernels.Kernel,
    u: _Pair,
    v: _Pair,
    of_tiles: list[tiles.Tile],
    diagonal: bool = False,
) -> np.ndarray:
    """Sums of k(u_i, v_j) over the points of each subset in tiles: [s]."""
    sums = np.zeros(u[1].shape[1])
    graph = _tile_graph(kernel, diagonal)
    for _, found in tiles.evaluate(graph, u, v, of_tiles):
        sums += found
    return sums


@functools.lru_cache(maxsize=64)
def _tile_graph(
    kernel: kernels.Kernel, diagonal: bool
) -> Callable[..., tf.Tensor]:

    @graphs.traced
    def graph(
        u: tf.Tensor, in_u: tf.Tensor, v: tf.Tensor, in_v: tf.Tensor
    ) -> tf.Tensor:
        gram = kernel(u, v)
        if diagonal:
            gram = estimators.without_diagonal(gram)
        of_rows = tf.cast(tf.matmul(gram, in_v), tf.float64)
        return tf.reduce_sum(of_rows * tf.cast(in_u, tf.float64), axis=0)

    return graph


def _stripe_sums(
    kernel: kernels.Kernel, points: tf.Tensor, n: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums of k(z_i, z_j) over i != j < n, and over i < n <= j.

    Of the symmetric part, each stripe of rows is computed from its diagonal to
    the right only, and counted twice there. A stripe runs on over the columns
    of the second set, because wide matrices are multiplied faster.
    """
    within = between = tf.constant(0.0, tf.float64)
    for stripe in range(_STRIPES):
        first, last = n * stripe // _STRIPES, n * (stripe + 1) // _STRIPES
        gram = kernel(points[first:last], points[first:])
        gram = tf.cast(gram, tf.float64)
        columns = tf.reduce_sum(gram, axis=0)
        height, half = last - first, n - first
        # A diagonal that is large would cost the digits of the others; the
        # first stripes of few points are empty.
        zeros = tf.zeros([height], tf.float64)
        square = tf.linalg.set_diag(gram[:, :height], zeros)
        within += tf.reduce_sum(square)
        within += 2.0 * tf.reduce_sum(columns[height:half])
        between += tf.reduce_sum(columns[half:])
    return within, between
