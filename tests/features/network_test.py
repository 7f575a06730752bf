"""The borders of a network: how pixels enter, what may come out."""

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features.network import Network

SHAPE = (4, 4, 3)


def network(run, image_shape=(None, None, 3), **settings):
    return Network("net", "0" * 64, run, image_shape, **settings)


def flat(pixels):
    return tf.reshape(pixels, [tf.shape(pixels)[0], -1]), None


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(5, *SHAPE), dtype=np.uint8)


def test_integers_are_levels(images):
    def run(pixels):
        assert pixels.dtype == tf.uint8
        return flat(pixels)

    extractor = network(run, dtype=tf.uint8)
    np.testing.assert_array_equal(
        extractor(images).features, images.reshape(5, -1)
    )
    assert extractor.identifier.endswith("-levels")
    with pytest.raises(errors.UsageError, match=r"range=unit: net.*uint8"):
        network(run, dtype=tf.uint8, value_range="unit")


def test_integers_are_the_nearest_ones():
    row = np.array([[[[10], [11]], [[11], [11]]]], np.uint8)  # mean 10.75
    extractor = network(flat, (1, 1, 1), dtype=tf.int32)
    np.testing.assert_array_equal(extractor(row).features, [[11.0]])


def test_pixels_have_the_type_of_the_network(images):
    def run(pixels):
        assert pixels.dtype == tf.float64
        return flat(pixels)

    np.testing.assert_allclose(
        network(run, dtype=tf.float64)(images).features,
        images.reshape(5, -1) / 127.5 - 1.0,
        atol=1e-6,
    )


def test_images_with_opacity_are_seen_over_white(rng):
    images = rng.integers(0, 256, size=(5, 4, 4, 4), dtype=np.uint8)
    extractor = network(flat, dtype=tf.uint8)
    extractor.check((4, 4, 4))
    share = images[..., 3:] / 255.0
    white = images[..., :3] * share + 255.0 * (1.0 - share)
    found = extractor(images).features.reshape(5, 4, 4, 3)
    np.testing.assert_allclose(found, white, atol=1.0)
    assert extractor.told((4, 4, 4)).endswith("laid over white")
    with pytest.raises(errors.UsageError, match="these have 4"):
        network(flat, (None, None, 1)).check((4, 4, 4))


def centred(pixels):
    """As batch normalisation does in training."""
    return flat(pixels - tf.reduce_mean(pixels, axis=0))


def of_rows(pixels):
    """[h, n, w c]: its first axis is none of images."""
    return tf.transpose(pixels, [1, 0, 2, 3]), None


def of_batch(pixels):
    return tf.reduce_mean(pixels, axis=0), None


def random(pixels):
    """As dropout in training."""
    return flat(pixels * tf.random.uniform(tf.shape(pixels)))


@pytest.mark.parametrize("run", [centred, of_rows, of_batch, random])
def test_features_of_an_image_are_its_own(run):
    with pytest.raises(errors.DataError, match=r"beside it|no images of shape"):
        network(run).check(SHAPE)


def test_rows_of_an_image_may_stand_apart():
    """[n h, w c], as one row of n: all numbers of an image are together."""
    network(lambda x: (tf.reshape(x, [-1, 12]), None)).check(SHAPE)


def test_what_gives_one_number_is_refused():
    with pytest.raises(errors.DataError, match="gives a single value"):
        network(lambda x: (tf.reduce_mean(x), None)).check(SHAPE)


def test_logits_may_have_axes_of_one(images):
    def run(pixels):
        pooled = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
        return pooled, pooled

    extractor = network(run, classifies=True)
    extractor.check(SHAPE)
    found = extractor(images)
    np.testing.assert_allclose(
        found.probabilities,
        scipy.special.softmax(found.features, axis=1),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    "logits, error, words",
    [
        (lambda x: x, errors.DataError, "no images of shape"),
        (lambda x: x[:, 0, 0, :1], errors.UsageError, "of one class"),
    ],
)
def test_logits_are_one_row_of_classes(logits, error, words):
    extractor = network(lambda x: (x, logits(x)), classifies=True)
    with pytest.raises(error, match=words):
        extractor.check(SHAPE)


def test_grey_images_are_not_repeated_for_other_than_colours():
    extractor = network(flat, (None, None, 4))
    with pytest.raises(errors.UsageError, match=r"4 channel.*have 1"):
        extractor.check((4, 4, 1))
