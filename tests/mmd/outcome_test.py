"""P-values of resampled and of normal nulls."""

import numpy as np
import pytest
import scipy.stats

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.mmd import outcome


def test_p_value_counts_the_observed_statistic_and_ties():
    # 3 of 9 are as large as the first, itself among them.
    values = np.array([2.0, 3.0, 2.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    assert outcome.resampled_tail(values, 0.5).p_value == 3 / 9


def test_p_value_is_at_least_one_of_all():
    values = np.array([5.0, 1.0, 2.0, 3.0])
    assert outcome.resampled_tail(values, 0.25).p_value == 1 / 4


def test_rounding_does_not_break_ties():
    values = 0.1 * np.ones(20)
    values[1:] -= 1e-15
    assert outcome.resampled_tail(values, 0.05).p_value == 1 / 20
    assert outcome.resampled_tail(values, 0.05, tie=1e-12).p_value == 1.0


@pytest.mark.parametrize("level", [0.05, 0.1, 0.25])
def test_threshold_says_what_the_p_value_says(rng, level):
    for _ in range(200):
        values = rng.integers(0, 12, 20).astype(float)
        tail = outcome.resampled_tail(values, level)
        assert (values[0] > tail.threshold) == (tail.p_value <= level)


def test_level_is_exact_over_all_orders():
    # Of 20 distinct exchangeable statistics each is the first as often.
    values = np.arange(20.0)
    p_values = [
        outcome.resampled_tail(np.roll(values, shift), 0.05).p_value
        for shift in range(20)
    ]
    assert np.mean(np.array(p_values) <= 0.05) == 0.05
    assert np.mean(np.array(p_values) <= 0.1) == 0.1


def test_student_tail_is_a_one_sided_t_test(rng):
    terms = rng.normal(size=11) + 0.4
    error = scipy.stats.sem(terms)
    tail = outcome.student_tail(terms.mean(), error, 10, 11, 0.05)
    expected = scipy.stats.ttest_1samp(terms, 0.0, alternative="greater")
    np.testing.assert_allclose(tail.p_value, expected.pvalue)
    np.testing.assert_allclose(tail.threshold, 1.8124611228 * error)


def test_terms_without_spread_are_judged_by_their_signs():
    assert outcome.student_tail(0.3, 0.0, 4, 5, 0.05).p_value == 0.5**5
    assert outcome.student_tail(0.0, 0.0, 4, 5, 0.05).p_value == 1.0
    assert outcome.student_tail(-0.3, 0.0, 4, 5, 0.05).p_value == 1.0


def test_p_values_never_vanish():
    assert outcome.student_tail(1.0, 1e-9, 5000, 5001, 0.05).p_value > 0.0


@pytest.mark.parametrize("level, least", [(0.05, 19), (0.01, 99), (0.3, 3)])
def test_permutations_are_enough_for_the_level(level, least):
    outcome.make_plan(least, level, 0)
    with pytest.raises(errors.UsageError, match=f"need at least {least}"):
        outcome.make_plan(least - 1, level, 0)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, float("nan")])
def test_levels_are_probabilities(level):
    with pytest.raises(errors.UsageError, match="level"):
        outcome.make_plan(999, level, 0)


@pytest.mark.parametrize("seed", [-1, 1.5, "7", None])
def test_seeds_are_integers_that_are_not_negative(seed):
    with pytest.raises(errors.UsageError, match=f"seed={seed!r}"):
        outcome.make_plan(999, 0.05, seed)


@pytest.mark.filterwarnings("ignore")
def test_what_has_no_numbers_has_no_p_value(rng):
    """No statistic exceeds NaN: p would be 0, and the laws told apart."""
    x, y = 10.0 * rng.normal(size=(2, 20, 2))
    large = kernels.Polynomial(1000, gamma=1.0)
    both = [large, kernels.Gaussian()]
    for kernel, method, estimator in (
        (large, "permutation", "quadratic"),
        (large, "wild_bootstrap", "quadratic"),
        (large, "normal", "linear"),
        (both, "mmdagg", "quadratic"),
        (both, "mmd_fuse", "quadratic"),
    ):
        with pytest.raises(errors.DataError, match="NaN or infinite"):
            mmd.two_sample_test(x, y, kernel, method, estimator)
    with pytest.raises(errors.UsageError, match="one or more, not an empty"):
        mmd.two_sample_test(x, y, [], "mmdagg")
