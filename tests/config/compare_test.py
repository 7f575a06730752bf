"""Settings of a comparison."""

import pytest

from tf_mmdgan import errors
from tf_mmdgan.config import CompareConfig, spelling


def test_lists_are_split_at_commas_and_each_entry_counts_once():
    assert spelling.entries(" ring, digits,,ring") == ["ring", "digits"]


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"output_dir": ""}, "--output_dir is missing"),
        ({"jobs": 0}, "--jobs=0"),
        ({"steps": -1}, "--steps=-1"),
        ({"seeds": "0,x"}, "--seeds=0,x"),
        ({"seeds": "4294967296"}, "--seeds"),
        ({"methods": ","}, "--methods is empty"),
        ({"only": "ring/mmd"}, "DATA/METHOD/SEED"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        CompareConfig(**{"output_dir": "out", **wrong})
