"""Feature extractors: what scores compare images by."""

import functools
import inspect
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan import images as image_borders
from tf_mmdgan.features import lenet, saved_networks
from tf_mmdgan.features.network import Extracted, Network

_WEIGHTS = pathlib.Path(__file__).parent / "weights"
# LeNets of the package, by name: files of tools/train_lenet.py.
LENETS = {
    name: _WEIGHTS / f"{name}.npz"
    for name in ("lenet_digits", "lenet_fashion_mnist")
}


class FeatureExtractor(Protocol):
    """Images uint8 [n, h, w, c] -> features, and maybe class probabilities."""

    name: str
    # Says all that the features depend on, weights by their SHA-256: equal
    # identifiers mean equal features, so they key caches and reports.
    identifier: str
    classifies: bool  # whether there are probabilities
    slow: bool  # whether what it finds is worth keeping in a file

    def check(self, image_shape: tuple[int, ...]) -> None:
        """Raises UsageError if it takes no images of shape [h, w, c]."""

    def __call__(self, images: np.ndarray) -> Extracted:
        """What is found in uint8 images [n, h, w, c]."""


class Pixels:
    """The pixels themselves, flattened, in [-1, 1]."""

    name = "pixels"
    identifier = "pixels"
    classifies = False
    slow = False

    def check(self, image_shape: tuple[int, ...]) -> None:
        """See `FeatureExtractor.check`: images of all shapes are taken."""

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features [n, h * w * c] of uint8 images [n, h, w, c]."""
        scaled = image_borders.from_uint8(images).numpy()
        return Extracted(scaled.reshape(len(images), -1))


class Thumbnails:
    """The pixels of images reduced to 16 x 16 at most, flattened, in [-1, 1].

    For pictures of any kind and size, where no network is at hand. Antialiased
    bilinear interpolation (`tf.image.resize`), in float32.
    """

    name = "thumbnails"
    identifier = "thumbnails-16"
    classifies = False
    slow = False

    def check(self, image_shape: tuple[int, ...]) -> None:
        """See `FeatureExtractor.check`: images of all shapes are taken."""

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features [n, 16 * 16 * c at most] of uint8 images [n, h, w, c]."""
        scaled = image_borders.from_uint8(images)
        size = [min(16, side) for side in images.shape[1:3]]
        small = tf.image.resize(scaled, size, antialias=True).numpy()
        return Extracted(small.reshape(len(images), -1))


def _lenet(path: str | os.PathLike[str]) -> Network:
    """Last hidden layer, after its ReLU, and classes of a LeNet.

    Args:
      path: weights that `tools/train_lenet.py` wrote.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    model, metadata = lenet.load(path)
    layers = (lenet.FEATURES, lenet.LOGITS)
    network = keras.Model(
        model.inputs, [model.get_layer(name).output for name in layers]
    )
    return Network(
        pathlib.Path(path).stem,
        metadata["sha256"],
        functools.partial(network, training=False),
        model.input_shape[1:],
        classifies=True,
        slow=False,
    )


def _packaged(name: str) -> Network:
    return _lenet(LENETS[name])


def get_extractor(text: str) -> FeatureExtractor:
    """An extractor: NAME, NAME:PATH, NAME:PATH,setting=value,... or FILE.npz.

    The settings are the arguments of what `EXTRACTORS` has under the name; a
    file of its own holds the weights of a LeNet.

    Raises:
      UsageError: for an unknown name or setting.
      DataError: for weights that are missing, damaged or something else.
    """
    if text.endswith(".npz") and ":" not in text:
        return _lenet(text)
    head, *given = text.split(",")
    name, _, path = head.partition(":")
    make = errors.pick(EXTRACTORS, name, "extractor")
    known = dict(inspect.signature(make).parameters)
    settings = {"path": path} if path else {}
    for setting in given:
        key, _, value = setting.partition("=")
        errors.pick(known, key, f"setting of the extractor {name}")
        settings[key] = int(value) if value.isdecimal() else value
    if settings.keys() - known.keys():
        raise errors.UsageError(f"The extractor {name} takes no path.")
    return make(**settings)


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


EXTRACTORS: dict[str, Callable[..., FeatureExtractor]] = {
    "pixels": Pixels,
    "thumbnails": Thumbnails,
    **{n: functools.partial(_packaged, n) for n in LENETS},
    "inception": saved_networks.inception,
    "keras_inception": saved_networks.keras_inception,
    "saved_model": saved_networks.saved_model,
    "keras": saved_networks.keras_model,
}
