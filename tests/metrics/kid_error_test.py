import itertools
import math

import numpy as np
import pytest
from grams import two_samples

from tf_mmdgan import kernels, mmd
from tf_mmdgan.metrics.kid import kid


def naive_variance(x, y):
    """Every mean of products over distinct indices, in full."""
    k = lambda u, v: (u @ v.T / u.shape[1] + 1.0) ** 3  # noqa: E731
    xx, yy, xy = k(x, x), k(y, y), k(x, y)
    n, m = xy.shape

    def own(g):
        size = len(g)
        a = np.mean(
            [
                g[i, j] * g[i, q]
                for i, j, q in itertools.permutations(range(size), 3)
            ]
        )
        s = np.mean(
            [
                g[i, j] * g[p, q]
                for i, j, p, q in itertools.permutations(range(size), 4)
            ]
        )
        q = np.mean(
            [g[i, j] ** 2 for i, j in itertools.permutations(range(size), 2)]
        )
        return a - s, q - s - 2.0 * (a - s)

    def cross(g, c):  # Cov(E k(u, U), E k(u, V))
        size, others = c.shape
        joint = np.mean(
            [
                g[i, j] * c[i, q]
                for i, j in itertools.permutations(range(size), 2)
                for q in range(others)
            ]
        )
        apart = np.mean(
            [
                g[i, j] * c[p, q]
                for i, j, p in itertools.permutations(range(size), 3)
                for q in range(others)
            ]
        )
        return joint - apart

    square = np.mean(
        [
            xy[i, j] * xy[p, q]
            for i, p in itertools.permutations(range(n), 2)
            for j, q in itertools.permutations(range(m), 2)
        ]
    )
    r = (
        np.mean(
            [
                xy[i, j] * xy[i, q]
                for i in range(n)
                for j, q in itertools.permutations(range(m), 2)
            ]
        )
        - square
    )
    c = (
        np.mean(
            [
                xy[i, j] * xy[p, j]
                for j in range(m)
                for i, p in itertools.permutations(range(n), 2)
            ]
        )
        - square
    )
    (a, pure_xx), (b, pure_yy) = own(xx), own(yy)
    first = 4 / n * (a - 2 * cross(xx, xy) + r)
    first += 4 / m * (b - 2 * cross(yy, xy.T) + c)
    second = 2 * pure_xx / (n * (n - 1)) + 2 * pure_yy / (m * (m - 1))
    second += 4 / (n * m) * (np.mean(xy**2) - square - r - c)
    return max(first, 0.0) + max(second, 0.0)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_variance_is_made_of_means_over_distinct_indices(rng, shift):
    x, y = two_samples(rng, 7, 6, shift=shift)
    error = kid(x, y, "exact").standard_error
    assert error**2 == pytest.approx(naive_variance(x, y), rel=1e-9)


def test_variance_agrees_with_that_of_whole_matrices(rng):
    x, y = two_samples(rng, 400, 300)
    grams = mmd.gram_matrices(kernels.Polynomial(), x, y)
    error = kid(x, y, "exact").standard_error
    assert error**2 == pytest.approx(float(mmd.mmd2_variance(grams)), rel=1e-9)


@pytest.mark.parametrize("n, m", [(30, 30), (60, 25)])
def test_exact_is_unbiased_and_knows_its_error(rng, n, m):
    shift, runs, d = 0.5, 120, 4
    results = [
        kid(*two_samples(rng, n, m, d, shift), "exact") for _ in range(runs)
    ]
    means = np.array([result.mean for result in results])
    expected = _cubic_mmd2(d * shift**2, d)
    deviation = means.std(ddof=1)
    assert abs(means.mean() - expected) < 3.0 * deviation / math.sqrt(runs)
    variance = np.mean([result.standard_error**2 for result in results])
    assert variance == pytest.approx(deviation**2, rel=0.4)


def _cubic_mmd2(square, d):
    """MMD^2 of N(0, I) and N(s, I), |s|^2 = square, of the cubic kernel.

    (1 + t)^3 = 1 + 3 t + 3 t^2 + t^3, t = <u, v> / d, and the MMD^2 of
    <u, v>^p is the squared distance between the p-th moment tensors:
    p = 1: s. p = 2: s s^T. p = 3: s (x) s (x) s + (s (x) I in 3 ways).
    """
    first = square
    second = square**2
    third = square**3 + 2.0 * 3.0 * square**2 + (3.0 * d + 6.0) * square
    return 3.0 * first / d + 3.0 * second / d**2 + third / d**3


def test_same_law_gives_about_zero_and_an_error_that_covers_it(rng):
    results = [
        kid(*two_samples(rng, 40, 40, 4, 0.0), "exact") for _ in range(120)
    ]
    means = np.array([result.mean for result in results])
    deviations = np.array([result.standard_error for result in results])
    assert abs(means.mean()) < 3.0 * means.std() / math.sqrt(120)
    assert (means < 0.0).any()
    assert 0.7 < np.mean(deviations**2) / means.var() < 2.5
    assert deviations.min() > 0.5 * means.std()
    # 95% is meant; here, where the first part is clipped, it is 99% and more.
    assert np.mean(np.abs(means) < 1.96 * deviations) > 0.95


def test_three_rows_have_a_mean_but_no_standard_error(rng):
    result = kid(*two_samples(rng, 3, 3), "exact")
    assert math.isfinite(result.mean)
    assert math.isnan(result.standard_error)
