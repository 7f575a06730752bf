"""KID as a test, and which of two samples is nearer to a third."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.metrics.kid import kid
from tf_mmdgan.metrics.kid_tests import kid_test, nearer_test

KERNEL = kernels.Gaussian((1.2,))
LARGE = kernels.Polynomial(1000, gamma=1e6)  # beyond all types


def test_statistic_is_kid_over_all_pairs(rng):
    real, fake = rng.normal(size=(30, 5)), rng.normal(size=(25, 5)) + 0.1
    found = kid_test(real, fake, num_permutations=99)
    expected = kid(real, fake, "exact").mean
    np.testing.assert_allclose(found.statistic, expected, rtol=1e-6)
    assert 0.01 <= found.p_value <= 1.0


def test_difference_and_error_are_those_of_the_three_sample_test(rng):
    reference, x, y = rng.normal(size=(3, 40, 2))
    y = y + 0.7
    found = nearer_test(reference, x, y, KERNEL)
    sums = [
        mmd.candidate_sums(KERNEL, tf.constant(reference), tf.constant(other))
        for other in (x, y)
    ]
    expected = mmd.three_sample_test(*sums)
    np.testing.assert_allclose(found.difference, expected.difference)
    np.testing.assert_allclose(
        found.difference / found.standard_error, expected.statistic
    )
    one_sided = float(expected.p_value)
    np.testing.assert_allclose(
        found.p_value, 2 * min(one_sided, 1 - one_sided), rtol=1e-6
    )
    assert found.num_rows == 40


def test_the_nearer_sample_is_named_and_neither_where_both_are_near(rng):
    reference, x, y = rng.normal(size=(3, 200, 2))
    assert nearer_test(reference, x + 0.1, y + 1.0).nearer == "x"
    assert nearer_test(reference, x - 1.0, y).nearer == "y"
    found = nearer_test(reference, x, y, level=0.01)
    assert found.nearer is None and found.p_value > 0.01


def test_samples_may_change_places(rng):
    reference, x, y = rng.normal(size=(3, 60, 2))
    one = nearer_test(reference, x, y + 0.5, KERNEL)
    other = nearer_test(reference, y + 0.5, x, KERNEL)
    np.testing.assert_allclose(one.difference, -other.difference)
    np.testing.assert_allclose(one.p_value, other.p_value)


def test_larger_samples_are_cut_to_the_smallest(rng):
    reference, x, y = (rng.normal(size=(n, 2)) for n in (50, 30, 44))
    found = nearer_test(reference, x, y)
    assert found.num_rows == 30
    assert found == nearer_test(reference, x, y)


def test_false_alarms_are_rare(rng):
    count = sum(
        nearer_test(*rng.normal(size=(3, 30, 2)), KERNEL).nearer is not None
        for _ in range(60)
    )
    assert count <= 0.05 * 60 + 4 * np.sqrt(0.05 * 0.95 * 60)


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"level": 1.5}, errors.UsageError, "level=1.5"),
        ({"level": "a"}, errors.UsageError, "level='a'"),
        ({"seed": None}, errors.UsageError, "seed=None"),
        ({"seed": -1}, errors.UsageError, "seed=-1"),
        ({"kernel": LARGE}, errors.DataError, "The statistic is NaN"),
        ({"kernel": "rbff"}, errors.UsageError, "Did you mean"),
        ({"y": np.ones((9, 3))}, errors.DataError, "2, 2, 3 numbers"),
        ({"x": np.ones((3, 2))}, errors.DataError, "x has 3 rows"),
        ({"reference": np.full((9, 2), np.nan)}, errors.DataError, "reference"),
    ],
)
def test_what_cannot_be_tested_is_refused(rng, settings, error, message):
    names = ("reference", "x", "y")
    named = dict(zip(names, rng.normal(size=(3, 9, 2)), strict=True))
    with pytest.raises(error, match=message):
        nearer_test(**{**named, **settings})
