"""MMD^2 over all pairs, and its variance, in memory that does not grow with n.

Kernel matrices are made one tile at a time and summed up at once; each tile of
the two symmetric matrices serves both halves.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels

TILE_SIZE = 2048


@dataclasses.dataclass(frozen=True)
class PairSums:
    """Sums of k(u_i, v_j) over pairs of n and m points, in float64.

    Attributes:
      rows: the sum over j for each i, [n].
      columns: the sum over i for each j, [m].
      squares: the sum of k(u_i, v_j)^2 over i and j.
    """

    rows: np.ndarray
    columns: np.ndarray
    squares: float

    @property
    def total(self) -> float:
        """The sum of k(u_i, v_j) over i and j."""
        return float(self.rows.sum())


class AllPairSums(NamedTuple):
    """Sums for real x [n, d] and fake y [m, d]; xx and yy have no i = j."""

    xx: PairSums
    xy: PairSums
    yy: PairSums


def all_pair_sums(
    kernel: kernels.Kernel,
    x: np.ndarray,
    y: np.ndarray,
    tile_size: int = TILE_SIZE,
) -> AllPairSums:
    """Sums of a centred kernel over the pairs of x [n, d] and y [m, d].

    Kernel values have the dtype of x and y, sums are float64. Centred: see
    `_CentredKernel`; `mmd2_unbiased` and `mmd2_variance` stay what they are.
    """
    centre = (x.mean(axis=0, keepdims=True) + y.mean(axis=0, keepdims=True)) / 2
    centre = tf.constant(centre, x.dtype)
    half = kernel(centre, centre)[0, 0] / 2.0
    centred = _CentredKernel(kernel, centre, half)
    return AllPairSums(
        _sums_within(centred, x, tile_size),
        _sums_between(centred, x, y, tile_size),
        _sums_within(centred, y, tile_size),
    )


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


def _sums_within(
    kernel: _CentredKernel, u: np.ndarray, tile_size: int
) -> PairSums:
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
    return PairSums(rows, rows, squares)


def _sums_between(
    kernel: _CentredKernel, u: np.ndarray, v: np.ndarray, tile_size: int
) -> PairSums:
    """Sums over all i and j."""
    rows, columns, squares = np.zeros(len(u)), np.zeros(len(v)), 0.0
    for i in _tiles(len(u), tile_size):
        for j in _tiles(len(v), tile_size):
            tile = _sums_of_tile(kernel(u[i], v[j]))
            rows[i] += tile.rows
            columns[j] += tile.columns
            squares += tile.squares
    return PairSums(rows, columns, squares)


def _tiles(count: int, tile_size: int) -> Iterator[slice]:
    for start in range(0, count, tile_size):
        yield slice(start, min(start + tile_size, count))


def _sums_of_tile(gram: tf.Tensor) -> PairSums:
    gram = tf.cast(gram, tf.float64)
    return PairSums(
        tf.reduce_sum(gram, axis=1).numpy(),
        tf.reduce_sum(gram, axis=0).numpy(),
        float(tf.reduce_sum(tf.square(gram))),
    )


def mmd2_unbiased(sums: AllPairSums) -> float:
    """Unbiased estimate of MMD^2 over all pairs; may be negative.

    mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean k(x_i, y_j)

    Source: Gretton et al. 2012, eq. 3; `mmd.mmd2_unbiased` is the same from
    whole kernel matrices.
    """
    n, m = sums.xy.rows.size, sums.xy.columns.size
    within_real = sums.xx.total / (n * (n - 1))
    within_fake = sums.yy.total / (m * (m - 1))
    return within_real + within_fake - 2.0 * sums.xy.total / (n * m)


def mmd2_variance(sums: AllPairSums) -> float:
    """Variance of `mmd2_unbiased` over samples of n real and m fake rows.

    With a(x) = E k(x, X), b(y) = E k(y, Y), r(x) = E k(x, Y), c(y) = E k(X, y)
    and h(x, x') = k(x, x') - a(x) - a(x') + E k, alike for y y and x y, it is
    the sum of two parts (Hoeffding 1948), neither of which is negative:

      first:  4/n Var(a - r) + 4/m Var(b - c)
      second: 2/(n(n-1)) E h(X, X')^2 + 2/(m(m-1)) E h(Y, Y')^2
              + 4/(nm) E h(X, Y)^2

    Each part is estimated without bias, by means over distinct indices, and
    set to zero where the estimate is negative. Where real and fake have the
    same law the first part is zero and noise makes its estimate positive half
    of the time: the variance is then too large on average, by up to a half.

    Returns:
      The estimate; NaN for fewer than four rows of either set.

    Source: Sutherland 2019, "Unbiased estimators for the variance of MMD
    estimators", arXiv:1906.02104, here for n != m.
    """
    xx, xy, yy = sums
    n, m = xy.rows.size, xy.columns.size
    if min(n, m) < 4:
        return float("nan")
    var_a, cov_ar, pure_xx = _one_sample(xx, xy.rows, m)
    var_b, cov_bc, pure_yy = _one_sample(yy, xy.columns, n)
    mean_square = xy.squares / (n * m)
    row_squares, column_squares = xy.rows @ xy.rows, xy.columns @ xy.columns
    squared_mean = (
        xy.total**2 - row_squares - column_squares + xy.squares
    ) / (n * (n - 1) * m * (m - 1))  # fmt: skip
    var_r = (row_squares - xy.squares) / (n * m * (m - 1)) - squared_mean
    var_c = (column_squares - xy.squares) / (m * n * (n - 1)) - squared_mean
    pure_xy = mean_square - squared_mean - var_r - var_c
    first = 4.0 / n * (var_a - 2.0 * cov_ar + var_r) + 4.0 / m * (
        var_b - 2.0 * cov_bc + var_c
    )
    second = (
        2.0 / (n * (n - 1)) * pure_xx
        + 2.0 / (m * (m - 1)) * pure_yy
        + 4.0 / (n * m) * pure_xy
    )
    return max(first, 0.0) + max(second, 0.0)


def _one_sample(
    within: PairSums, across: np.ndarray, num_others: int
) -> tuple[float, float, float]:
    """Var(a), Cov(a, r) and E h(U, U')^2, without bias.

    Args:
      within: sums of k(u_i, u_j), i != j.
      across: sum_j k(u_i, v_j) for each i, [n].
      num_others: the number of v_j.
    """
    n = across.size
    pairs = n * (n - 1)
    total, squares = within.total, within.squares
    row_squares = within.rows @ within.rows
    products = within.rows @ across
    squared_mean = (total**2 - 4.0 * row_squares + 2.0 * squares) / (
        pairs * (n - 2) * (n - 3)
    )
    var_a = (row_squares - squares) / (pairs * (n - 2)) - squared_mean
    product_of_means = (total * across.sum() - 2.0 * products) / (
        pairs * (n - 2) * num_others
    )
    cov_ar = products / (pairs * num_others) - product_of_means
    pure = squares / pairs - squared_mean - 2.0 * var_a
    return var_a, cov_ar, pure
