"""Feature extractors: what scores compare images by."""

import functools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan import images as image_borders
from tf_mmdgan.evaluation import lenet

_WEIGHTS = pathlib.Path(__file__).parent / "weights"


class FeatureExtractor(Protocol):
    """Images uint8 [n, h, w, c] -> features float32 [n, feature_width].

    One that is a classifier too has `classify`, from features [n, d] to
    probabilities [n, k] of its classes.
    """

    name: str
    # The name and, where there are weights, the start of their SHA-256: equal
    # identifiers mean equal features, so they key caches and reports.
    identifier: str
    feature_width: int | None  # None: as wide as the image

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features [n, feature_width] of uint8 images [n, h, w, c]."""


class Pixels:
    """The pixels themselves, flattened, in [-1, 1]."""

    name = "pixels"
    identifier = "pixels"
    feature_width = None

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features [n, h * w * c] of uint8 images [n, h, w, c]."""
        return image_borders.from_uint8(images).numpy().reshape(len(images), -1)


class LeNet:
    """Activations of a LeNet's last hidden layer, after its ReLU.

    Images of another size than the network was trained on are resized to it by
    antialiased bilinear interpolation (`tf.image.resize`), in float32 and
    without rounding; the aspect ratio is not kept.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        """Reads the weights that `tools/train_lenet.py` wrote.

        Raises:
          DataError: for a file that is missing, damaged or something else.
        """
        model, metadata = lenet.load(path)
        digest = metadata["sha256"][:12]
        self.name = pathlib.Path(path).stem
        self.identifier = f"{self.name}-{digest}"
        self._features = keras.Model(
            model.inputs, model.get_layer(lenet.FEATURES).output
        )
        self.feature_width = self._features.output_shape[-1]
        self._logits = model.get_layer(lenet.LOGITS)
        self._image_shape = model.input_shape[1:]

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features [n, feature_width] of uint8 images [n, h, w, c].

        Raises:
          UsageError: for another number of channels than the network takes.
        """
        channels = self._image_shape[-1]
        if images.shape[-1] != channels:
            raise errors.UsageError(
                f"The extractor {self.name} takes images of {channels} "
                f"channel(s), these have {images.shape[-1]}: choose another "
                "extractor, or train one with tools/train_lenet.py."
            )
        return self._run(tf.constant(images)).numpy()

    def classify(self, features: np.ndarray) -> np.ndarray:
        """Class probabilities [n, k] of features [n, feature_width]."""
        return keras.ops.softmax(self._logits(features)).numpy()

    @functools.cached_property
    def _run(self) -> Callable[[tf.Tensor], tf.Tensor]:
        @tf.function(reduce_retracing=True)
        def run(images: tf.Tensor) -> tf.Tensor:
            scaled = image_borders.from_uint8(images)
            size = self._image_shape[:2]
            if tuple(images.shape[1:3]) != size:
                scaled = tf.image.resize(scaled, size, antialias=True)
            return self._features(scaled, training=False)

        return run


def get_extractor(name_or_path: str) -> FeatureExtractor:
    """An extractor by its name, or a LeNet by the path of its weights (.npz).

    Raises:
      UsageError: for an unknown name.
      DataError: for weights that are missing, damaged or something else.
    """
    if name_or_path.endswith(".npz"):
        return LeNet(name_or_path)
    return errors.pick(EXTRACTORS, name_or_path, "extractor")()


def extract(
    extractor: FeatureExtractor,
    images: np.ndarray | Iterable[np.ndarray],
    batch_size: int = 500,
) -> np.ndarray:
    """Features float32 [n, d] of images in one array or in batches.

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
    features = [
        np.asarray(extractor(batch), np.float32)
        for batch in _rebatch(map(_checked, batches), batch_size)
    ]
    if not features:
        raise errors.DataError("There are no images to extract features from.")
    return np.concatenate(features)


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


EXTRACTORS: dict[str, Callable[[], FeatureExtractor]] = {
    "pixels": Pixels,
    "lenet_digits": lambda: LeNet(_WEIGHTS / "lenet_digits.npz"),
    "lenet_fashion_mnist": lambda: LeNet(_WEIGHTS / "lenet_fashion_mnist.npz"),
}
