"""Metrics that cannot be had, and what they need."""

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.features import Extracted
from tf_mmdgan.metrics import (
    METRICS,
    Counts,
    MetricSettings,
    check_available,
    conditions,
    score,
    score_available,
)

CASES = [
    ("kid_tfgan", Counts(9, 9), {"max_block_size": 2}, "at least 10 samples"),
    ("kid_blocks", Counts(9, 3), {"max_block_size": 4}, "at least 6 samples"),
    ("kid_subsets", Counts(9, 8), {"subset_size": 9}, "--subset_size"),
    ("fid_infinity", Counts(19, 30), {}, "20 images of each set, not 19 real"),
    ("prdc", Counts(9, 5), {"nearest_k": 5}, "more than nearest_k=5.*--near"),
    ("inception_score", Counts(9, 9, False), {}, "class probabilities"),
    ("inception_score", Counts(9, 3), {"num_splits": 4}, "--num_splits"),
    ("parzen", Counts(3, 9), {}, "4 real images, not 3"),
    ("kid_exact", Counts(9, 1), {}, "2 images of each set, not 9 real and 1"),
]


def found(rng, count, classes=3):
    rows = rng.normal(size=(count, 4)).astype(np.float32)
    return Extracted(rows, np.full((count, classes), 1 / classes))


@pytest.mark.parametrize("name, counts, given, words", CASES)
def test_what_a_metric_lacks_is_said_before_the_work(
    rng, name, counts, given, words
):
    settings = MetricSettings(**given)
    with pytest.raises(errors.UsageError, match=f"metric {name} .*{words}"):
        check_available(name, counts, settings)
    if given.keys() <= {"max_block_size"}:
        check_available(None, counts, settings)
    else:  # a size is asked for by its name too
        with pytest.raises(errors.UsageError, match=f"metric {name} .*{words}"):
            check_available(None, counts, settings)
    check_available("fid,gaussian_mmd", Counts(9, 9), settings)
    # Nothing is refused that could be computed.
    real, fake = found(rng, counts.real), found(rng, counts.fake)
    if not counts.classifies:
        real, fake = Extracted(real.features), Extracted(fake.features)
    with pytest.raises((errors.UsageError, errors.DataError)):
        score(real, fake, [name], settings)


@pytest.mark.parametrize("count", [2, 3, 4, 6, 19, 20])
def test_what_is_not_missing_can_be_computed(rng, count):
    real, fake = found(rng, count), found(rng, count)
    for name in METRICS:
        if conditions.missing(name, Counts(count, count), MetricSettings()):
            continue
        assert score(real, fake, [name])[name]


def test_one_metric_does_not_refuse_the_others(rng):
    real, fake = found(rng, 12), found(rng, 12)
    equal = Extracted(np.ones_like(real.features))
    scores, unavailable = score_available(
        equal, Extracted(fake.features), list(METRICS)
    )
    assert set(scores) | set(unavailable) == set(METRICS)
    assert set(unavailable) == {
        "fid_infinity", "inception_score", "gaussian_mmd",
    }  # fmt: skip
    assert "--sigma" in unavailable["gaussian_mmd"]
    scores, unavailable = score_available(real, fake, ["fid", "kid_exact"])
    assert list(scores) == ["fid", "kid_exact"] and not unavailable


def test_damaged_features_are_refused_whole(rng):
    real, fake = found(rng, 12), found(rng, 12)
    fake.features[3] = np.nan
    with pytest.raises(errors.DataError, match="row 3"):
        score_available(real, fake, ["fid"])
    with pytest.raises(errors.UsageError, match="metric 'fit'"):
        score_available(real, real, ["fit"])
