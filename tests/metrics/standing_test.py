"""Exact KID of several sets, and which of them is lower."""

import numpy as np
import pytest

from tf_mmdgan import errors, kernels, metrics, mmd
from tf_mmdgan.metrics import kernel_sums, kid


def test_sums_in_tiles_are_those_of_whole_matrices(rng):
    x, y = rng.normal(size=(13, 4)), rng.normal(size=(9, 4))
    kernel = kernels.Polynomial()
    found = kernel_sums.candidate_sums(kernel, x, y, tile_size=4)
    for a, b in zip(found, mmd.candidate_sums(kernel, x, y), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    off = (x @ x.T / 4 + 1) ** 3 * (1 - np.eye(13))
    within = kernel_sums.within(kernel, x, size=4)
    np.testing.assert_allclose(within.rows, off.sum(axis=1), rtol=1e-12)


def test_kid_is_that_of_the_metric(rng):
    real = rng.normal(size=(30, 5)).astype(np.float32)
    fake = 0.5 + rng.normal(size=(20, 5)).astype(np.float32)
    expected = kid.kid(real, fake, "exact", dtype="float64")
    found = metrics.Reference(real).standing(fake)
    np.testing.assert_allclose(
        [found.kid, found.standard_error],
        [expected.mean, expected.standard_error],
        rtol=1e-9,
    )


def test_lower_is_what_is_lower_by_more_than_the_error(rng):
    """Steps of one law rarely are, steps of a nearer law always."""
    reference = metrics.Reference(rng.normal(size=(200, 4)))
    far, near = 1.0, 0.2
    first = reference.standing(far + rng.normal(size=(150, 4)))
    nearer = reference.standing(near + rng.normal(size=(150, 4)))
    assert metrics.is_lower(nearer, first)
    assert not metrics.is_lower(first, nearer)
    assert not metrics.is_lower(first, first)
    again = [
        reference.standing(far + rng.normal(size=(150, 4))) for _ in range(60)
    ]
    # A normal law is below -1 in 16 of 100 cases.
    pairs = list(zip(again[::2], again[1::2], strict=True))
    lower = np.mean([metrics.is_lower(a, b) for a, b in pairs])
    assert lower < 0.16 + 3 * np.sqrt(0.16 * 0.84 / len(pairs))


def test_bad_features_are_refused(rng):
    reference = metrics.Reference(rng.normal(size=(9, 4)))
    with pytest.raises(errors.DataError, match="fake has 3 samples"):
        reference.standing(np.ones((3, 4)))
    with pytest.raises(errors.DataError, match="width"):
        reference.standing(np.ones((5, 3)))
