import numpy as np
import pytest
from loading import load

from tf_mmdgan import data, errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data.sets import synthetic

READING = ReadConfig()


def test_counts_classes_and_range():
    train, test = (load("synthetic", split) for split in data.SPLITS)
    assert train.images.shape == (1024, 32, 32, 3)
    assert test.images.shape == (256, 32, 32, 3)
    assert train.labels[:12].tolist() == [*range(10), 0, 1]
    assert train.images.min() < 40 and train.images.max() == 255
    distinct = {image.tobytes() for image in train.images}
    distinct |= {image.tobytes() for image in test.images}
    assert len(distinct) == 1280


def test_is_a_function_of_the_seed():
    first = synthetic.load("test", 8, READING).images
    again = synthetic.load("test", 8, READING).images
    np.testing.assert_array_equal(first, again)
    assert (first != synthetic.load("test", 8, READING, seed=1).images).any()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_middle_has_the_colour_of_the_class(channels):
    loaded = synthetic.load(
        "test", 64, READING, channels=channels, num_classes=3
    )
    middle = loaded.images[:, 22:42, 22:42].reshape(256, -1, channels)
    for label in range(3):
        turns = 0.5 * label / 3 + np.arange(channels) / channels
        colour = np.rint(255 * (0.6 + 0.4 * np.cos(2 * np.pi * turns)))
        hits = (middle == colour.astype(np.uint8)).all(axis=2).any(axis=1)
        np.testing.assert_array_equal(hits[loaded.labels == label], True)


def test_is_the_same_picture_at_every_size():
    small = load("synthetic", "test", image_size=16).images.astype(float)
    large = load("synthetic", "test", image_size=64).images.astype(float)
    shrunk = large.reshape(256, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    assert np.abs(shrunk - small).mean() < 3.0


@pytest.mark.parametrize(
    "wrong",
    [{"channels": 0}, {"num_classes": 0}, {"seed": -1}],
)
def test_refuses_what_cannot_be_drawn(wrong):
    with pytest.raises(errors.UsageError, match="need >="):
        synthetic.load("train", 8, READING, **wrong)
    with pytest.raises(errors.UsageError, match="image_size=7, need >="):
        load("synthetic", "train", image_size=7)
