"""The three-sample test: as published, without bias, at its level."""

import itertools
import math

import numpy as np
import pytest
from grams import CUBIC, GAUSSIAN, gauss, in_one_graph, numpy_grams

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.mmd import constrained


def published_difference(x, y, z, formula):
    """Difference and variance of the published three-sample test."""
    m = len(x)
    off, pairs = 1 - np.eye(m), m * (m - 1)

    def moments(candidates):
        _, xy, yy = numpy_grams(x, candidates, formula)
        b, p, q = (yy * off).sum(1), xy.sum(1), xy.sum(0)
        b2, p2 = (yy**2 * off).sum(), (xy**2).sum()
        first = (b @ b - b2) / (pairs * (m - 2)), (p @ p - p2) / (m * pairs)
        mixed = (q @ q - p2) / (m * pairs), b @ q / (m * pairs)
        e = [*first, *mixed, b2 / pairs, p2 / m**2]
        return e, p, b.sum() / pairs, p.sum() / m**2

    (e1, e2, e3, e4, e6, e7), p, yy, xy = moments(y)
    (f1, f2, f3, f4, f6, f7), o, zz, xz = moments(z)
    e5 = p @ o / m**3
    means = yy**2 + 2 * xy**2 + zz**2 + 2 * xz**2
    mixed = e4 - yy * xy + e5 - xy * xz + f4 - zz * xz
    zeta1 = e1 + e2 + e3 + f1 + f2 + f3 - means - 2 * mixed
    zeta2 = e6 + 2 * e7 + f6 + 2 * f7 - means - 4 * mixed
    variance = 4 * (m - 2) / pairs * zeta1 + 2 / pairs * zeta2
    return yy - 2 * xy - zz + 2 * xz, variance


def cubic(u, v):
    return (u @ v / len(u) + 1) ** 3


@pytest.mark.parametrize("kernel", ["cubic", "gaussian"])
def test_plug_in_three_sample_test_is_the_published_one(rng, kernel):
    x = rng.normal(size=(9, 3))
    y, z = rng.normal(size=(9, 3)) + 0.3, 1.5 * rng.normal(size=(9, 3))
    kernel, formula = {
        "cubic": (CUBIC, cubic),
        "gaussian": (GAUSSIAN, gauss),
    }[kernel]
    difference, variance = published_difference(x, y, z, formula)
    new = mmd.candidate_sums(kernel, x, y)
    old = mmd.candidate_sums(kernel, x, z)
    got = mmd.three_sample_test(new, old, plug_in=True)
    statistic = difference / np.sqrt(variance)
    p_value = 0.5 * math.erfc(-statistic / math.sqrt(2))
    np.testing.assert_allclose(got.difference, difference, rtol=1e-10)
    np.testing.assert_allclose(got.variance, variance, rtol=1e-9)
    np.testing.assert_allclose(got.statistic, statistic, rtol=1e-9)
    np.testing.assert_allclose(got.p_value, p_value, rtol=1e-8)
    # The other way round, and with the floor of the published code.
    swapped = mmd.three_sample_test(old, new, floor=1e3)
    expected = -difference / np.sqrt(1e3)
    np.testing.assert_allclose(swapped.statistic, expected, rtol=1e-9)


def test_difference_is_that_of_two_unbiased_estimates(rng):
    x, y, z = (rng.normal(size=(7, 3)) + shift for shift in (0, 1, 2))
    expected = mmd.mmd2_unbiased(mmd.gram_matrices(CUBIC, x, y))
    expected -= mmd.mmd2_unbiased(mmd.gram_matrices(CUBIC, x, z))
    sums = [mmd.candidate_sums(CUBIC, x, candidate) for candidate in (y, z)]
    # As they come back from a file.
    new, old = (mmd.CandidateSums(*map(np.array, s)) for s in sums)
    got = mmd.three_sample_test(new, old).difference
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_features_far_from_zero_keep_their_digits(rng):
    """Kernel values share 1e18, which single precision holds to 1e11."""
    x, y, z = (1000.0 + 0.01 * rng.normal(size=(3, 40, 4))).astype(np.float32)
    grams = [numpy_grams(np.float64(x), np.float64(c), cubic) for c in (y, z)]
    off, pairs = 1 - np.eye(40), 40 * 39
    values = [(yy * off).sum() / pairs - 2 * xy.mean() for _, xy, yy in grams]
    new, old = (mmd.candidate_sums(CUBIC, x, c) for c in (y, z))
    got = mmd.three_sample_test(new, old).difference
    np.testing.assert_allclose(got, values[0] - values[1], rtol=1e-4)


@pytest.mark.parametrize("sizes", [(4, 4, 4), (4, 5, 4)])
def test_three_sample_variance_has_no_bias(sizes):
    """Exactly: the mean over all samples of laws on two points each."""
    choices = np.array(list(itertools.product((0, 1), repeat=sum(sizes))))
    x, y, z = np.split(choices[:, :, None] * 1.0, np.cumsum(sizes)[:2], axis=1)
    y, z = 0.2 + 0.7 * y, 1.2 * z - 0.1

    def run(x, y, z):
        new, old = (mmd.candidate_sums(CUBIC, x, c) for c in (y, z))
        near, far = (mmd.gram_matrices(CUBIC, x, c) for c in (y, z))
        difference = mmd.mmd2_unbiased(near) - mmd.mmd2_unbiased(far)
        return difference, mmd.three_sample_test(new, old).variance

    differences, variances = in_one_graph(run, x, y, z)
    np.testing.assert_allclose(variances.mean(), differences.var(), rtol=1e-10)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_three_sample_test_keeps_its_level(rng, shift):
    sets, m = 1000, 60
    x, y, z = rng.normal(size=(3, sets, m, 2))

    def p_value(x, y, z):
        new, old = (mmd.candidate_sums(GAUSSIAN, x, c + shift) for c in (y, z))
        return mmd.three_sample_test(new, old).p_value

    p_values = in_one_graph(p_value, x, y, z)
    for level in (np.mean(p_values < 0.1), np.mean(p_values > 0.9)):
        excess = (level - 0.1) / np.sqrt(0.1 * 0.9 / sets)
        # With all three alike the clipped variance is large, not small.
        assert excess < 3 if shift == 0.0 else abs(excess) < 3


def test_closer_candidates_have_a_small_p_value(rng):
    x, y = rng.normal(size=(2, 100, 3))
    z = rng.normal(size=(100, 3)) + 1.0
    new, old = (mmd.candidate_sums(CUBIC, x, c) for c in (y, z))
    assert mmd.three_sample_test(new, old).p_value < 1e-3
    assert mmd.three_sample_test(old, new).p_value > 1 - 1e-3


def test_sets_and_floor_are_checked_at_the_door():
    with pytest.raises(ValueError, match="width"):
        mmd.candidate_sums(GAUSSIAN, np.ones((5, 2)), np.ones((5, 3)))
    with pytest.raises(ValueError, match="4"):
        mmd.candidate_sums(GAUSSIAN, np.ones((3, 2)), np.ones((5, 2)))
    four, five = (
        mmd.candidate_sums(GAUSSIAN, np.ones((m, 2)), np.ones((m, 2)))
        for m in (4, 5)
    )
    with pytest.raises(ValueError, match="one size"):
        mmd.three_sample_test(four, five)
    more = mmd.candidate_sums(GAUSSIAN, np.ones((4, 2)), np.ones((5, 2)))
    with pytest.raises(ValueError, match="one size"):
        mmd.three_sample_test(four, more, plug_in=True)
    with pytest.raises(ValueError, match="floor=-1"):
        mmd.three_sample_test(four, four, floor=-1.0)


def test_kernels_have_names_and_sums_are_of_candidates(rng):
    x, y = rng.normal(size=(2, 8, 2))
    named = mmd.candidate_sums("rbf", x, y)
    made = mmd.candidate_sums(kernels.Gaussian(), x, y)
    np.testing.assert_array_equal(named.within, made.within)
    with pytest.raises(errors.UsageError, match="new: need a CandidateSums"):
        mmd.three_sample_test(x, y)
    for distance in (
        lambda kernel: constrained.gradient_constrained_mmd2(
            x, y, x, kernel, 1.0
        ),
        lambda kernel: constrained.lipschitz_mmd2(x, y, x, kernel, 1.0),
        lambda kernel: constrained.scaled_mmd_terms(kernel, x, np.ones(8)),
    ):
        np.testing.assert_array_equal(
            distance("rbf"), distance(kernels.Gaussian())
        )
