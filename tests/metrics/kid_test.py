"""KID against naive formulas, its spread against Monte Carlo."""

import itertools
import math
import warnings

import numpy as np
import pytest
from grams import two_samples

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.metrics import kernel_sums
from tf_mmdgan.metrics.kid import kid


def cubic(u, v):
    return (u @ v / len(u) + 1.0) ** 3


def naive_kid(x, y):
    xx = np.mean([cubic(a, b) for a, b in itertools.permutations(x, 2)])
    yy = np.mean([cubic(a, b) for a, b in itertools.permutations(y, 2)])
    xy = np.mean([cubic(a, b) for a, b in itertools.product(x, y)])
    return xx + yy - 2.0 * xy


def test_exact_is_the_mean_over_all_pairs(rng):
    x, y = two_samples(rng, 9, 14)
    result = kid(x, y, "exact")
    assert result.mean == pytest.approx(naive_kid(x, y), rel=1e-12)
    assert (result.num_real, result.num_fake) == (9, 14)
    assert result.estimator == "exact"
    assert math.isnan(result.subset_std)


def test_blocks_are_the_smaller_ones_first(rng):
    x, y = two_samples(rng, 10, 7)  # three blocks: 3 + 3 + 4 and 2 + 2 + 3
    values = [
        naive_kid(x[:3], y[:2]), naive_kid(x[3:6], y[2:4]),
        naive_kid(x[6:], y[4:]),
    ]  # fmt: skip
    result = kid(x, y, "blocks", max_block_size=4)
    assert result.mean == pytest.approx(np.mean(values), rel=1e-12)
    assert result.subset_std == pytest.approx(np.std(values), rel=1e-12)
    assert result.standard_error == pytest.approx(
        np.std(values, ddof=1) / math.sqrt(3), rel=1e-12
    )


def test_one_block_has_no_spread_and_equals_the_exact_estimate(rng):
    x, y = two_samples(rng, 10, 7)
    result = kid(x, y, "blocks", max_block_size=10)
    assert result.mean == pytest.approx(naive_kid(x, y), rel=1e-12)
    assert math.isnan(result.standard_error)
    assert math.isnan(result.subset_std)


def test_one_block_or_subset_has_no_spread_and_no_warning(rng):
    x, y = two_samples(rng, 10, 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        block = kid(x, y, "blocks", max_block_size=10)
        subset = kid(x, y, "subsets", num_subsets=1, subset_size=4)
    assert math.isnan(block.subset_std) and math.isnan(block.standard_error)
    assert math.isnan(subset.subset_std)
    two = kid(x, y, "subsets", num_subsets=2, subset_size=4)
    assert two.subset_std > 0.0


def test_a_subset_of_everything_is_the_exact_estimate(rng):
    x, y = two_samples(rng, 12, 12)
    result = kid(x, y, "subsets", num_subsets=3, subset_size=12)
    assert result.mean == pytest.approx(naive_kid(x, y), rel=1e-12)
    assert result.subset_std == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(result.standard_error)


def test_subsets_depend_on_the_seed_alone(rng):
    x, y = two_samples(rng, 60, 50)
    settings = {"num_subsets": 20, "subset_size": 10}
    first = kid(x, y, "subsets", seed=1, **settings)
    np.random.default_rng(5).normal(size=3)
    assert repr(kid(x, y, "subsets", seed=1, **settings)) == repr(first)
    assert kid(x, y, "subsets", seed=2, **settings).mean != first.mean
    assert first.subset_std > 0.0


@pytest.mark.parametrize("seed", [2**32, 2**40 + 1, 2**63 - 1])
def test_seeds_may_have_more_than_32_bits(rng, seed):
    x, y = two_samples(rng, 60, 50)
    values = [
        kid(x, y, "subsets", num_subsets=5, subset_size=10, seed=s).mean
        for s in (seed, seed, seed % 2**32, seed - 1)
    ]
    assert values[0] == values[1]
    assert len(set(values)) == 3


def test_the_smallest_subsets_have_two_rows(rng):
    x, y = two_samples(rng, 8, 2)
    value = kid(x, y, "subsets", num_subsets=3, subset_size=2, seed=6)
    rows = np.random.RandomState(6)
    expected = [
        naive_kid(
            x[rows.choice(8, 2, replace=False)],
            y[rows.choice(2, 2, replace=False)],
        )
        for _ in range(3)
    ]
    assert value.mean == pytest.approx(np.mean(expected), rel=1e-5)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, 1.5, float("nan")])
def test_the_level_of_an_interval_is_a_probability(rng, level):
    value = kid(*two_samples(rng, 12, 9), "exact")
    with pytest.raises(errors.UsageError, match=f"level={level}"):
        value.confidence_interval(level)


def test_real_and_fake_rows_are_drawn_independently(rng):
    # Drawn by the same indices, equal sets would always give a negative KID:
    # each subset would be compared with itself.
    x = rng.normal(size=(300, 4))
    result = kid(x, x, "subsets", num_subsets=200, subset_size=20)
    assert abs(result.mean) < 4.0 * result.subset_std / math.sqrt(200)


def test_another_kernel(rng):
    x, y = two_samples(rng, 8, 5)
    kernel = kernels.Gaussian((1.5,))
    expected = mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x, y))
    for estimator in ("exact", "blocks"):
        result = kid(x, y, estimator, kernel=kernel)
        assert result.mean == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.parametrize("tile_size", [3, 11, 16])
def test_the_tile_size_does_not_matter(rng, tile_size):
    x, y = two_samples(rng, 11, 14)
    kernel = kernels.Polynomial()
    whole = kernel_sums.all_pair_sums(kernel, x, y)
    tiled = kernel_sums.all_pair_sums(kernel, x, y, tile_size)
    for got, expected in zip(tiled, whole, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n, m", [(11, 14), (14, 11), (12, 12)])
def test_tiled_sums_give_the_estimates_of_whole_matrices(rng, n, m):
    x, y = two_samples(rng, n, m)
    kernel = kernels.Polynomial()
    sums = kernel_sums.all_pair_sums(kernel, x, y, tile_size=5)
    grams = mmd.gram_matrices(kernel, x, y)
    whole = mmd.variance_from_sums(mmd.sum_pairs(grams))
    tiled = mmd.variance_from_sums(sums)
    np.testing.assert_allclose(tiled, whole, rtol=1e-9)
    np.testing.assert_allclose(
        mmd.unbiased_from_sums(sums), mmd.mmd2_unbiased(grams), rtol=1e-9
    )


def test_float32_loses_little(rng):
    # Features like Inception's: not negative, with a large common mean.
    x = np.maximum(rng.normal(0.4, 0.5, size=(300, 256)), 0.0)
    y = np.maximum(rng.normal(0.42, 0.5, size=(250, 256)), 0.0)
    double = kid(x, y, "exact")
    single = kid(x.astype(np.float32), y.astype(np.float32), "exact")
    assert single.mean == pytest.approx(double.mean, rel=1e-4)
    assert single.standard_error == pytest.approx(
        double.standard_error, rel=1e-4
    )


GOOD = np.zeros((8, 4))


@pytest.mark.parametrize("estimator", ["blocks", "subsets", "exact"])
@pytest.mark.parametrize(
    "real, fake, culprit",
    [
        (GOOD, np.full((8, 4), np.nan), "fake .* NaN .* row 0"),
        (np.full((8, 4), np.inf), GOOD, "real .* infinite"),
        (GOOD, np.zeros((8, 5)), "width 4.* 5"),
        (GOOD, np.zeros(8), "fake .* shape"),
        (np.zeros((2, 2, 2)), GOOD, "real .* shape"),
        (np.array([["a", "b"]] * 3), GOOD, "real"),
        (GOOD[:1], GOOD, "real has 1 sample"),
        (GOOD, GOOD[:0], "fake has 0 samples"),
    ],
)
def test_bad_features_are_named(real, fake, culprit, estimator):
    with pytest.raises(errors.DataError, match=culprit) as caught:
        kid(real, fake, estimator, subset_size=2)
    assert "\n" not in str(caught.value)


def test_seeds_of_any_length_draw(rng):
    real, fake = rng.normal(size=(2, 30, 3))
    drawn = [
        kid(real, fake, "subsets", num_subsets=2, subset_size=9, seed=seed).mean
        for seed in (1, np.int64(1), 2**32 + 1, 2**64 + 1, 2**200)
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 4


@pytest.mark.parametrize(
    "settings, culprit",
    [
        ({"estimator": "block"}, "block.*blocks, subsets, exact"),
        ({"estimator": "subsets"}, "subset_size=1000.*8 real"),
        ({"estimator": "subsets", "subset_size": 1}, "subset_size=1"),
        ({"estimator": "subsets", "num_subsets": 0}, "num_subsets=0"),
        (
            {"estimator": "subsets", "subset_size": 2, "seed": -1},
            "seed=-1: need >= 0",
        ),
        (
            {"estimator": "subsets", "subset_size": 2, "seed": 1.5},
            "seed=1.5: need an integer >= 0",
        ),
        ({"estimator": "subsets", "subset_size": "2"}, "subset_size='2'"),
        ({"estimator": "subsets", "num_subsets": 2.0}, "num_subsets=2.0"),
        ({"estimator": "blocks", "max_block_size": 1}, "max_block_size=1"),
    ],
)
def test_bad_settings_are_named(settings, culprit):
    with pytest.raises(errors.UsageError, match=culprit):
        kid(GOOD, GOOD, **settings)


def test_too_few_rows_for_the_blocks_says_how_many():
    with pytest.raises(errors.DataError, match=r"fake has 3.*4 blocks.*8 sam"):
        kid(GOOD, GOOD[:3], "blocks", max_block_size=2)


def test_pairs_in_blocks_are_told(rng):
    real = rng.normal(size=(90, 5))
    near = real + 0.1 * rng.normal(size=real.shape)
    with pytest.warns(UserWarning, match=r"blocks is too low.* random order"):
        kid(real, near, max_block_size=30)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for other in (near[::-1], near[:80], 1.0 + rng.normal(size=(90, 5))):
            kid(real, other, max_block_size=30)
