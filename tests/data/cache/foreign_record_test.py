"""The record of a cache that others may have written."""

import json

import numpy as np
import pytest

from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data.cache import build, cached


def plan():
    def fill(start, stop):
        return np.zeros((stop - start, 4, 4, 1), np.uint8), None

    return build.Plan(7, (4, 4, 1), None, fill, workers=1)


@pytest.mark.parametrize(
    "wrong", [{"image_shape": 4}, {"count": "7"}, {"num_classes": [5]}]
)
def test_a_record_of_other_types_is_not_believed(tmp_path, wrong):
    place = "set/train", {"v": 1}
    reading = ReadConfig(cache_dir=str(tmp_path))
    cached.cached(*place, plan, reading)
    assert cached.peek(*place, reading) is not None
    (about,) = tmp_path.glob("*/about.json")
    about.write_text(json.dumps(json.loads(about.read_text()) | wrong))
    assert cached.peek(*place, reading) is None
    with pytest.warns(UserWarning, match=f"its {next(iter(wrong))} is"):
        assert len(cached.cached(*place, plan, reading).images) == 7
