"""What holds for every metric, and the choice of metrics by name."""

import math

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.evaluation import METRICS, score

SETTINGS = {"max_block_size": 50, "num_subsets": 10, "subset_size": 60}


def features(rng, n, m, shift):
    real = rng.normal(size=(n, 8)).astype(np.float32)
    fake = (rng.normal(size=(m, 8)) + shift).astype(np.float32)
    return real, fake


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_small_for_one_law_and_grows_with_the_shift(rng, name):
    values = []
    for shift in (0.0, 0.5, 1.0):
        real, fake = features(rng, 210, 160, shift)
        numbers = score(real, fake, [name], **SETTINGS)[name]
        assert all(type(number) is float for number in numbers.values())
        values.append(next(iter(numbers.values())))
    assert abs(values[0]) < 0.25 < values[1] < values[2]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_refuses_what_is_not_a_number(rng, name):
    real, fake = features(rng, 210, 160, 0.0)
    fake[17, 3] = np.nan
    with pytest.raises(errors.DataError, match=r"fake .* row 17"):
        score(real, fake, [name], **SETTINGS)


def test_several_metrics_come_in_order_with_their_settings(rng):
    real, fake = features(rng, 210, 160, 0.3)
    scores = score(real, fake, reversed(METRICS), **SETTINGS)
    assert list(scores) == list(reversed(METRICS))
    assert scores["kid_tfgan"]["kid"] == pytest.approx(
        scores["kid_blocks"]["kid"], rel=1e-6
    )
    assert scores["kid_blocks"] == METRICS["kid_blocks"](
        real, fake, max_block_size=50
    )
    one_block = score(real, fake, ["kid_blocks"], max_block_size=1000)
    assert math.isnan(one_block["kid_blocks"]["kid_standard_error"])


def test_unknown_names_are_refused(rng):
    real, fake = features(rng, 20, 20, 0.0)
    with pytest.raises(errors.UsageError, match=r"metric 'kid_exakt'.*mean"):
        score(real, fake, ["kid_exakt"])
    with pytest.raises(errors.UsageError, match=r"subset_sise.*subset_size"):
        score(real, fake, ["kid_exact"], subset_sise=3)
