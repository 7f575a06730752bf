"""What every listed test that trains must do."""

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.metrics import learning
from tf_mmdgan.metrics.trained_tests import TRAINED_TESTS

every_test = pytest.mark.parametrize("name", TRAINED_TESTS)


@every_test
def test_laws_that_differ_are_told_apart_and_the_same_twice(rng, name):
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(50, 2)) + 2.0
    found, again = (
        TRAINED_TESTS[name](x, y, steps=20, seed=3) for _ in range(2)
    )
    assert found.rejected and found.p_value < 0.01
    assert found.statistic > found.threshold
    assert found.method == name
    assert len(found.null) == 999
    assert "tested on the other 30 and 25" in found.note
    assert again.p_value == found.p_value
    np.testing.assert_array_equal(again.null, found.null)


@every_test
def test_constant_samples_have_p_value_1_and_say_so(name):
    found = TRAINED_TESTS[name](np.full(9, 3.0), np.full(9, 3.0))
    assert found.p_value == 1.0
    assert "all rows of x and y are equal" in found.note


@every_test
@pytest.mark.parametrize(
    "x, y, message",
    [
        ([1.0, np.nan] * 9, np.arange(18.0), "NaN"),
        (np.ones((9, 2)), np.ones((9, 3)), "2 numbers"),
        (np.arange(3.0), np.arange(30.0), "learns on one half"),
    ],
    ids=["NaN", "widths", "rows"],
)
def test_bad_samples_are_refused_on_one_line(name, x, y, message):
    with pytest.raises(errors.DataError, match=message) as caught:
        TRAINED_TESTS[name](x, y)
    assert "\n" not in str(caught.value)


@every_test
@pytest.mark.parametrize(
    "settings", [{"steps": 0}, {"batch_size": 0}, {"num_permutations": 5}]
)
def test_settings_out_of_range_are_refused(rng, name, settings):
    with pytest.raises(errors.UsageError):
        TRAINED_TESTS[name](*rng.normal(size=(2, 20, 2)), **settings)


@pytest.mark.slow
@every_test
def test_level_is_kept_over_500_repetitions(name, monkeypatch):
    # A graph for each repetition would take longer than its steps.
    monkeypatch.setattr(learning.graphs, "traced", lambda step: step)
    few = {"steps": 5, "learning_rate": 1e-2}
    count = 0
    for seed in range(500):
        x, y = np.random.default_rng([seed, 3]).normal(size=(2, 50, 2))
        count += TRAINED_TESTS[name](x, y, seed=seed, **few).rejected
    # Two standard errors above 5 %, of 500 repetitions.
    assert count <= 500 * 0.07
