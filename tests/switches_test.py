"""Truth values: what is one, and what NumPy's become."""

import dataclasses

import numpy as np
import pytest

from tf_mmdgan import errors, switches


@dataclasses.dataclass(frozen=True)
class Settings:
    bright: bool = True
    width: int = 2

    def __post_init__(self):
        switches.settle(self)


@pytest.mark.parametrize("wrong", ["no", "", 0, 1, None, np.array([True])])
def test_what_counts_as_true_is_not_true(wrong):
    with pytest.raises(errors.UsageError, match="need True or False"):
        Settings(bright=wrong)


def test_truth_values_become_those_of_python():
    assert Settings(np.False_).bright is False
    assert Settings(True, np.int64(3)) == Settings(width=3)


def test_numbers_of_numpy_are_told_from_arrays():
    assert type(switches.plain(np.float64(0.5))) is float
    row = np.ones(1)
    assert switches.plain(row) is row and switches.plain("a") == "a"
