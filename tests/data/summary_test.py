import numpy as np
import pytest

from tf_mmdgan.data import ImageSet, summary


def test_numbers_of_a_split(rng):
    images = rng.integers(3, 200, (2500, 4, 4, 3)).astype(np.uint8)
    images[1030] = 7
    images[2400, 0, 0, 0] = 254
    labels = np.arange(2500) % 3
    found = summary.summary(ImageSet(images, labels, 4))
    assert found == {
        "count": 2500,
        "image_shape": [4, 4, 3],
        "minimum": 3,
        "maximum": 254,
        "mean": round(float(images.mean()), 3),
        "constant_images": 1,
        "class_counts": [834, 833, 833, 0],
    }
    assert summary.summary(ImageSet(images))["class_counts"] is None


GOOD = {
    "count": 2000, "image_shape": [4, 4, 1], "minimum": 0, "maximum": 255,
    "mean": 100.0, "constant_images": 1, "class_counts": [1000, 1000],
}  # fmt: skip


def test_nothing_is_wrong_with_good_data():
    assert summary.faults(GOOD) == []
    assert summary.faults(GOOD, 2000) == []
    assert summary.faults(GOOD | {"class_counts": None}) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": 1999}, "1,999 images instead of 2,000"),
        ({"maximum": 1}, "levels from 0 to 1 only, of 0 to 255"),
        ({"constant_images": 3}, "3 images of one level"),
        ({"class_counts": [0, 2000, 0]}, "no image of class 0, 2"),
    ],
)
def test_faults_are_told(changes, words):
    assert summary.faults(GOOD | changes, 2000) == [words]
