import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import data, errors
from tf_mmdgan.data import augment


def numbered(n, height=16, width=24):
    """Images whose two channels spell the row and the column."""
    rows, columns = np.mgrid[:height, :width]
    one = np.stack([rows, columns], axis=-1).astype(np.uint8)
    return np.broadcast_to(one, (n, *one.shape)).copy()


def test_flip_mirrors_half_of_the_images():
    images = numbered(400)
    flipped = augment.flip(tf.constant(images), [1, 2]).numpy()
    mirrored = (flipped == images[:, :, ::-1]).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(flipped[~mirrored], images[~mirrored])
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / np.sqrt(400)
    assert flipped.dtype == np.uint8


def test_crop_is_that_of_the_image_padded_by_reflection():
    images = numbered(2000)
    cropped = augment.crop(tf.constant(images), [1, 2]).numpy()
    padded = np.pad(images[0], [(2, 2), (3, 3), (0, 0)], mode="reflect")
    crops = {
        padded[y : y + 16, x : x + 24].tobytes(): (y, x)
        for y in range(5)
        for x in range(7)
    }
    places = [crops[image.tobytes()] for image in cropped]
    counts = np.zeros((5, 7))
    np.add.at(counts, tuple(np.transpose(places)), 1)
    expected = 2000 / 35
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert abs(chi2 - 34) < 4 * np.sqrt(2 * 34)


def test_crop_leaves_tiny_images_alone():
    images = numbered(50, 7, 7)
    cropped = augment.crop(tf.constant(images), [0, 0])
    np.testing.assert_array_equal(cropped, images)


def test_dequantized_levels_are_uniform_within_their_bin():
    levels = np.arange(256, dtype=np.uint8)
    images = np.tile(levels, 64).reshape(1, 64, 256, 1)
    spread = augment.dequantize(tf.constant(images), [3, 4]).numpy()
    assert spread.dtype == np.float32
    assert spread.min() >= 0.0 and spread.max() <= 255.0
    unit = spread * (256.0 / 255.0) - images
    assert -1e-4 < unit.min() < 1e-3 and 1.0 - 1e-3 < unit.max() < 1.0 + 1e-4
    n = unit.size
    assert abs(unit.mean() - 0.5) < 4 * np.sqrt(1 / 12 / n)
    assert abs(unit.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / n)


@pytest.mark.parametrize("name", data.AUGMENTATIONS)
def test_is_a_function_of_the_seed(name):
    images = tf.constant(numbered(50))
    one, same, other = (
        data.AUGMENTATIONS[name](images, seed).numpy()
        for seed in ([5, 6], [5, 6], [5, 7])
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_is_applied_in_the_order_of_the_catalogue():
    parsed = data.Augmentation.parse(" dequantize,flip ")
    assert parsed == data.Augmentation(("dequantize", "flip"))
    images, seed = tf.constant(numbered(20)), tf.constant([1, 2])

    def key(stream):
        return tf.random.experimental.stateless_fold_in(seed, stream)

    expected = augment.dequantize(augment.flip(images, key(0)), key(2))
    np.testing.assert_array_equal(parsed(images, seed), expected)


def test_none_changes_nothing():
    images = tf.constant(numbered(2))
    assert data.Augmentation.parse("")(images, [1, 2]) is images


def test_unknown_name_lists_the_known():
    with pytest.raises(errors.UsageError, match="known: flip, crop, deq"):
        data.Augmentation.parse("flip,rotate")
