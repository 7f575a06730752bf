"""Batches in which some classes have as many images each."""

import itertools

import numpy as np
import pytest

from tf_mmdgan import data, errors

COUNTS = (5, 7, 6, 9)


def images():
    """Images whose one pixel is their number, of four classes by turns."""
    labels = np.repeat(np.arange(len(COUNTS)), COUNTS)
    labels = np.random.default_rng(0).permutation(labels)
    pixels = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1)
    return data.ImageSet(pixels, labels, len(COUNTS))


def take(count, start=0, **changes):
    """Numbers of the images, and labels, of some batches."""
    settings = {"classes": 2, "per_class": 3, "seed": 5, **changes}
    batches = data.grouped_batches(images(), start=start, **settings)
    return [
        (np.rint((x.numpy().ravel() + 1.0) * 127.5).astype(int), y.numpy())
        for x, y in itertools.islice(batches, count)
    ]


def test_classes_follow_each_other_with_as_many_images_of_each():
    labels = images().labels
    for numbers, given in take(6):
        np.testing.assert_array_equal(given, labels[numbers])
        apart = given.reshape(2, 3)
        assert (apart == apart[:, :1]).all()
        assert apart[0, 0] != apart[1, 0]


def test_all_classes_take_turns_in_an_order_of_chance():
    drawn = np.array([given[::3] for _, given in take(40)]).reshape(20, 4)
    np.testing.assert_array_equal(
        np.sort(drawn, axis=1), np.tile(np.arange(4), (20, 1))
    )
    assert len({tuple(order) for order in drawn}) > 5


def test_every_image_of_a_class_once_in_a_pass():
    batches = take(60)
    numbers, labels = (
        np.concatenate(part) for part in zip(*batches, strict=True)
    )
    for label, count in enumerate(COUNTS):
        stream = numbers[labels == label]
        passes = stream[: len(stream) // count * count].reshape(-1, count)
        own = np.flatnonzero(images().labels == label)
        np.testing.assert_array_equal(
            np.sort(passes, axis=1), np.tile(own, (len(passes), 1))
        )
        assert len({tuple(order) for order in passes}) > 1


def test_a_batch_depends_on_seed_and_number_alone():
    whole = take(12)
    for start in (1, 2, 5, 11):
        for one, other in zip(
            whole[start:], take(12 - start, start), strict=True
        ):
            np.testing.assert_array_equal(one[0], other[0])
    assert any(
        (a[0] != b[0]).any()
        for a, b in zip(whole, take(12, seed=6), strict=True)
    )


def test_a_worker_makes_its_rows_of_the_same_batches():
    parts = [take(4, rows=slice(first, first + 3)) for first in (0, 3)]
    for whole, one, other in zip(take(4), *parts, strict=True):
        np.testing.assert_array_equal(
            whole[0], np.concatenate([one[0], other[0]])
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"classes": 3}, "divides the 4 classes"),
     ({"classes": 0}, "classes=0"),
     ({"per_class": 6}, "6 images of each class .* smallest class has 5"),
     ({"start": -1}, "start=-1")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(changes, words):
    with pytest.raises(errors.UsageError, match=words):
        take(1, **changes)


def test_classes_need_labels():
    plain = data.ImageSet(np.zeros((4, 1, 1, 1), np.uint8))
    with pytest.raises(errors.UsageError, match="need images with labels"):
        data.grouped_batches(plain, 1, 1, seed=0)
