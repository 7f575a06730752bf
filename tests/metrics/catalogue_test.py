"""What holds for every metric, and the choice of metrics by name."""

import math

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.metrics import METRICS, choose, score

SETTINGS = {"max_block_size": 50, "num_subsets": 10, "subset_size": 60}
DISTANCES = [
    name
    for name in METRICS
    if name.startswith(("kid", "fid")) or name == "gaussian_mmd"
]


def features(rng, n, m, shift):
    real = rng.normal(size=(n, 8)).astype(np.float32)
    fake = (rng.normal(size=(m, 8)) + shift).astype(np.float32)
    return real, fake


@pytest.mark.parametrize("name", DISTANCES)
def test_a_metric_is_small_for_one_law_and_grows_with_the_shift(rng, name):
    values = []
    for shift in (0.0, 0.5, 1.0):
        real, fake = features(rng, 210, 160, shift)
        numbers = score(real, fake, [name], **SETTINGS)[name]
        assert all(type(number) is float for number in numbers.values())
        values.append(next(iter(numbers.values())))
    assert abs(values[0]) < 0.25 * values[2]
    assert values[0] < values[1] < values[2]


@pytest.mark.parametrize(
    "name, number, sign",
    [
        ("prdc", "precision", -1),
        ("prdc", "recall", -1),
        ("prdc", "density", -1),
        ("prdc", "coverage", -1),
        ("nearest_neighbor", "nearest_neighbor_accuracy", 1),
    ],
)
def test_a_likeness_changes_with_the_shift(rng, name, number, sign):
    values = [
        sign * score(*features(rng, 210, 160, shift), [name])[name][number]
        for shift in (0.0, 1.0, 2.0)
    ]
    assert values == sorted(set(values))


def test_the_inception_score_needs_probabilities(rng):
    real, fake = features(rng, 20, 20, 0.0)
    with pytest.raises(errors.UsageError, match="inception_score needs class"):
        score(real, fake, ["fid", "inception_score"])
    rows = np.full((20, 4), 0.25)
    assert score(real, fake, ["inception_score"], rows) == {
        "inception_score": {"inception_score": 1.0, "inception_score_std": 0.0}
    }


@pytest.mark.parametrize("name", sorted(set(METRICS) - {"inception_score"}))
def test_a_metric_refuses_what_is_not_a_number(rng, name):
    real, fake = features(rng, 210, 160, 0.0)
    fake[17, 3] = np.nan
    with pytest.raises(errors.DataError, match=r"fake .* row 17"):
        score(real, fake, [name], **SETTINGS)


def test_several_metrics_come_in_order_with_their_settings(rng):
    real, fake = features(rng, 210, 160, 0.3)
    rows = np.full((160, 4), 0.25)
    scores = score(real, fake, reversed(METRICS), rows, **SETTINGS)
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


def test_metrics_are_chosen_by_name():
    assert choose("fid, kid_exact", True) == ("fid", "kid_exact")
    assert set(choose("all", True)) == set(METRICS)
    assert set(choose("all", False)) == set(METRICS) - {"inception_score"}
    assert set(choose(None, True)) == set(METRICS) - {"fid_infinity", "parzen"}
    with pytest.raises(errors.UsageError, match=r"metric 'fit'.*fid"):
        choose("fit", True)
