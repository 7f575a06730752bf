"""Statistics of many kernels, against formulas written out."""

import numpy as np

from tf_mmdgan import kernels
from tf_mmdgan.mmd import aggregated, permutation


def resampled(rng, kernels_count=4, permutations=30):
    values = rng.normal(size=(kernels_count, permutations + 1))
    return permutation.Resampled(values, np.ones(kernels_count))


def test_least_p_value_is_that_of_the_kernels(rng):
    found = resampled(rng)
    combined = aggregated.least_p_value(found)
    p_values = np.mean(
        found.values[:, None, :] >= found.values[:, :, None], axis=2
    )
    np.testing.assert_allclose(combined.p_values, p_values[:, 0])
    # The mean that breaks ties counts for less than one rank.
    excess = combined.values + np.log(p_values.min(axis=0))
    assert np.all((excess >= 0) & (excess < 1 / 31))


def test_least_p_value_keeps_the_order_and_breaks_its_ties(rng):
    found = resampled(rng, kernels_count=6)
    values = aggregated.least_p_value(found).values
    p_values = np.mean(
        found.values[:, None, :] >= found.values[:, :, None], axis=2
    )
    by_value = np.argsort(-values, kind="stable")
    expected = np.lexsort((np.log(p_values).mean(axis=0), p_values.min(axis=0)))
    np.testing.assert_array_equal(by_value, expected)
    assert len(np.unique(p_values.min(axis=0))) < len(np.unique(values))


def test_scales_of_kernels_do_not_matter_to_least_p_values(rng):
    found = resampled(rng)
    factors = np.array([1e-6, 1.0, 1e6, 3.0])
    scaled = permutation.Resampled(
        found.values * factors[:, None], found.roots * factors
    )
    np.testing.assert_array_equal(
        aggregated.least_p_value(found).values,
        aggregated.least_p_value(scaled).values,
    )


def test_fused_statistic_is_the_published_formula(rng):
    n, m = 5, 7
    pooled = rng.normal(size=(12, 2))
    some = [kernels.Gaussian((s,)) for s in (0.3, 1.0, 4.0)]
    splits = permutation.random_splits(n, m, 9, rng)
    found = permutation.mmd2_of_splits(some, pooled, splits)
    combined = aggregated.fused(found, n, m)
    squares = np.sum((pooled[:, None] - pooled) ** 2, axis=-1)
    exponents = []
    for sigma, mmd2 in zip((0.3, 1.0, 4.0), found.values, strict=True):
        gram = np.exp(-squares / (2 * sigma**2))
        norm = (np.sum(gram**2) - 12) / (n * (n - 1))
        exponents.append(np.sqrt(n * (n - 1)) * mmd2 / np.sqrt(norm))
    expected = np.log(np.mean(np.exp(exponents), axis=0))
    expected /= np.sqrt(n * (n - 1))
    np.testing.assert_allclose(combined.values, expected, rtol=1e-9)
    p_values = np.mean(found.values >= found.values[:, :1], axis=1)
    np.testing.assert_allclose(combined.p_values, p_values)


def test_a_kernel_that_sees_nothing_does_not_spoil_the_fused_statistic():
    values = np.array([[0.5, 0.1, 0.2], [0.0, 0.0, 0.0]])
    found = permutation.Resampled(values, np.array([1.0, 0.0]))
    combined = aggregated.fused(found, 5, 5)
    assert np.all(np.isfinite(combined.values))
    assert np.argmax(combined.values) == 0
    assert combined.p_values[1] == 1.0
