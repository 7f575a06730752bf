"""The Inception Score against its definition."""

import numpy as np
import pytest
import scipy.stats

from tf_mmdgan import errors
from tf_mmdgan.metrics.inception_score import inception_score


def probabilities(rng, m=50, k=6):
    return rng.dirichlet(np.full(k, 0.3), size=m)


def test_score_is_its_definition(rng):
    rows = probabilities(rng)
    parts = [rows[:17], rows[17:34], rows[34:]]
    scores = [
        np.exp(scipy.stats.entropy(part.T, part.mean(0)[:, None]).mean())
        for part in parts
    ]
    value = inception_score(rows, 3)
    assert value.mean == pytest.approx(np.mean(scores), rel=1e-12)
    assert value.std == pytest.approx(np.std(scores), rel=1e-12)


def test_the_bounds_are_reached():
    one_of_each = np.eye(7, dtype=np.float32)
    assert inception_score(one_of_each, 1).mean == pytest.approx(7.0)
    assert inception_score(one_of_each[:1].repeat(9, 0), 2) == (1.0, 0.0)


def test_bad_input_is_refused(rng):
    rows = probabilities(rng)
    with pytest.raises(errors.UsageError, match="num_splits=51: need 1 to 50"):
        inception_score(rows, 51)
    with pytest.raises(errors.DataError, match="sum to 1"):
        inception_score(rows * 2.0)
    rows[3] = np.nan
    with pytest.raises(errors.DataError, match="NaN"):
        inception_score(rows)
    with pytest.raises(errors.DataError, match=r"\(50,\)"):
        inception_score(rows[:, 0])
