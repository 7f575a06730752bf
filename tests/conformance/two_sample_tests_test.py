"""What every listed two-sample test must do."""

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.mmd.two_sample import TWO_SAMPLE_TESTS, two_sample_test

PAIRS = [
    (method, estimator)
    for method, entry in TWO_SAMPLE_TESTS.items()
    for estimator in entry.estimators
]
every_test = pytest.mark.parametrize("method, estimator", PAIRS)


def run(x, y, method, estimator, **settings):
    return two_sample_test(x, y, method=method, estimator=estimator, **settings)


def rejections(method, estimator, draw, repetitions, **settings):
    """How many of so many tests of equal laws reject at 5 %."""
    return sum(
        run(*draw(seed), method, estimator, seed=seed, **settings).rejected
        for seed in range(repetitions)
    )


def most(repetitions):
    """Rejections that a level of 5 % exceeds once in 30,000 times."""
    return 0.05 * repetitions + 4 * np.sqrt(0.05 * 0.95 * repetitions)


def normals(n, m):
    def draw(seed):
        rng = np.random.default_rng([seed, 1])
        return rng.normal(size=(n, 2)), rng.normal(size=(m, 2))

    return draw


def coins(seed):
    rng = np.random.default_rng([seed, 2])
    return rng.integers(0, 2, (20, 1)), rng.integers(0, 2, (20, 1))


@every_test
@pytest.mark.parametrize(
    "draw", [normals(20, 20), coins], ids=["normal", "0/1"]
)
def test_level_is_kept(method, estimator, draw):
    count = rejections(method, estimator, draw, 80, num_permutations=39)
    assert count <= most(80)


@pytest.mark.slow
@every_test
def test_level_is_kept_over_2000_repetitions(method, estimator):
    count = rejections(method, estimator, normals(20, 20), 2000)
    assert count <= 0.066 * 2000


@pytest.mark.slow
@pytest.mark.parametrize(
    "method, estimator",
    [
        ("permutation", "quadratic"), ("normal", "cross"),
        ("normal", "block"), ("mmdagg", "quadratic"),
        ("mmd_fuse", "quadratic"),
    ],
)  # fmt: skip
def test_level_is_kept_at_unequal_sizes(method, estimator):
    count = rejections(method, estimator, normals(20, 80), 2000)
    assert count <= 0.066 * 2000


@every_test
def test_laws_that_differ_are_told_apart(rng, method, estimator):
    x, y = rng.normal(size=(100, 2)), rng.normal(size=(100, 2)) + 1.5
    found = run(x, y, method, estimator)
    assert found.rejected and found.p_value < 0.01
    assert found.statistic > found.threshold
    assert (found.method, found.estimator) == (method, estimator)
    assert (found.num_x, found.num_y) == (100, 100)
    assert len(found.null) in (0, 999)


@every_test
def test_outcome_says_the_same_twice_over(rng, method, estimator):
    for _ in range(5):
        x, y = rng.normal(size=(24, 1)), 1.3 * rng.normal(size=(24, 1))
        found = run(x, y, method, estimator, level=0.2)
        assert 0.0 < found.p_value <= 1.0
        assert (found.statistic > found.threshold) == found.rejected
        again = run(x, y, method, estimator, level=0.2)
        assert again.p_value == found.p_value


@every_test
def test_constant_samples_have_p_value_1_and_say_so(method, estimator):
    found = run(np.full(9, 3.0), np.full(9, 3.0), method, estimator)
    assert found.p_value == 1.0 and not found.rejected
    assert "all rows of x and y are equal" in found.note


@every_test
def test_two_points_are_never_significant_or_refused(method, estimator):
    try:
        found = run([0.0, 1.0], [5.0, 6.0], method, estimator)
    except errors.DataError as error:
        assert "at least 4" in str(error)
    else:
        assert found.p_value > 0.05


@every_test
@pytest.mark.parametrize(
    "x, y",
    [
        ([1.0, np.nan, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]),
        (np.ones((5, 2)), np.ones((5, 3))),
        ([1.0], [2.0, 3.0]),
    ],
    ids=["NaN", "widths", "one row"],
)
def test_bad_samples_are_refused_on_one_line(method, estimator, x, y):
    with pytest.raises(errors.DataError) as caught:
        run(x, y, method, estimator)
    assert "\n" not in str(caught.value)
