"""Coverage of the modes of a known mixture."""

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.metrics import modes

CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def at(*counts, offset=0.0):
    return np.add(np.repeat(CENTRES, counts, axis=0), [offset, 0.0])


def coverage(samples, **kwargs):
    return modes.mode_coverage(samples, CENTRES, **{"std": 1.0, **kwargs})


def test_the_centres_themselves():
    found = coverage(CENTRES)
    assert found == modes.ModeCoverage(
        modes_covered=4, high_quality=1.0, occupancy_tv=0.0
    )


def test_one_mode_only():
    found = coverage(at(7, 0, 0, 0))
    assert (found.modes_covered, found.high_quality) == (1, 1.0)
    assert found.occupancy_tv == pytest.approx(0.75)


def test_a_mode_counts_from_a_fifth_of_its_fair_share():
    assert coverage(at(75, 15, 5, 5)).modes_covered == 4
    assert coverage(at(76, 15, 5, 4)).modes_covered == 3


def test_far_samples_make_no_mode_count_but_occupy_it():
    samples = np.concatenate([at(50, 0, 0, 0), at(0, 50, 0, 0, offset=3.5)])
    found = coverage(samples)
    assert (found.modes_covered, found.high_quality) == (1, 0.5)
    assert found.occupancy_tv == pytest.approx(0.5)


@pytest.mark.parametrize(
    "offset, std, within, expected",
    [(2.9, 1, 3, 1), (3.1, 1, 3, 0), (3.1, 2, 3, 1), (3.1, 1, 3.2, 1)],
)
def test_high_quality_is_a_number_of_deviations(offset, std, within, expected):
    found = coverage(at(3, 3, 3, 3, offset=offset), std=std, within=within)
    assert found.high_quality == expected


def test_of_the_mixture_itself(rng):
    n = 20_000
    samples = CENTRES[rng.integers(4, size=n)] + rng.normal(size=(n, 2))
    found = coverage(samples)
    assert found.modes_covered == 4
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    assert found.occupancy_tv < 0.02


@pytest.mark.parametrize(
    "samples, kwargs, words",
    [
        (np.zeros(2), {}, "samples of shape"),
        (np.zeros((0, 2)), {}, "samples of shape"),
        (np.zeros((3, 3)), {}, "width 3"),
        (CENTRES, {"std": 0.0}, "std=0"),
        (CENTRES, {"within": -1.0}, "within=-1"),
    ],
)
def test_misuse_is_refused(samples, kwargs, words):
    with pytest.raises(ValueError, match=words):
        coverage(samples, **kwargs)


def test_samples_that_are_not_finite_are_counted():
    samples = CENTRES.copy()
    samples[1, 0] = np.nan
    with pytest.raises(errors.DataError, match="1 of 4 samples"):
        coverage(samples)
