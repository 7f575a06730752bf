"""One way to load any data set; the sets' own tests are in sets/."""

import loading
import numpy as np
import pytest

from tf_mmdgan import data, errors
from tf_mmdgan.config import DataConfig


def test_loads_the_split_of_the_data_set_at_its_size():
    loaded = data.load(DataConfig(dataset="digits", image_size=12), "test")
    assert loaded.images.shape == (500, 12, 12, 1)


@pytest.mark.parametrize("name", data.DATASETS)
@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"image_size": 7}, "image_size=7, need >= 8"),
     ({"resize": "cubic"}, "Unknown resize mode 'cubic'; known: antialias,")],
)  # fmt: skip
def test_size_and_mode_are_checked_before_anything_is_read(name, wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        loading.load(name, "train", data_dir="nowhere", **wrong)


def test_a_data_set_s_own_way_of_resizing_has_a_name():
    own, named, other = (
        loading.load("digits", "test", image_size=12, **given).images
        for given in ({}, {"resize": "published"}, {"resize": "enlarge"})
    )
    np.testing.assert_array_equal(own, named)
    assert (own != other).any()


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [("digits", "area", "the images have 8 pixels"),
     ("folder", "published", "Unknown resize mode 'published'"),
     ("synthetic", "area", "there is nothing to resize in")],
)  # fmt: skip
def test_no_way_of_resizing_is_taken_and_left_unused(name, mode, words):
    with pytest.raises(errors.UsageError, match=words):
        loading.load(name, "train", data_dir="nowhere", resize=mode)


def test_a_name_alone_is_loaded():
    expected = data.load(DataConfig(dataset="digits"), "test")
    found = data.load("digits", "test")
    np.testing.assert_array_equal(found.images, expected.images)
    with pytest.raises(errors.UsageError, match="need a DataConfig, not 3"):
        data.load(3, "test")
