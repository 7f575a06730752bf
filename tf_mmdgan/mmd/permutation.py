"""Statistics of all random splits of two samples at once.

Which rows are x is a column of zeros and ones. The sums over pairs that MMD^2
needs, for all columns together, are products of the pooled kernel matrix with
the matrix of columns; the kernel is evaluated once, in tiles, of which none is
kept.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd.kernel_tiles import (
    SIZE,
    KernelTile,
    batches,
    on_and_above_diagonal,
    quadratic_forms,
)
from tf_mmdgan.mmd.outcome import TIE


class Resampled(NamedTuple):
    """Statistics of several kernels, the observed ones first.

    Attributes:
      values: estimates of MMD^2, [kernels, B + 1].
      roots: of each kernel, the root mean square of the values whose sums the
        statistics are, [kernels].
    """

    values: np.ndarray
    roots: np.ndarray

    @property
    def ties(self) -> np.ndarray:
        """Differences of statistics that are rounding alone, [kernels]."""
        return TIE * self.roots


def random_splits(
    n: int, m: int, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Columns that say which n of n + m rows are x: bool [n + m, count + 1].

    The first column is the split as it is, the others are permutations.
    """
    first = np.arange(n + m) < n
    others = rng.permuted(np.broadcast_to(first, (count, n + m)), axis=1)
    return np.ascontiguousarray(np.vstack([first, others]).T)


def mmd2_of_splits(
    kernels: Sequence[Kernel],
    pooled: np.ndarray,
    splits: np.ndarray,
    tile_size: int = SIZE,
) -> Resampled:
    """Unbiased MMD^2 of the two parts that each split makes of the rows.

    With s_i = 1 for the rows of x, K without its diagonal:

    a = s^T K s,  b = s^T K 1,  c = 1^T K 1
    MMD^2 = a / (n (n-1)) + (c - 2 b + a) / (m (m-1)) - 2 (b - a) / (n m)

    which is `mmd2_unbiased`: Gretton et al. 2012, "A kernel two-sample test",
    eq. 3. Time is B (n + m)^2 for each kernel, memory B (n + m) bytes.

    Args:
      kernels: one or more.
      pooled: rows [n + m, d] in float64.
      splits: as `random_splits` makes them, n >= 2 and m >= 2.
      tile_size: rows and columns of a tile of the kernel matrix.
    """
    inside = np.zeros((len(kernels), splits.shape[1]))
    row_sums = np.zeros((len(kernels), len(pooled)))
    squares = np.zeros(len(kernels))
    for rows, columns in on_and_above_diagonal(len(pooled), tile_size):
        tile = KernelTile(pooled[rows], pooled[columns])
        left, right = np.float64(splits[rows]), np.float64(splits[columns])
        times = 1.0 if rows == columns else 2.0
        for batch, some in batches(kernels, len(left), tile_size):
            grams = np.stack([tile.of(kernel) for kernel in some])
            if rows == columns:
                grams[:, range(len(left)), range(len(left))] = 0.0
            else:
                row_sums[batch, columns] += grams.sum(axis=1)
            row_sums[batch, rows] += grams.sum(axis=2)
            inside[batch] += times * quadratic_forms(grams, left, right)
            squares[batch] += times * np.einsum("kij,kij->k", grams, grams)
    pairs = len(pooled) * (len(pooled) - 1.0)
    touching = row_sums @ splits
    total = row_sums.sum(axis=1, keepdims=True)
    n = splits[:, 0].sum()
    values = _mmd2(inside, touching, total, n, len(pooled) - n)
    return Resampled(values, np.sqrt(squares / pairs))


def mean_differences(scores: np.ndarray, splits: np.ndarray) -> Resampled:
    """Mean score over the rows of x minus that over the others: one statistic.

    Args:
      scores: of the pooled rows, [n + m].
      splits: as `random_splits` makes them.
    """
    n = splits[:, 0].sum()
    sums = scores @ splits
    values = sums / n - (scores.sum() - sums) / (len(scores) - n)
    root = np.sqrt(np.mean(scores**2))
    return Resampled(values[np.newaxis], np.array([root]))


def _mmd2(
    inside: np.ndarray, touching: np.ndarray, total: np.ndarray, n: int, m: int
) -> np.ndarray:
    within_x = inside / (n * (n - 1.0))
    within_y = (total - 2.0 * touching + inside) / (m * (m - 1.0))
    return within_x + within_y - 2.0 * (touching - inside) / (n * m)
