"""Filters of networks: the fast way has the values of the slow one."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tf_mmdgan.features import resizes


@pytest.mark.parametrize(
    "shape, size",
    [((20, 31, 3), (57, 40)), ((32, 32, 1), (9, 50)), ((200, 30, 3), (64, 64))],
    ids=["enlarged", "shrunk", "too large for matrices"],
)
def test_matrices_are_the_filter(rng, shape, size):
    images = tf.constant(rng.uniform(0, 255, size=(3, *shape)), tf.float32)
    expected = tf.image.resize(images, size, "bicubic", antialias=True)
    found = resizes.bicubic_antialias(images, size)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    known = tf.function(lambda x: resizes.bicubic_antialias(x, size))
    np.testing.assert_allclose(known(images), expected, atol=1e-3)


def test_levels_that_overshoot_are_cut_off_as_clean_fid_does(rng):
    levels = 255 * rng.integers(0, 2, size=(12, 10)).astype(np.float32)
    pillow = np.asarray(Image.fromarray(levels).resize((29, 31), Image.BICUBIC))
    assert pillow.max() > 260.0 and pillow.min() < -5.0
    for low, high in ((0.0, 255.0), (-1.0, 1.0)):
        scale = (high - low) / 255.0
        images = low + scale * levels[None, :, :, None]
        found = resizes.of_range("bicubic_clipped", low, high)(images, (31, 29))
        expected = low + scale * pillow.clip(0, 255)
        np.testing.assert_allclose(
            found[0, :, :, 0], expected, atol=2e-3 * scale
        )
    same = resizes.of_range("bicubic_antialias", 0.0, 255.0)
    assert same is resizes.bicubic_antialias


def test_the_filter_is_that_of_pillow(rng):
    levels = rng.uniform(0, 255, size=(24, 40)).astype(np.float32)
    found = resizes.bicubic_antialias(levels[None, :, :, None], (16, 90))
    pillow = Image.fromarray(levels).resize((90, 16), Image.BICUBIC)
    np.testing.assert_allclose(found[0, :, :, 0], pillow, atol=2e-3)
