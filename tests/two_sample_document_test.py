"""docs/two_sample.md: its examples run, and show what the text says."""

import pathlib
import re

import numpy as np
import pytest

pytestmark = pytest.mark.slow

DOCUMENT = pathlib.Path(__file__).parents[1] / "docs" / "two_sample.md"


@pytest.fixture(scope="module")
def names():
    """What all examples define, run one after the other."""
    text = DOCUMENT.read_text(encoding="utf-8")
    found: dict = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, DOCUMENT.name, "exec"), found)
    return found


def test_arrays_have_a_p_value(names):
    assert names["learnt"].method == "deep_kernel"
    assert names["classified"].method == "classifier"
    assert 0.0 < names["learnt"].p_value <= 1.0
    assert names["found"].method == "mmdagg"


def test_the_witness_finds_the_negatives(names):
    np.testing.assert_array_equal(
        np.sort(names["ranking"].y_order[:10]), np.arange(10)
    )
    assert names["distinguishable"].num_x == 100


def test_prototypes_and_criticisms_are_different_rows(names):
    assert len(set(np.concatenate(names["summary"]))) == 10


def test_codes_are_held_to_the_prior(names):
    assert names["free"].rejected
    assert names["held"].statistic < names["free"].statistic / 10
    assert names["held_error"] < 1.3 * names["free_error"]


def test_features_brought_together_carry_over(names):
    assert names["after"] > names["before"] + 0.2
    assert names["after"] > 0.7
