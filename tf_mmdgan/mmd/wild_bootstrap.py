"""Statistics of paired samples under random exchanges within the pairs.

Where both laws are equal, x_i and y_i may change places, for each i by itself.
That turns the sign of

    h(i, j) = k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(y_i, x_j)

once for i and once for j. So sums of s_i s_j h(i, j) with random signs s are
the exact null of the sum of h(i, j), whatever pairs (i, j) are taken: Schrab,
Kim, Guedj and Gretton 2022, "Efficient aggregated kernel tests using incomplete
U-statistics", https://arxiv.org/abs/2206.09194.
"""

from collections.abc import Sequence

import numpy as np

from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd.kernel_tiles import (
    SIZE,
    KernelTile,
    batches,
    on_and_above_diagonal,
    quadratic_forms,
)
from tf_mmdgan.mmd.linear_time import linear_terms
from tf_mmdgan.mmd.permutation import Resampled
from tf_mmdgan.mmd.samples import Samples

# Neighbours of each row in an incomplete statistic: 200 superdiagonals, as in
# the experiments of Schrab et al. 2022.
REACH = 200


def random_signs(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Signs +1 and -1, int8 [n, count + 1], those of the first column +1."""
    signs = rng.integers(0, 2, (n, count + 1), np.int8) * 2 - 1
    signs[:, 0] = 1
    return signs


def mmd2_of_signs(
    kernels: Sequence[Kernel],
    samples: Samples,
    signs: np.ndarray,
    reach: int | None = None,
    tile_size: int = SIZE,
) -> Resampled:
    """Mean of s_i s_j h(i, j) over i != j, |i - j| <= reach.

    The first column is `mmd2_ustatistic`, or its part over near pairs: the
    incomplete statistic, whose time grows with n and not n^2.

    Args:
      kernels: one or more.
      samples: of n rows both, in random order where there is a reach.
      signs: [n, B + 1].
      reach: >= 1; None takes all pairs.
      tile_size: at most, rows and columns of a tile of the terms.
    """
    x, y = samples
    reach = len(x) if reach is None else reach
    sums = np.zeros((len(kernels), signs.shape[1]))
    squares = np.zeros(len(kernels))
    # Small tiles, where little of a large one would be near the diagonal.
    size = min(tile_size, max(reach, 128))
    for rows, columns in on_and_above_diagonal(len(x), size):
        if columns.start - rows.stop >= reach:
            continue
        tile = KernelTile(_both(x, y, rows), _both(x, y, columns))
        left, right = np.float64(signs[rows]), np.float64(signs[columns])
        times = 1.0 if rows == columns else 2.0
        near = _near(rows, columns, reach)
        for batch, some in batches(kernels, len(left), size):
            terms = near * np.stack([_exchanged(tile.of(k)) for k in some])
            sums[batch] += times * quadratic_forms(terms, left, right)
            squares[batch] += times * np.einsum("kij,kij->k", terms, terms)
    offsets = np.arange(1, min(reach, len(x) - 1) + 1)
    pairs = 2.0 * np.sum(len(x) - offsets)
    return Resampled(sums / pairs, np.sqrt(squares / pairs))


def linear_mmd2_of_signs(
    kernels: Sequence[Kernel], samples: Samples, signs: np.ndarray
) -> Resampled:
    """Mean of s_i h(2 i, 2 i + 1) over i: the linear-time statistic.

    Args:
      kernels: one or more.
      samples: of n rows both, in random order.
      signs: [n // 2, B + 1].
    """
    terms = linear_terms(kernels, samples)
    roots = np.sqrt(np.mean(terms**2, axis=1))
    return Resampled(terms @ signs / len(signs), roots)


def _both(x: np.ndarray, y: np.ndarray, rows: slice) -> np.ndarray:
    return np.concatenate([x[rows], y[rows]])


def _exchanged(gram: np.ndarray) -> np.ndarray:
    """The h(i, j) [n, m], from the kernel of both samples' rows [2 n, 2 m]."""
    n, m = len(gram) // 2, gram.shape[1] // 2
    alike = gram[:n, :m] + gram[n:, m:]
    return alike - gram[:n, m:] - gram[n:, :m]


def _near(rows: slice, columns: slice, reach: int) -> np.ndarray:
    """Which pairs of a tile are different rows, no farther than the reach."""
    first = np.arange(rows.start, rows.stop)[:, None]
    apart = np.abs(first - np.arange(columns.start, columns.stop))
    return (apart > 0) & (apart <= reach)
