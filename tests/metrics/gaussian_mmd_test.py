"""Gaussian MMD over all pairs against its definition."""

import math

import numpy as np
import pytest
import scipy.spatial.distance

from tf_mmdgan import errors
from tf_mmdgan.metrics.gaussian_mmd import gaussian_mmd


def naive(x, y, sigma):
    def mean(u, v, off_diagonal=False):
        squares = scipy.spatial.distance.cdist(u, v, "sqeuclidean")
        gram = np.exp(-squares / (2.0 * sigma**2))
        if not off_diagonal:
            return gram.mean()
        return (gram.sum() - len(u)) / (len(u) * (len(u) - 1))

    return mean(x, x, True) + mean(y, y, True) - 2.0 * mean(x, y)


def test_value_is_the_definition(rng):
    x, y = rng.normal(size=(30, 4)), rng.normal(size=(21, 4)) + 0.7
    value = gaussian_mmd(x, y, 1.5)
    assert value.mmd2 == pytest.approx(naive(x, y, 1.5), rel=1e-9)
    assert value.sigma == 1.5
    median = np.median(scipy.spatial.distance.pdist(x))
    value = gaussian_mmd(x, y)
    assert value.sigma == pytest.approx(median, rel=1e-9)
    assert value.mmd2 == pytest.approx(naive(x, y, median), rel=1e-9)


def test_the_standard_error_is_that_of_new_samples(rng):
    values = [
        gaussian_mmd(rng.normal(size=(40, 3)), rng.normal(size=(30, 3)) + 1, 2)
        for _ in range(200)
    ]
    spread = np.std([value.mmd2 for value in values])
    errors_ = np.sqrt(np.mean([v.standard_error**2 for v in values]))
    assert errors_ == pytest.approx(spread, rel=0.15)


def test_bad_input_is_refused(rng):
    x = rng.normal(size=(10, 3))
    for sigma in (0.0, -1.0, math.inf):
        with pytest.raises(errors.UsageError, match="sigma="):
            gaussian_mmd(x, x, sigma)
    with pytest.raises(errors.DataError, match="are equal"):
        gaussian_mmd(np.ones((10, 3)), x)


def test_the_usual_bandwidth_is_that_of_all_classes_of_sorted_rows(rng):
    x = np.repeat([0.0, 10.0, 30.0], 900)[:, None] + rng.normal(size=(2700, 2))
    value = gaussian_mmd(x, x[::9])
    median = np.median(scipy.spatial.distance.pdist(x[::3]))
    assert value.sigma == pytest.approx(median, rel=0.05)
