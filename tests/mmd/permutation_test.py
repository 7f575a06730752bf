"""Statistics of all splits against loops, at once and in tiles."""

import numpy as np
import pytest

from tf_mmdgan import kernels
from tf_mmdgan.mmd import permutation

KERNELS = {
    "gaussian": kernels.Gaussian((0.7, 2.0)),
    "laplace": kernels.LaplaceL1(1.5),
    "cubic": kernels.Polynomial(),
    "sum": kernels.RationalQuadratic() + 0.3 * kernels.Linear(),
}


def value(kernel, u, v):
    """k(u, v) of two rows, by the formula."""
    square = np.sum((u - v) ** 2)
    scales = (0.2, 0.5, 1.0, 2.0, 5.0)
    return {
        "gaussian": np.exp(-square / (2 * 0.49)) + np.exp(-square / 8),
        "laplace": np.exp(-np.sum(np.abs(u - v)) / 1.5),
        "cubic": (u @ v / len(u) + 1) ** 3,
        "sum": sum((1 + square / (2 * a)) ** -a for a in scales) + 0.3 * u @ v,
    }[kernel]


def mmd2(kernel, x, y):
    """The unbiased estimate, by loops over pairs."""
    within = [
        np.mean(
            [
                value(kernel, s[i], s[j])
                for i in range(len(s))
                for j in range(len(s))
                if i != j
            ]
        )
        for s in (x, y)
    ]
    across = np.mean([value(kernel, u, v) for u in x for v in y])
    return sum(within) - 2 * across


@pytest.mark.parametrize("size", [1024, 3])
def test_statistics_of_splits_are_those_of_the_parts(rng, size):
    pooled = rng.normal(size=(8, 2))
    splits = permutation.random_splits(3, 5, 6, rng)
    found = permutation.mmd2_of_splits(
        list(KERNELS.values()), pooled, splits, size
    )
    expected = [
        [mmd2(name, pooled[s], pooled[~s]) for s in splits.T]
        for name in KERNELS
    ]
    np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-12)


def test_roots_are_root_mean_squares_of_kernel_values(rng):
    pooled = rng.normal(size=(6, 2))
    splits = permutation.random_splits(3, 3, 1, rng)
    found = permutation.mmd2_of_splits([KERNELS["cubic"]], pooled, splits)
    squares = [
        value("cubic", pooled[i], pooled[j]) ** 2
        for i in range(6)
        for j in range(6)
        if i != j
    ]
    np.testing.assert_allclose(found.roots, [np.sqrt(np.mean(squares))])


def test_differences_of_means_are_those_of_the_parts(rng):
    scores = rng.normal(size=11)
    splits = permutation.random_splits(4, 7, 9, rng)
    found = permutation.mean_differences(scores, splits)
    expected = [scores[s].mean() - scores[~s].mean() for s in splits.T]
    np.testing.assert_allclose(found.values, [expected], rtol=1e-9)
    np.testing.assert_allclose(found.roots, [np.sqrt(np.mean(scores**2))])


def test_splits_begin_with_the_given_one_and_keep_the_sizes(rng):
    splits = permutation.random_splits(4, 7, 50, rng)
    np.testing.assert_array_equal(splits[:, 0], [True] * 4 + [False] * 7)
    np.testing.assert_array_equal(splits.sum(axis=0), np.full(51, 4))
    # Each row is x in 4 of 11 splits, about.
    share = splits[:, 1:].mean(axis=1)
    assert np.all(np.abs(share - 4 / 11) < 4 * np.sqrt(4 * 7 / 121 / 50))
