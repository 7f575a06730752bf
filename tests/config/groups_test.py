"""Every setting of a run stands in one group of the help."""

import collections
import dataclasses

from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.groups import GROUPS
from tf_mmdgan.methods import METHODS


def test_each_setting_is_in_one_group():
    counts = collections.Counter(n for names in GROUPS.values() for n in names)
    fields = {field.name for field in dataclasses.fields(TrainConfig)}
    assert counts.keys() == fields
    assert set(counts.values()) == {1}


def test_groups_of_single_methods_come_last_and_are_methods():
    general = list(GROUPS).index("output") + 1
    named = [
        name for group in list(GROUPS)[general:] for name in group.split(", ")
    ]
    assert set(named) <= set(METHODS)
