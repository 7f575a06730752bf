"""Filters by which networks bring images to the size that they take."""

import functools
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors

# Up to this side, products with two small matrices are faster than the filter.
_SMALL = 128

_bicubic = functools.partial(tf.image.resize, method="bicubic", antialias=True)


def bicubic_antialias(images: tf.Tensor, size: Sequence[int]) -> tf.Tensor:
    """`tf.image.resize` with antialiasing, by matrices where images are small.

    The filter is linear, and a filter of rows after one of columns: R X C for
    each channel X.

    Args:
      images: float32 [n, h, w, c].
      size: height and width of the result.
    """
    height, width, channels = images.shape[1:]
    if None in (height, width, channels) or max(height, width) > _SMALL:
        return _bicubic(images, size)
    rows = _matrix(height, size[0])
    # Channels stay beside each other, which spares two transpositions.
    columns = np.kron(_matrix(width, size[1]).T, np.eye(channels, dtype="f4"))
    flat = tf.reshape(images, [-1, width * channels])
    wide = tf.reshape(flat @ columns, [-1, height, size[1] * channels])
    return tf.reshape(tf.matmul(rows, wide), [-1, *size, channels])


@functools.lru_cache
def _matrix(before: int, after: int) -> np.ndarray:
    """What the filter does to a column of `before` pixels: [after, before]."""
    with tf.init_scope():
        columns = tf.eye(before)[None, :, :, None]
        return _bicubic(columns, [after, before]).numpy()[0, :, :, 0]


# float32 images [n, h, w, c] and (height, width) -> [n, height, width, c]. They
# differ most where small images are enlarged or large ones shrunk, and so do
# the scores.
RESIZES: dict[str, Callable[..., tf.Tensor]] = {
    # TensorFlow 1's bilinear filter: corner of pixel to corner of pixel, not
    # antialiased. That of the 2015 Inception graph, and of published scores.
    "tf1": lambda images, size: tf.compat.v1.image.resize_bilinear(
        images, size, align_corners=False, half_pixel_centers=False
    ),
    "bilinear": tf.image.resize,
    "antialias": functools.partial(tf.image.resize, antialias=True),
    "bicubic_antialias": bicubic_antialias,
    # The same, cut off where it overshoots: that of clean-fid 0.1.35.
    "bicubic_clipped": bicubic_antialias,
}
_CLIPPED = ("bicubic_clipped",)


def of_range(
    name: str, low: float, high: float
) -> Callable[[tf.Tensor, Sequence[int]], tf.Tensor]:
    """A filter of `RESIZES`, for images with numbers from low to high.

    Raises:
      UsageError: for an unknown name.
    """
    resize = errors.pick(RESIZES, name, "resize")
    if name not in _CLIPPED:
        return resize

    def clipped(images: tf.Tensor, size: Sequence[int]) -> tf.Tensor:
        return tf.clip_by_value(resize(images, size), low, high)

    return clipped
