import numpy as np
import pytest

from tf_mmdgan import data, errors

_IMAGES = np.zeros((3, 4, 5, 1), np.uint8)
_LABELS = np.array([0, 1, 1])
_NUMBERS = np.ones((3, 2), np.float32)


def test_image_shape_leaves_out_the_count():
    assert data.ImageSet(_IMAGES).image_shape == (4, 5, 1)
    assert data.ImageSet(_IMAGES, _LABELS, 2).image_shape == (4, 5, 1)


@pytest.mark.parametrize(
    ("images", "labels", "num_classes", "message"),
    [
        (_IMAGES.astype(np.float32), None, None, "float32"),
        (_IMAGES[..., 0], None, None, r"\[3, 4, 5\]"),
        (_IMAGES[:0], None, None, "no pixel"),
        (_IMAGES, _LABELS[:2], 2, r"\[2\].*\[3\]"),
        (_IMAGES, _LABELS.astype(np.int32), 2, "int32"),
        (_IMAGES, _LABELS, None, "together"),
        (_IMAGES, None, 2, "together"),
        (_IMAGES, _LABELS, 1, "from 0 to 1"),
        (_IMAGES, _LABELS - 1, 2, "from -1 to 0"),
        (_IMAGES, _NUMBERS, 2, r"\[3, 2\]; need .* and no number of classes"),
        (_IMAGES, _NUMBERS[:2], None, r"float32 \[2, 2\]; need \[3, k\]"),
        (_IMAGES, _NUMBERS[:, 0], None, r"float32 \[3\]"),
        (_IMAGES, _NUMBERS * 40, None, "root mean square of 40 in column 0"),
        (_IMAGES, _NUMBERS * np.nan, None, "NaN"),
    ],
)
def test_refuses_what_is_no_image_set(images, labels, num_classes, message):
    with pytest.raises(errors.DataError, match=message):
        data.ImageSet(images, labels, num_classes)


def test_labels_are_an_array():
    with pytest.raises(errors.UsageError, match="labels: need a ndarray"):
        data.ImageSet(_IMAGES, [0, 1, 1], 2)


def test_shares_of_classes():
    images = np.zeros((8, 2, 2, 1), np.uint8)
    labels = np.array([0, 0, 0, 2, 2, 0, 0, 0])
    unequal = data.ImageSet(images, labels, 3)
    np.testing.assert_array_equal(unequal.class_shares, [0.75, 0.0, 0.25])
    equal = data.ImageSet(images, np.arange(8) % 4, 4)
    assert equal.class_shares is None
    assert data.ImageSet(images).class_shares is None


def test_the_condition_is_what_labels_are():
    images = np.zeros((8, 2, 2, 1), np.uint8)
    assert data.ImageSet(images).condition is None
    labels = np.array([0, 0, 0, 1, 1, 0, 0, 0])
    classes = data.ImageSet(images, labels, 2, ("a", "b")).condition
    assert (classes.count, classes.names) == (2, ("a", "b"))
    np.testing.assert_array_equal(classes.law, [0.75, 0.25])
    rows = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
    numbers = data.ImageSet(images, rows).condition
    assert numbers.k == 3
    np.testing.assert_array_equal(numbers.law, rows)


def test_classes_without_an_image_are_named():
    images = np.zeros((3, 8, 8, 1), np.uint8)
    labels = np.array([1, 3, 1])
    numbered = data.ImageSet(images, labels, 5)
    assert numbered.empty_classes == ("0", "2", "4")
    with pytest.raises(errors.DataError, match=r"D has no .* classes 0, 2, 4"):
        data.check_classes(numbered, "D")
    names = ("a", "b", "c", "d")
    assert data.ImageSet(images, labels, 4, names).empty_classes == ("a", "c")
    data.check_classes(data.ImageSet(images), "D")
    data.check_classes(data.ImageSet(images, np.arange(3), 3), "D")
