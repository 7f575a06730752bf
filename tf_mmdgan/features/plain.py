"""Extractors without a network: of rows, and of small images."""

import numpy as np
import tensorflow as tf

from tf_mmdgan import images as image_borders
from tf_mmdgan.features import frozen
from tf_mmdgan.features.extractors import Extracted, FeatureExtractor


class Columns(FeatureExtractor):
    """The standardised columns of a table, as they are."""

    name = identifier = "columns"
    of_rows = True

    def check(self, image_shape: tuple[int, ...]) -> None:
        """Takes rows of any width, each by itself."""

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features [n, d] of rows float32 [n, d]."""
        return Extracted(images)

    def frozen(self) -> frozen.Matched:
        """See `FeatureExtractor.frozen`."""
        return frozen.pixels


class Thumbnails(FeatureExtractor):
    """The pixels of images reduced to 16 x 16 at most, flattened, in [-1, 1].

    For pictures of any kind and size, where no network is at hand. Antialiased
    bilinear interpolation (`tf.image.resize`), in float32.
    """

    name = "thumbnails"
    identifier = "thumbnails-16"

    def told(self, image_shape: tuple[int, ...]) -> str:
        """See `FeatureExtractor.told`."""
        height, width = (min(16, side) for side in image_shape[:2])
        return f"resized whole to {height} x {width} by antialias"

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features [n, 16 * 16 * c at most] of uint8 images [n, h, w, c]."""
        scaled = image_borders.from_uint8(images)
        size = [min(16, side) for side in images.shape[1:3]]
        small = tf.image.resize(scaled, size, antialias=True).numpy()
        return Extracted(small.reshape(len(images), -1))
