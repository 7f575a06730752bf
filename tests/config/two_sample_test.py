"""Settings of two-sample tests on files."""

import pytest

from tf_mmdgan import errors
from tf_mmdgan.config import TwoSampleConfig


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"x": ""}, "--x and --y"),
        ({"y": ""}, "--x and --y"),
        ({"level": 0.0}, "--level=0.0"),
        ({"out": "page.html"}, "must end in .json"),
        ({"num_permutations": 0}, "--num_permutations=0"),
        ({"num_samples": -1}, "--num_samples=-1"),
        ({"shown": 0}, "--shown=0"),
        ({"seed": -1}, "--seed=-1"),
        ({"checkpoint": "first"}, "--checkpoint=first"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    TwoSampleConfig(x="a.npy", y="b.npy")
    with pytest.raises(errors.UsageError, match=message):
        TwoSampleConfig(**{"x": "a.npy", "y": "b.npy", **settings})
