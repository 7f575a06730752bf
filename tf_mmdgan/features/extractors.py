"""Feature extractors: what scores compare images by."""

import abc
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan import images as image_borders
from tf_mmdgan.features import frozen


class Extracted(NamedTuple):
    """What an extractor finds in n images.

    Attributes:
      features: float32 [n, d].
      probabilities: of classes, float32 [n, k]; None from what is no
        classifier.
    """

    features: np.ndarray
    probabilities: np.ndarray | None = None


class FeatureExtractor(abc.ABC):
    """Images uint8 [n, h, w, c] -> features, and maybe class probabilities.

        class MeanColour(FeatureExtractor):
            name = identifier = "mean_colour"

            def __call__(self, images):
                return Extracted(images.mean(axis=(1, 2)))

    Attributes:
      name: as users choose it.
      identifier: says all that the features depend on, weights by their
        SHA-256: equal identifiers mean equal features, so that they are keys
        of caches and names in reports.
      classifies: whether there are probabilities.
      slow: whether what it finds is worth keeping in a file.
    """

    name: str
    identifier: str
    classifies: bool = False
    slow: bool = False

    def check(self, image_shape: tuple[int, ...]) -> None:  # noqa: B027
        """Raises UsageError if it takes no images of shape [h, w, c]."""

    @abc.abstractmethod
    def __call__(self, images: np.ndarray) -> Extracted:
        """What is found in uint8 images [n, h, w, c]."""

    def frozen(self) -> frozen.Matched:
        """The same as a function that a generator can be trained through.

        Raises:
          UsageError: if there is none.
        """
        raise errors.UsageError(
            f"The extractor {self.name} cannot be differentiated: it serves "
            "for scores, not for --matched_features."
        )


class Pixels(FeatureExtractor):
    """The pixels themselves, flattened, in [-1, 1]; matched, in [0, 1]."""

    name = "pixels"
    identifier = "pixels"

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features [n, h * w * c] of uint8 images [n, h, w, c]."""
        scaled = image_borders.from_uint8(images).numpy()
        return Extracted(scaled.reshape(len(images), -1))

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

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features [n, 16 * 16 * c at most] of uint8 images [n, h, w, c]."""
        scaled = image_borders.from_uint8(images)
        size = [min(16, side) for side in images.shape[1:3]]
        small = tf.image.resize(scaled, size, antialias=True).numpy()
        return Extracted(small.reshape(len(images), -1))


def extract(
    extractor: FeatureExtractor,
    images: np.ndarray | Iterable[np.ndarray],
    batch_size: int = 500,
) -> Extracted:
    """What is found in images, in one array or in batches; in float32.

    Args:
      extractor: what computes them.
      images: uint8, [n, h, w, c]; or an iterable of such arrays, of any
        sizes, of which no more than `batch_size` images beyond the current
        one are held.
      batch_size: images given to the extractor at a time. The batches that
        `images` came in do not change the result.

    Raises:
      DataError: for no images, or images that are not uint8 [n, h, w, c].
    """
    if batch_size < 1:
        raise errors.UsageError(f"batch_size={batch_size}: need >= 1.")
    batches = [images] if isinstance(images, np.ndarray) else images
    parts = [
        extractor(batch)
        for batch in _rebatch(map(_checked, batches), batch_size)
    ]
    if not parts:
        raise errors.DataError("There are no images to extract features from.")
    features, probabilities = zip(*parts, strict=True)
    return Extracted(
        np.concatenate(features).astype(np.float32, copy=False),
        np.concatenate(probabilities) if extractor.classifies else None,
    )


def _checked(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8:
        raise errors.DataError(
            f"images are {images.dtype} of shape {images.shape}: need uint8 "
            "images of shape [n, h, w, c]."
        )
    return images


def _rebatch(
    batches: Iterable[np.ndarray], batch_size: int
) -> Iterator[np.ndarray]:
    """The same images in batches of exactly `batch_size`, but for the last."""
    waiting: list[np.ndarray] = []
    count = 0
    for batch in batches:
        while len(batch):
            part, batch = np.split(batch, [batch_size - count])
            waiting.append(part)
            count += len(part)
            if count == batch_size:
                yield np.concatenate(waiting)
                waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)
