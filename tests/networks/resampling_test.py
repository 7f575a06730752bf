"""Twice and half the size by the filter 1, 3, 3, 1, against zeros and sums."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.networks import resampling

FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def filtered(x, before, after):
    """Of images [b, h, w, c], by sums over windows."""
    x = np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (4, 4), axis=(1, 2))
    return np.einsum("bhwcij,ij->bhwc", windows, FILTER)


def up(x):
    """The published form: zeros between pixels, and 4 times the filter."""
    count, height, width, channels = x.shape
    zeros = np.zeros((count, 2 * height, 2 * width, channels))
    zeros[:, ::2, ::2] = x
    return 4.0 * filtered(zeros, 2, 1)


def test_up_is_the_filter_on_zeros_between_pixels(rng):
    x = rng.normal(size=(2, 5, 4, 3))
    np.testing.assert_allclose(
        resampling.up(tf.constant(x), (10, 8)), up(x), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(
        resampling.up(tf.constant(x), (9, 7)), up(x)[:, :9, :7], rtol=1e-12,
        atol=1e-12,
    )  # fmt: skip


def test_up_keeps_constants_inside_and_quadruples_sums(rng):
    ones = resampling.up(tf.ones([1, 6, 6, 1]), (12, 12)).numpy()
    np.testing.assert_allclose(ones[:, 2:-2, 2:-2], 1.0)
    inside = np.pad(rng.normal(size=(1, 4, 4, 1)), [(0, 0), (1, 1)] * 2)
    inside = np.moveaxis(inside, 2, 0).reshape(1, 6, 6, -1)[..., :1]
    inside[:, [0, -1]] = inside[:, :, [0, -1]] = 0.0
    total = tf.reduce_sum(resampling.up(tf.constant(inside), (12, 12)))
    assert float(total) == pytest.approx(4.0 * inside.sum())


def test_blur_is_the_filter(rng):
    x = rng.normal(size=(2, 5, 6, 2))
    found = resampling.blur(tf.constant(x), 2, (1, 1), gain=4.0)
    np.testing.assert_allclose(found, 4.0 * filtered(x, 2, 1), rtol=1e-12)


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_blurred_convolutions_halve_every_size_rounded_up(kernel_size, rng):
    for height, width in ((8, 6), (7, 5), (28, 25)):
        x = rng.normal(size=(1, height, width, 1)).astype("float32")
        layer = resampling.Blur(kernel_size)
        y = layer(x)
        assert y.shape == layer.compute_output_shape(x.shape)
        kernel = np.zeros((kernel_size, kernel_size, 1, 1), np.float32)
        kernel[kernel_size // 2, kernel_size // 2] = 1.0
        halved = tf.nn.conv2d(y, kernel, 2, "VALID")
        half = -(-height // 2), -(-width // 2)
        assert halved.shape == (1, *half, 1)
        # The published form: the filter, and every second pixel.
        expected = filtered(x, 1, 2)[:, ::2, ::2][:, : half[0], : half[1]]
        np.testing.assert_allclose(halved, expected, atol=1e-6)


def test_what_is_blown_up_and_halved_loses_its_edges_alone():
    """Down after up is a low pass: smooth images stay, checks vanish."""
    grid = np.arange(8.0)
    smooth = np.tile(grid, (8, 1))[None, :, :, None]
    checks = (-1.0) ** (grid[:, None] + grid)[None, :, :, None]
    for image, kept in ((smooth, True), (checks, False)):
        grown = resampling.up(tf.constant(image), (16, 16))
        back = resampling.blur(grown, 1, (1, 1))[:, ::2, ::2].numpy()
        inside = back[:, 2:-2, 2:-2]
        if kept:
            np.testing.assert_allclose(inside, image[:, 2:-2, 2:-2], atol=1e-12)
        else:
            assert np.abs(inside).max() < 0.3
