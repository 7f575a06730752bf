"""Names of classes stand for their numbers, whatever the names are."""

import numpy as np
import pytest

from tf_mmdgan import class_names, errors

NAMES = ["-x", "10", "2", "a b", "~", "<b>&", "лампа", "灯", "bytes \udcff"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_and_comes_back(name):
    assert class_names.number(name, NAMES) == NAMES.index(name)
    table = class_names.encoded(NAMES)
    assert table.dtype == np.uint8 and len(table) == len(NAMES)
    assert class_names.decoded(table) == tuple(NAMES)


@pytest.mark.parametrize(
    "label, number",
    [("2", 2), (2, 2), ("10", 1), (1, 1), ("0", 0), ("-1", -1), (None, None)],
)
def test_a_name_wins_over_a_number_in_texts_alone(label, number):
    assert class_names.number(label, NAMES) == number


@pytest.mark.parametrize("label", ["lamp", "+1", "1_0", "٣", "", "1" * 10])
def test_other_texts_are_refused(label):
    with pytest.raises(errors.UsageError, match="no class has this name"):
        class_names.number(label, NAMES)
    with pytest.raises(errors.UsageError, match="have no names"):
        class_names.number(label, None)


def test_the_name_that_was_meant_is_told():
    with pytest.raises(errors.UsageError, match="Did you mean 'лампа'"):
        class_names.number("ламп", NAMES)


@pytest.mark.parametrize(
    "found",
    [
        None, "ab", ["a"], ["a", "b", "c"], ["a", "a"], ["a", 1], ["a", ""],
        ["a", "../b"], ["a", "b\0"], ["a", "b" * 256], ["a", "\ud800"],
    ],
)  # fmt: skip
def test_records_may_hold_something_else(found):
    assert not class_names.is_names(found, 2)
    assert class_names.is_names(["a", "\udcff"], 2)
