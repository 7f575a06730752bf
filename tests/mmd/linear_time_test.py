"""Statistics with a normal null, against formulas written out."""

import numpy as np
import pytest
import scipy.stats

from tf_mmdgan import errors, kernels
from tf_mmdgan.mmd import linear_time
from tf_mmdgan.mmd.samples import Samples

KERNEL = kernels.Gaussian((0.8,))


def gram(x, y):
    squares = np.sum((x[:, None] - y[None]) ** 2, axis=-1)
    return np.exp(-squares / (2 * 0.64))


def test_linear_statistic_is_a_mean_of_disjoint_terms(rng):
    x, y = rng.normal(size=(7, 2)), rng.normal(size=(7, 2))
    xx, yy, xy = gram(x, x), gram(y, y), gram(x, y)
    h = [
        xx[i, i + 1] + yy[i, i + 1] - xy[i, i + 1] - xy[i + 1, i]
        for i in (0, 2, 4)
    ]
    found = linear_time.linear_mmd2(KERNEL, Samples(x, y))
    np.testing.assert_allclose(found.value, np.mean(h), rtol=1e-9)
    np.testing.assert_allclose(found.error, scipy.stats.sem(h), rtol=1e-9)
    assert (found.freedom, found.terms) == (2, 3)


def test_block_statistic_is_a_mean_over_blocks(rng):
    x, y = rng.normal(size=(10, 2)), rng.normal(size=(13, 2))

    def mmd2(x, y):
        n, m = len(x), len(y)
        within_x = (gram(x, x).sum() - n) / (n * (n - 1))
        within_y = (gram(y, y).sum() - m) / (m * (m - 1))
        return within_x + within_y - 2 * gram(x, y).mean()

    values = [
        mmd2(x[:4], y[:5]), mmd2(x[4:7], y[5:9]), mmd2(x[7:], y[9:]),
    ]  # fmt: skip
    found = linear_time.block_mmd2(KERNEL, Samples(x, y))
    np.testing.assert_allclose(found.value, np.mean(values), rtol=1e-9)
    np.testing.assert_allclose(found.error, scipy.stats.sem(values), rtol=1e-9)
    assert (found.freedom, found.terms) == (2, 3)


def test_cross_statistic_is_welch_of_the_other_half_s_witness(rng):
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(9, 2)) + 0.5
    x1, x2, y1, y2 = x[:6], x[6:], y[:5], y[5:]
    of_x = gram(x1, x2).mean(axis=1) - gram(x1, y2).mean(axis=1)
    of_y = gram(y1, x2).mean(axis=1) - gram(y1, y2).mean(axis=1)
    found = linear_time.cross_mmd2(KERNEL, Samples(x, y))
    welch = scipy.stats.ttest_ind(of_x, of_y, equal_var=False)
    np.testing.assert_allclose(found.value, of_x.mean() - of_y.mean())
    np.testing.assert_allclose(found.value / found.error, welch.statistic)
    np.testing.assert_allclose(found.freedom, welch.df)
    assert found.terms == 5


@pytest.mark.parametrize(
    "statistic",
    [
        linear_time.linear_mmd2,
        linear_time.block_mmd2,
        linear_time.cross_mmd2,
    ],
)
def test_all_estimate_mmd2_without_bias(rng, statistic):
    # k(x, x') of N(0, 1) and N(1, 1) have closed forms.
    s2 = 0.64
    scale = np.sqrt(s2 / (s2 + 2))
    expected = 2 * scale * (1 - np.exp(-1 / (2 * (s2 + 2))))
    found = [
        statistic(
            KERNEL,
            Samples(rng.normal(size=(16, 1)), rng.normal(size=(16, 1)) + 1),
        ).value
        for _ in range(100)
    ]
    error = np.std(found) / np.sqrt(100)
    assert abs(np.mean(found) - expected) < 3 * error


@pytest.mark.parametrize("name", ["linear", "block", "cross"])
def test_fewer_than_four_rows_have_no_error(name):
    statistic = getattr(linear_time, f"{name}_mmd2")
    samples = Samples(np.ones((3, 1)), np.zeros((3, 1)))
    with pytest.raises(errors.DataError, match="at least 4"):
        statistic(KERNEL, samples)


def test_linear_statistic_needs_pairs():
    samples = Samples(np.ones((5, 1)), np.zeros((6, 1)))
    with pytest.raises(errors.DataError, match="5 and 6"):
        linear_time.linear_mmd2(KERNEL, samples)
