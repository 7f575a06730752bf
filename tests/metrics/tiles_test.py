"""Tiles cover what they should, once."""

import numpy as np
import pytest

from tf_mmdgan.metrics import tiles


def covered(found, n, m):
    """How many tiles contain each entry of a matrix [n, m]."""
    counts = np.zeros((n, m), int)
    for tile in found:
        counts[tile.rows, tile.columns] += 1
    return counts


@pytest.mark.parametrize("n, m", [(1, 1), (7, 20), (20, 7), (16, 16)])
def test_tiles_between_two_sets_cover_all_pairs_once(n, m):
    assert (covered(tiles.between(n, m, 4), n, m) == 1).all()


@pytest.mark.parametrize("n", [1, 4, 5, 8, 12, 15, 29])
def test_tiles_of_one_set_cover_half_the_pairs_and_the_diagonal(n):
    above = covered(tiles.above_diagonal(n, 4), n, n)
    diagonal = covered(tiles.on_diagonal(n, 4), n, n)
    assert (above + above.T + diagonal == 1).all()
    assert not np.tril(above).any()


def test_a_function_gets_the_parts_of_all_arrays():
    u, v = np.arange(10.0), np.arange(20.0) + 100.0
    found = np.zeros((10, 20))
    for tile, values in tiles.evaluate(
        lambda a, b, c: (a + b)[:, None] - c[None, :],
        (u, 2.0 * u),
        (v,),
        tiles.between(10, 20, 3),
    ):
        found[tile.rows, tile.columns] = values
    np.testing.assert_array_equal(found, 3.0 * u[:, None] - v)
