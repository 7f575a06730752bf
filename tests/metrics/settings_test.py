"""Settings of metrics: checked when made, fitted to the number of images."""

import dataclasses

import pytest

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import MetricSettings, block_size


@pytest.mark.parametrize(
    "counts, expected", [((10, 10), 2), ((31, 12), 7), ((9_000, 60_000), 1000)]
)
def test_blocks_are_five_or_as_many_as_are_not_too_large(counts, expected):
    assert block_size(*counts) == expected


def test_too_few_images_to_score_with_are_told():
    with pytest.raises(errors.DataError, match="9 images are too few"):
        block_size(40, 9)


def test_sizes_are_the_usual_ones_where_there_are_images_enough():
    assert MetricSettings().sizes(5000, 2000) == (1000, 5, 10)


def test_small_sets_have_smaller_sizes():
    assert MetricSettings(seed=3).sizes(6, 4) == (2, 3, 4)
    assert MetricSettings().sizes(3, 2).subset_size == 2


def test_a_size_that_is_set_stays():
    given = MetricSettings(subset_size=9, nearest_k=7, num_splits=8)
    assert given.sizes(6, 4) == (9, 7, 8)


def test_a_report_shows_all_that_is_in_force():
    assert MetricSettings(seed=3).described(6, 4) == {
        "max_block_size": 1024, "num_subsets": 100, "subset_size": 2, "seed": 3,
        "kernel": "Polynomial(degree=3, gamma=None, coef0=1.0)",
        "nearest_k": 3, "num_splits": 4,
    }  # fmt: skip
    given = MetricSettings(
        max_block_size=50, num_subsets=7, subset_size=45, dtype="float64",
        kernel=kernels.Linear(), sigma=0.5,
    )  # fmt: skip
    assert given.described(900, 900) == {
        "max_block_size": 50, "num_subsets": 7, "subset_size": 45, "seed": 0,
        "kernel": "Linear()", "dtype": "float64", "nearest_k": 5,
        "num_splits": 10, "sigma": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"max_block_size": 1}, "max_block_size=1: need >= 2"),
        ({"num_subsets": 0}, "num_subsets=0: need >= 1"),
        ({"subset_size": 1}, "subset_size=1: need >= 2"),
        ({"seed": -1}, "seed=-1: need >= 0"),
        ({"seed": "7"}, "seed='7': need an integer >= 0"),
        ({"seed": None, "nearest_k": 2.5}, "nearest_k=2.5: need an integer"),
        ({"sigma": "1"}, "sigma='1': need a number > 0"),
        ({"dtype": "float16"}, "'float16'; known: float32, float64"),
        ({"nearest_k": 0}, "nearest_k=0: need >= 1"),
        ({"num_splits": 0}, "num_splits=0: need >= 1"),
        ({"sigma": 0.0}, "sigma=0.0: need a number > 0"),
        ({"sigma": float("nan")}, "sigma=nan"),
        ({"num_subsets": True}, "num_subsets=True: need an integer"),
        ({"sigma": True}, "sigma=True: need a number"),
        ({"kernel": "rbff"}, "Did you mean 'rbf'"),
        ({"kernel": 3}, "kernel 3: need a name of a kernel"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named_when_it_is_made(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        MetricSettings(**wrong)


def test_settings_are_one_frozen_value():
    assert MetricSettings(seed=1) == MetricSettings(seed=1) != MetricSettings()
    named = MetricSettings(kernel="linear")
    assert named == MetricSettings(kernel=kernels.Linear())
    with pytest.raises(dataclasses.FrozenInstanceError):
        MetricSettings().seed = 1
    with pytest.raises(TypeError, match="subset_sise"):
        MetricSettings(subset_sise=3)
