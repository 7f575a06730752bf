"""One pass over batches against all at once."""

import math

import numpy as np
import pytest

from tf_mmdgan import errors, kernels, metrics
from tf_mmdgan.metrics import Moments, MomentSums, kid


def features(rng, n, m):
    return rng.normal(size=(n, 5)), rng.normal(size=(m, 5)) + 0.3


def batches(points, *bounds):
    return np.split(points, bounds)


def test_full_blocks_are_those_of_all_at_once(rng):
    real, fake = features(rng, 60, 60)
    scores = metrics.BlockKID(20)
    for x, y in zip(batches(real, 7, 45), batches(fake, 30, 30), strict=True):
        scores.update(x, y)
    expected = kid.kid(real, fake, "blocks", max_block_size=20)
    found = scores.result()
    assert found.mean == pytest.approx(expected.mean, rel=1e-12)
    assert found.standard_error == pytest.approx(expected.standard_error)
    assert (found.num_real, found.num_fake) == (60, 60)


def test_one_full_block_is_warned_of_too(rng):
    spoilt = 1e9 + rng.normal(size=(20, 8))
    with pytest.warns(UserWarning, match="not trust"):
        metrics.BlockKID(20).update(spoilt, spoilt[::-1])


def test_parts_merge_with_what_is_left_of_them(rng):
    real, fake = features(rng, 70, 64)
    parts = [metrics.BlockKID(20) for _ in range(2)]
    for part, x, y in zip(
        parts, batches(real, 33), batches(fake, 24), strict=True
    ):
        part.update(x, y)
    parts[0].merge(parts[1])
    order = [np.r_[0:20, 33:53, 20:33, 53:70], np.r_[0:20, 24:44, 20:24, 44:64]]
    expected = kid.kid(
        real[order[0]][:60], fake[order[1]][:60], "blocks", max_block_size=20
    )
    assert parts[0].result().mean == pytest.approx(expected.mean, rel=1e-12)


def test_one_block_has_no_spread(rng):
    scores = metrics.BlockKID(20, kernels.Gaussian((2.0,)))
    scores.update(*features(rng, 25, 20))
    assert math.isnan(scores.result().standard_error)


def test_what_cannot_be_scored_is_named(rng):
    scores = metrics.BlockKID(20)
    scores.update(*features(rng, 25, 3))
    with pytest.raises(errors.DataError, match="25 real and 3 fake"):
        scores.result()
    with pytest.raises(errors.DataError, match="width 5, fake features 4"):
        scores.update(np.zeros((3, 4)), np.zeros((3, 4)))
    with pytest.raises(errors.UsageError, match="do not merge"):
        scores.merge(metrics.BlockKID(10))
    with pytest.raises(errors.UsageError, match="block_size=1"):
        metrics.BlockKID(1)


@pytest.mark.parametrize("bounds", [(1,), (10, 11, 500)])
def test_sums_of_moments_merge_far_from_the_origin(rng, bounds):
    points = rng.normal(size=(600, 4)) @ rng.normal(size=(4, 4)) + 1e6
    merged = None
    for part in batches(points, *bounds):
        sums = MomentSums.of(part)
        merged = merged.merge(sums) if merged else sums
    expected = np.cov(points, rowvar=False)
    np.testing.assert_allclose(merged.moments().covariance, expected, 1e-9)
    np.testing.assert_allclose(merged.moments().mean, points.mean(0), 1e-14)
    assert merged.count == 600


def test_moments_of_many_rows_are_those_of_numpy(rng, monkeypatch):
    monkeypatch.setattr("tf_mmdgan.metrics.moments._ROWS_AT_A_TIME", 64)
    points = rng.normal(size=(150, 6)).astype(np.float32)
    expected = np.cov(points.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(Moments.of(points).covariance, expected, 1e-12)


def test_one_row_has_no_covariance():
    with pytest.raises(errors.DataError, match=r"1 sample\(s\)"):
        MomentSums.of(np.zeros((1, 3))).moments()
