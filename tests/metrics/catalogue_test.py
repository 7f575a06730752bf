"""What holds for every metric, and the choice of metrics by name."""

import dataclasses
import math

import numpy as np
import pytest

from tf_mmdgan import errors, kernels
from tf_mmdgan.features import Extracted
from tf_mmdgan.metrics import METRICS, MetricSettings, choose, score

SETTINGS = MetricSettings(max_block_size=50, num_subsets=10, subset_size=60)
DISTANCES = [
    name
    for name in METRICS
    if name.startswith(("kid", "fid")) or name == "gaussian_mmd"
]


def features(rng, n, m, shift):
    real = rng.normal(size=(n, 8)).astype(np.float32)
    fake = (rng.normal(size=(m, 8)) + shift).astype(np.float32)
    return Extracted(real), Extracted(fake)


def with_classes(found):
    """Four classes, of which nothing is known."""
    count = len(found.features)
    return Extracted(found.features, np.full((count, 4), 0.25))


@pytest.mark.parametrize("name", DISTANCES)
def test_a_metric_is_small_for_one_law_and_grows_with_the_shift(rng, name):
    values = []
    for shift in (0.0, 0.5, 1.0):
        real, fake = features(rng, 210, 160, shift)
        numbers = score(real, fake, [name], SETTINGS)[name]
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
    sides = with_classes(real), with_classes(fake)
    assert score(*sides, ["inception_score"]) == {
        "inception_score": {"inception_score": 1.0, "inception_score_std": 0.0}
    }


@pytest.mark.parametrize("name", sorted(set(METRICS) - {"inception_score"}))
def test_a_metric_refuses_what_is_not_a_number(rng, name):
    real, fake = features(rng, 210, 160, 0.0)
    fake.features[17, 3] = np.nan
    with pytest.raises(errors.DataError, match=r"fake .* row 17"):
        score(real, fake, [name], SETTINGS)


def test_several_metrics_come_in_order_with_their_settings(rng):
    real, fake = map(with_classes, features(rng, 210, 160, 0.3))
    scores = score(real, fake, reversed(METRICS), SETTINGS)
    assert list(scores) == list(reversed(METRICS))
    assert scores["kid_tfgan"]["kid"] == pytest.approx(
        scores["kid_blocks"]["kid"], rel=1e-6
    )
    sides = real.features, fake.features
    assert scores["kid_blocks"] == METRICS["kid_blocks"](
        *sides, MetricSettings(max_block_size=50)
    )
    one_block = METRICS["kid_blocks"](*sides)
    assert math.isnan(one_block["kid_standard_error"])


def test_settings_reach_the_metrics_that_need_them(rng):
    real, fake = map(with_classes, features(rng, 40, 30, 0.3))
    usual = MetricSettings(subset_size=10)
    for name, others in (
        ("kid_subsets", {"num_subsets": 9}),
        ("kid_subsets", {"subset_size": 20}),
        ("kid_subsets", {"seed": 1}),
        ("kid_subsets", {"kernel": kernels.Linear()}),
        ("kid_subsets", {"dtype": "float64"}),
        ("kid_exact", {"kernel": kernels.Linear()}),
        ("kid_exact", {"dtype": "float64"}),
        ("kid_blocks", {"max_block_size": 11}),
        ("kid_blocks", {"kernel": kernels.Linear()}),
        ("kid_tfgan", {"max_block_size": 11}),
        ("fid_infinity", {"seed": 1}),
        ("gaussian_mmd", {"sigma": 9.0}),
        ("prdc", {"nearest_k": 1}),
    ):
        settings = dataclasses.replace(usual, **others)
        first, second = (
            score(real, fake, [name], given)[name]
            for given in (usual, settings)
        )
        assert next(iter(first.values())) != next(iter(second.values())), others
    with pytest.raises(errors.UsageError, match="num_splits=31"):
        score(real, fake, ["inception_score"], MetricSettings(num_splits=31))


def test_unknown_names_are_refused(rng):
    real, fake = features(rng, 20, 20, 0.0)
    with pytest.raises(errors.UsageError, match=r"metric 'kid_exakt'.*mean"):
        score(real, fake, ["kid_exakt"])


def test_metrics_are_chosen_by_name():
    assert choose("fid, kid_exact") == ("fid", "kid_exact")
    assert set(choose("all")) == set(METRICS)
    slow = {"fid_infinity", "parzen", "energy_distance"}
    assert set(choose(None)) == set(METRICS) - slow
    with pytest.raises(errors.UsageError, match=r"metric 'fit'.*fid"):
        choose("fit")
    for empty in ("", " , "):
        with pytest.raises(errors.UsageError, match="names none; known: kid_"):
            choose(empty)
