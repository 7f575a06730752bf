import hashlib

import numpy as np
import sklearn.datasets
from loading import load

from tf_mmdgan.data.sets import digits


def test_split_is_fixed_and_stratified():
    labels = sklearn.datasets.load_digits().target
    held_out = digits.test_indices(labels)
    assert len(set(held_out.tolist())) == len(held_out) == 500
    counts = np.bincount(labels[held_out], minlength=10)
    np.testing.assert_array_less(
        np.abs(counts - np.bincount(labels) * 500 / 1797), 1.0
    )
    # Spread over the file, whose end is by other writers.
    assert abs(held_out.mean() - 1796 / 2) < 3 * 1797 / np.sqrt(12 * 500)
    digest = hashlib.sha256(held_out.astype("<i8").tobytes()).hexdigest()
    assert digest.startswith("ae66c1d6bd1ecfdf")


def test_shares_are_rounded_by_largest_remainder():
    labels = np.repeat([3, 5, 9], [5, 3, 2])  # shares of 4: 2, 1.2, 0.8
    held_out = digits.test_indices(labels, num_test=4)
    assert np.bincount(labels[held_out])[[3, 5, 9]].tolist() == [2, 1, 1]


def test_train_and_test_share_no_image_and_hold_all():
    bunch = sklearn.datasets.load_digits()
    train = load("digits", "train", image_size=8)
    test = load("digits", "test", image_size=8)
    assert (len(train.images), len(test.images)) == (1297, 500)
    together = np.concatenate([train.images, test.images])
    expected = np.rint(bunch.images * 255 / 16).astype(np.uint8)
    assert sorted(image.tobytes() for image in together) == sorted(
        image.tobytes() for image in expected
    )


def test_pixels_and_labels_are_those_of_the_file():
    bunch = sklearn.datasets.load_digits()
    held_out = digits.test_indices(bunch.target)
    test = load("digits", "test", image_size=8)
    np.testing.assert_array_equal(test.labels, bunch.target[held_out])
    level = {0: 0, 1: 16, 4: 64, 8: 128, 15: 239, 16: 255}
    for before, after in level.items():
        chosen = test.images[..., 0][bunch.images[held_out] == before]
        assert set(chosen.tolist()) == {after}


def test_enlarged_digits_keep_their_mean_and_their_black_border():
    small = load("digits", "test", image_size=8).images
    for size in (16, 32):
        large = load("digits", "test", image_size=size).images
        assert large.shape == (500, size, size, 1)
        np.testing.assert_allclose(
            large.mean(axis=(1, 2, 3)), small.mean(axis=(1, 2, 3)), atol=8
        )
        assert large.max() == 255 and np.median(large) < 64
