"""Sums of a kernel over all pairs of points, in memory that grows with n.

A kernel matrix is made and summed one tile at a time, and never held whole. Of
a symmetric matrix only the tiles on and above the diagonal are made. Several
processes or devices may each sum some of the tiles; `merge` adds their sums up.
"""

import concurrent.futures
import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.distribute import graphs
from tf_mmdgan.metrics import tiles
from tf_mmdgan.mmd import estimators

# What is taken off kernel values, relative to their means over rows, if it is
# too large to help.
_FAR_LARGER = 100.0


class Sums(NamedTuple):
    """Sums of k(u_i, v_j), in float64."""

    rows: np.ndarray  # over j, for each i
    columns: np.ndarray  # over i, for each j
    squares: float  # of k(u_i, v_j)^2, over i and j


def all_pair_sums(
    kernel: kernels.Kernel,
    x: np.ndarray,
    y: np.ndarray,
    tile_size: int = tiles.SIZE,
    devices: Sequence[str] = (),
) -> mmd.PairSums:
    """Sums of a kernel over all pairs of points of x [n, d] and y [m, d].

    The kernel is centred first, which changes neither MMD^2 nor its variance:
    see `centred`. Its values have the dtype of x and y; sums are float64.

    Args:
      kernel: a frozen value.
      x: [n, d].
      y: [m, d], of the same dtype.
      tile_size: rows of a tile, and half of its columns.
      devices: names of devices that share the tiles; by default TensorFlow
        chooses one.
    """
    if not devices:
        return centred(kernel, x, y, partial_sums(kernel, x, y, tile_size))

    def on_device(part: int) -> mmd.PairSums:
        with tf.device(devices[part]):
            return partial_sums(kernel, x, y, tile_size, part, len(devices))

    with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool:
        parts = list(pool.map(on_device, range(len(devices))))
    return centred(kernel, x, y, functools.reduce(merge, parts))


def partial_sums(
    kernel: kernels.Kernel,
    x: np.ndarray,
    y: np.ndarray,
    tile_size: int = tiles.SIZE,
    part: int = 0,
    num_parts: int = 1,
) -> mmd.PairSums:
    """Sums of k over the pairs in some of the tiles of x [n, d] and y [m, d].

    `merge` adds the sums of all parts up. `centred` turns these into what
    `all_pair_sums` returns.

    Raises:
      UsageError: for a part that is not 0 to num_parts - 1.
    """
    if not 0 <= part < num_parts:
        raise errors.UsageError(
            f"part={part}: need 0 to {num_parts - 1}, one less than num_parts."
        )
    xx = within(kernel, x, tile_size, part, num_parts)
    between = tiles.between(len(x), len(y), tile_size)
    xy = _sums(kernel, x, y, between[part::num_parts])
    yy = within(kernel, y, tile_size, part, num_parts)
    return mmd.PairSums(
        xx.rows, xy.rows, xy.columns, yy.rows,
        xx.squares, xy.squares, yy.squares,
    )  # fmt: skip


def candidate_sums(
    kernel: kernels.Kernel,
    reference: np.ndarray,
    candidates: np.ndarray,
    tile_size: int = tiles.SIZE,
) -> mmd.CandidateSums:
    """`mmd.candidate_sums`, in memory that grows with the number of rows.

    Args:
      kernel: a frozen value.
      reference: [n, d], in float64 where digits matter.
      candidates: [m, d], of the same dtype.
      tile_size: rows of a tile, and half of its columns.
    """
    own = within(kernel, candidates, tile_size)
    between = tiles.between(len(reference), len(candidates), tile_size)
    cross = _sums(kernel, reference, candidates, between)
    return mmd.CandidateSums(
        own.rows, cross.columns, cross.rows, own.squares, cross.squares
    )


def merge(first: mmd.PairSums, second: mmd.PairSums) -> mmd.PairSums:
    """Adds up sums over different tiles."""
    return mmd.PairSums(*(a + b for a, b in zip(first, second, strict=True)))


def centred(
    kernel: kernels.Kernel, x: np.ndarray, y: np.ndarray, sums: mmd.PairSums
) -> mmd.PairSums:
    """Sums of k(u, v) - f(u) - f(v), with f(u) = k(u, z) - k(z, z) / 2.

    Any f cancels in MMD^2 and in the variance of its estimate. So may a large
    term that all kernel values share; but what has to cancel costs digits, most
    of all in the variance. With z in the middle of the points, f takes such a
    term off beforehand. Where the values share none, and f is far larger than
    they are (a point far from all others draws z away from them), the sums stay
    as they are.

    Args:
      kernel: that of the sums.
      x: [n, d].
      y: [m, d].
      sums: over all pairs, of k itself.
    """
    z = (x.mean(axis=0, keepdims=True) + y.mean(axis=0, keepdims=True)) / 2
    half = float(kernel(z, z)[0, 0]) / 2.0
    f = kernel(x, z)[:, 0].numpy().astype(np.float64) - half
    g = kernel(y, z)[:, 0].numpy().astype(np.float64) - half
    n, m = len(f), len(g)
    means = (sums.xx / (n - 1), sums.xy / m, sums.yx / n, sums.yy / (m - 1))
    if _largest(f, g) > _FAR_LARGER * _largest(*means):
        return sums
    xy_squares = sums.xy_squares - 2.0 * (f @ sums.xy + g @ sums.yx)
    xy_squares += m * f @ f + n * g @ g + 2.0 * f.sum() * g.sum()
    return mmd.PairSums(
        xx=_centred_rows(sums.xx, f),
        xy=sums.xy - m * f - g.sum(),
        yx=sums.yx - n * g - f.sum(),
        yy=_centred_rows(sums.yy, g),
        xx_squares=_centred_squares(sums.xx_squares, sums.xx, f),
        xy_squares=xy_squares,
        yy_squares=_centred_squares(sums.yy_squares, sums.yy, g),
    )


def estimate(sums: mmd.PairSums) -> tuple[float, float]:
    """Unbiased MMD^2 and its standard error.

    The error is NaN if one of the sets has fewer than 4 points.
    """
    mean = float(mmd.unbiased_from_sums(sums))
    if min(len(sums.xx), len(sums.yy)) < 4:
        return mean, float("nan")
    return mean, math.sqrt(mmd.variance_from_sums(sums).clipped)


def _largest(*arrays: np.ndarray) -> float:
    return max(float(np.abs(array).max()) for array in arrays)


def within(
    kernel: kernels.Kernel,
    u: np.ndarray,
    size: int = tiles.SIZE,
    part: int = 0,
    num_parts: int = 1,
) -> Sums:
    """Sums over i != j of u [n, d], or over some of the tiles of these pairs.

    A tile above the diagonal counts for its mirror too.
    """
    above = tiles.above_diagonal(len(u), size)[part::num_parts]
    diagonal = tiles.on_diagonal(len(u), size)[part::num_parts]
    twice = _sums(kernel, u, u, above)
    once = _sums(kernel, u, u, diagonal, diagonal=True)
    rows = twice.rows + twice.columns + once.rows
    return Sums(rows, rows, 2.0 * twice.squares + once.squares)


def _sums(
    kernel: kernels.Kernel,
    u: np.ndarray,
    v: np.ndarray,
    of_tiles: list[tiles.Tile],
    diagonal: bool = False,
) -> Sums:
    """Sums over tiles of k(u, v), the entries of the diagonal left out.

    Args:
      kernel: a frozen value.
      u: [n, d].
      v: [m, d].
      of_tiles: the tiles.
      diagonal: whether v is u and all tiles lie on the diagonal, rather than
        none.
    """
    rows, columns, squares = np.zeros(len(u)), np.zeros(len(v)), 0.0
    graph = _tile_graph(kernel, diagonal, u.dtype.name)
    for tile, found in tiles.evaluate(graph, (u,), (v,), of_tiles):
        rows[tile.rows] += found.rows
        columns[tile.columns] += found.columns
        squares += float(found.squares)
    return Sums(rows, columns, squares)


@functools.lru_cache(maxsize=64)
def _tile_graph(
    kernel: kernels.Kernel, diagonal: bool, dtype: str
) -> Callable[[tf.Tensor, tf.Tensor], Sums]:
    """The sums over a tile; a graph for each type, lest TensorFlow warns."""
    del dtype

    @graphs.traced
    def graph(u: tf.Tensor, v: tf.Tensor) -> Sums:
        gram = kernel(u, v)
        if diagonal:
            gram = estimators.without_diagonal(gram)
        gram = tf.cast(gram, tf.float64)
        return Sums(
            tf.reduce_sum(gram, axis=1),
            tf.reduce_sum(gram, axis=0),
            2.0 * tf.nn.l2_loss(gram),  # one pass, unlike a sum of squares
        )

    return graph


def _centred_rows(rows: np.ndarray, f: np.ndarray) -> np.ndarray:
    """Sums over j != i of k(u_i, u_j) - f_i - f_j, from those of k."""
    return rows - (len(f) - 2) * f - f.sum()


def _centred_squares(squares: float, rows: np.ndarray, f: np.ndarray) -> float:
    """Sum over i != j of (k(u_i, u_j) - f_i - f_j)^2, from that of k^2."""
    offsets = 2.0 * ((len(f) - 2) * f @ f + f.sum() ** 2)
    return squares - 4.0 * f @ rows + offsets
