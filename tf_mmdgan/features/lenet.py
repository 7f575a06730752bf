"""A LeNet classifier, whose last hidden layer gives features for scoring.

Source: LeCun et al. 1998, here with ReLU, max pooling and dropout; Binkowski
et al. 2018, section 4, score MNIST samples by the features of such a network.
"""

import os
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from tf_mmdgan import errors, keras_settings
from tf_mmdgan import images as image_borders
from tf_mmdgan.features import archives

# Names of the last two layers.
FEATURES = "features"
LOGITS = "logits"
_SIZES = ("image_shape", "num_classes", "width")  # in it


def build(
    image_shape: tuple[int, int, int],
    num_classes: int,
    width: int = 16,
    seed: int = 0,
) -> keras.Model:
    """Images [b, h, w, c] in [-1, 1] -> logits [b, num_classes].

    Two 5 x 5 convolutions of `width` and 2 `width` channels, each followed by
    2 x 2 max pooling, then 4 `width` ReLU features and the logits.

    Raises:
      UsageError: for images below 4 x 4, and for numbers below 1.
    """
    check(image_shape, num_classes, width)
    keras_settings.check()
    settings = {
        "kernel_initializer": keras.initializers.HeNormal(
            keras.random.SeedGenerator(seed)
        ),
        # Whatever the global policy is: scores must not depend on it.
        "dtype": "float32",
    }
    convolution = {"padding": "same", "activation": "relu", **settings}
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="float32"),
            keras.layers.Conv2D(width, 5, name="conv_1", **convolution),
            keras.layers.MaxPooling2D(dtype="float32"),
            keras.layers.Conv2D(2 * width, 5, name="conv_2", **convolution),
            keras.layers.MaxPooling2D(dtype="float32"),
            keras.layers.Flatten(dtype="float32"),
            keras.layers.Dense(
                4 * width, activation="relu", name=FEATURES, **settings
            ),
            keras.layers.Dropout(0.5, seed=seed, dtype="float32"),
            keras.layers.Dense(num_classes, name=LOGITS, **settings),
        ],
        name="lenet",
    )


def check(
    image_shape: tuple[int, ...], num_classes: int, width: int = 16
) -> None:
    """Refuses what there is no LeNet for; raises as `build`."""
    if min(image_shape[:2]) < 4 or min(image_shape[2], num_classes, width) < 1:
        raise errors.UsageError(
            f"A LeNet of width {width} for {num_classes} classes of images of "
            f"shape {tuple(image_shape)}: need at least 4 x 4 pixels, one "
            "channel, one class and width 1."
        )


def train(
    images: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    seed: int = 0,
    epochs: int = 40,
    width: int = 16,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    max_shift: int = 1,
) -> keras.Model:
    """A LeNet trained by Adam on the cross-entropy of the labels.

    The learning rate falls to zero along a cosine; each epoch sees every image
    once, moved by up to `max_shift` pixels each way.

    Args:
      images: uint8, [n, h, w, c].
      labels: integers in [0, num_classes), [n].
      num_classes: number of classes.
      seed: of the first weights, the order, the shifts and the dropout.
      epochs: passes over the images.
      width: channels of the first convolution.
      batch_size: images in a step.
      learning_rate: the first one.
      max_shift: in pixels; what moves in repeats the border.

    Raises:
      DataError: for other images or labels than these.
    """
    _check_labelled(images, labels, num_classes)
    model = build(images.shape[1:], num_classes, width, seed)
    steps = epochs * -(-len(images) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(images))
        moved = shift(images[order], max_shift, rng)
        model.fit(
            image_borders.from_uint8(moved),
            labels[order],
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
        )
    return model


def shift(
    images: np.ndarray, max_shift: int, rng: np.random.Generator
) -> np.ndarray:
    """Moves each image [h, w, c] of a batch by its own random offset.

    Down and right by whole pixels, uniform in -max_shift..max_shift; the
    border is repeated.
    """
    _, height, width, _ = images.shape
    margins = ((0, 0), (max_shift, max_shift), (max_shift, max_shift), (0, 0))
    padded = np.pad(images, margins, "edge")
    offsets = rng.integers(0, 2 * max_shift + 1, size=(len(images), 2))
    moved = np.empty_like(images)
    for top, left in np.ndindex(2 * max_shift + 1, 2 * max_shift + 1):
        chosen = (offsets == (top, left)).all(axis=1)
        moved[chosen] = padded[chosen, top : top + height, left : left + width]
    return moved


def accuracy(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    batch_size: int = 500,
) -> float:
    """Fraction, in [0, 1], of uint8 images [n, h, w, c] classified right.

    Raises:
      DataError: for other images or labels than these.
    """
    _check_labelled(images, labels, model.output_shape[-1])
    right = 0
    for start in range(0, len(images), batch_size):
        rows = slice(start, start + batch_size)
        logits = model(image_borders.from_uint8(images[rows]), training=False)
        right += int((np.argmax(logits, axis=1) == labels[rows]).sum())
    return right / len(images)


def _check_labelled(
    images: np.ndarray, labels: np.ndarray | None, num_classes: int
) -> None:
    if images.ndim != 4 or images.dtype != np.uint8 or not len(images):
        raise errors.DataError(
            f"images are {images.dtype} of shape {images.shape}: need uint8 "
            "images of shape [n, h, w, c]."
        )
    if labels is None or labels.shape != (len(images),):
        raise errors.DataError(
            f"{len(images)} images need one label each: a LeNet learns from "
            "labels, so choose a data set that has them."
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise errors.DataError(
            f"labels run from {labels.min()} to {labels.max()}: need "
            f"0 to {num_classes - 1}."
        )


def save(
    path: str | os.PathLike[str],
    model: keras.Model,
    metadata: Mapping[str, Any],
) -> None:
    """Writes the weights as float32, and the metadata as JSON, atomically.

    Image shape, number of classes, width and the SHA-256 of the weights are
    added to `metadata`, which otherwise holds what the caller knows: data set,
    seed, epochs, test accuracy, the command that made it.
    """
    sizes = {
        "image_shape": list(model.input_shape[1:]),
        "num_classes": model.output_shape[-1],
        "width": model.get_layer("conv_1").filters,
    }
    archives.save(path, model, dict(metadata) | sizes)


def load(path: str | os.PathLike[str]) -> archives.Loaded:
    """The LeNet that `save` wrote.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    return archives.load(path, "LeNet", "tf-mmdgan train_lenet", _built)


def _built(metadata: Mapping[str, Any], held: int) -> keras.Model:
    """The network that a file describes, which holds so many weights."""
    shape, classes, width = (metadata[name] for name in _SIZES)
    _check_sizes(shape, classes, width, held)
    return build(tuple(shape), classes, width)


def _check_sizes(shape: Any, num_classes: Any, width: Any, held: int) -> None:
    """Refuses a larger network than there are weights of.

    Raises:
      ValueError: for such sizes, or what are none.
    """
    sizes = [*shape, num_classes, width]
    if len(sizes) != 5 or not all(type(s) is int and s > 0 for s in sizes):
        raise ValueError(f"sizes {sizes}")
    height, breadth, channels, *_ = sizes
    pooled = (height // 4) * (breadth // 4) * 2 * width
    needed = (
        25 * channels * width
        + 50 * width * width
        + pooled * 4 * width
        + 4 * width * num_classes
    )
    if needed > held:
        raise ValueError(f"{needed:,} weights are needed, and {held:,} there")
