"""Sums with random signs against loops over pairs."""

import numpy as np
import pytest

from tf_mmdgan import kernels, mmd
from tf_mmdgan.mmd import kernel_tiles, wild_bootstrap
from tf_mmdgan.mmd.samples import Samples

KERNELS = (kernels.Gaussian((0.8,)), kernels.Polynomial(2))


def terms(kernel, x, y):
    """h(i, j), by the formula of each kernel."""

    def k(u, v):
        if kernel is KERNELS[0]:
            return np.exp(-np.sum((u - v) ** 2) / (2 * 0.64))
        return (u @ v / len(u) + 1) ** 2

    n = len(x)
    return np.array(
        [
            [
                k(x[i], x[j]) + k(y[i], y[j]) - k(x[i], y[j]) - k(y[i], x[j])
                for j in range(n)
            ]
            for i in range(n)
        ]
    )


@pytest.mark.parametrize("reach", [None, 1, 3])
@pytest.mark.parametrize("size", [1024, 4])
def test_statistics_of_signs_are_signed_means(rng, reach, size):
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(9, 2)) + 0.3
    signs = wild_bootstrap.random_signs(9, 5, rng)
    found = wild_bootstrap.mmd2_of_signs(
        KERNELS, Samples(x, y), signs, reach, size
    )
    pairs = [
        (i, j)
        for i in range(9)
        for j in range(9)
        if 0 < abs(i - j) <= (reach or 9)
    ]
    for kernel, values, root in zip(KERNELS, *found, strict=True):
        h = terms(kernel, x, y)
        expected = [
            np.mean([s[i] * s[j] * h[i, j] for i, j in pairs])
            for s in signs.T.astype(float)
        ]
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
        mean_square = np.mean([h[i, j] ** 2 for i, j in pairs])
        np.testing.assert_allclose(root, np.sqrt(mean_square), rtol=1e-9)


def test_without_signs_it_is_the_u_statistic(rng):
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(9, 2))
    ones = np.ones((9, 1), np.int8)
    found = wild_bootstrap.mmd2_of_signs(KERNELS, Samples(x, y), ones)
    for kernel, (value,) in zip(KERNELS, found.values, strict=True):
        grams = mmd.gram_matrices(kernel, x, y)
        np.testing.assert_allclose(value, mmd.mmd2_ustatistic(grams))


def test_linear_statistic_takes_disjoint_pairs(rng):
    x, y = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))
    signs = wild_bootstrap.random_signs(3, 4, rng)
    found = wild_bootstrap.linear_mmd2_of_signs(KERNELS, Samples(x, y), signs)
    for kernel, values, root in zip(KERNELS, *found, strict=True):
        h = terms(kernel, x, y)
        disjoint = np.array([h[0, 1], h[2, 3], h[4, 5]])
        np.testing.assert_allclose(values, disjoint @ signs / 3, rtol=1e-9)
        mean_square = np.mean(disjoint**2)
        np.testing.assert_allclose(root, np.sqrt(mean_square), rtol=1e-9)


def test_signs_begin_with_ones_and_are_balanced(rng):
    signs = wild_bootstrap.random_signs(400, 100, rng)
    assert set(np.unique(signs)) == {-1, 1}
    np.testing.assert_array_equal(signs[:, 0], np.ones(400))
    assert abs(signs[:, 1:].mean()) < 4 / np.sqrt(400 * 100)


def test_incomplete_statistic_over_a_long_reach_is_the_complete_one(rng):
    samples = Samples(rng.normal(size=(300, 1)), rng.normal(size=(300, 1)))
    signs = wild_bootstrap.random_signs(300, 3, rng)
    whole = wild_bootstrap.mmd2_of_signs(KERNELS, samples, signs)
    near = wild_bootstrap.mmd2_of_signs(KERNELS, samples, signs, 299)
    np.testing.assert_allclose(near.values, whole.values, rtol=1e-9)
    assert kernel_tiles.SIZE > 300  # one tile there, and here several
