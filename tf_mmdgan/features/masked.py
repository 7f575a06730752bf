"""A masked auto-encoder: features of images that nobody has labelled.

Patches of an image are hidden, and a network is trained to draw what was there
from what is left. Its encoder is then kept as features that a generator can be
trained on. He et al. 2022, "Masked autoencoders are scalable vision learners",
https://arxiv.org/abs/2111.06377; with convolutions, as for the features of Deng
et al. 2026, "Generative modeling via drifting", https://arxiv.org/abs/2602.04770.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, keras_settings
from tf_mmdgan import images as image_borders
from tf_mmdgan.features import archives

# Layers of the encoder: three maps, each half as high and wide, and the code.
MAPS = ("map_1", "map_2", "map_3")
CODE = "code"
LAYERS = (*MAPS, CODE)
# Channels of the maps and size of the code, in multiples of the width.
_MULTIPLES = (3, 6, 8)
_CODE_MULTIPLE = 8
_KERNEL = 3
_SIZES = ("image_shape", "width")  # in the metadata


def build(
    image_shape: tuple[int, int, int], width: int = 8, seed: int = 0
) -> keras.Model:
    """The encoder: images [b, h, w, c] in [-1, 1] -> codes [b, 8 width].

    Three 3 x 3 convolutions of stride 2 with 3, 6 and 8 `width` channels, each
    followed by a ReLU, then the code, linear.

    Raises:
      UsageError: for images below 8 x 8, and for numbers below 1.
    """
    if min(image_shape[:2]) < 8 or min(image_shape[2], width) < 1:
        raise errors.UsageError(
            f"A masked auto-encoder of width {width} for images of shape "
            f"{tuple(image_shape)}: need at least 8 x 8 pixels, one channel "
            "and width 1."
        )
    keras_settings.check()
    settings = _settings(seed)
    inputs = x = keras.Input(image_shape, dtype="float32")
    for name, multiple in zip(MAPS, _MULTIPLES, strict=True):
        x = keras.layers.Conv2D(
            multiple * width, _KERNEL, strides=2, padding="same",
            activation="relu", name=name, **settings,
        )(x)  # fmt: skip
    x = keras.layers.Flatten(dtype="float32")(x)
    code = keras.layers.Dense(_CODE_MULTIPLE * width, name=CODE, **settings)
    return keras.Model(inputs, code(x), name="masked_encoder")


def _decoder(
    encoder: keras.Model, image_shape: Sequence[int], seed: int
) -> keras.Model:
    """Codes -> images, by the same convolutions transposed."""
    settings = _settings(seed + 1)
    height, breadth, channels = encoder.get_layer(MAPS[-1]).output.shape[1:]
    inputs = keras.Input(encoder.output_shape[1:], dtype="float32")
    x = keras.layers.Dense(
        height * breadth * channels, activation="relu", **settings
    )(inputs)
    x = keras.layers.Reshape((height, breadth, channels), dtype="float32")(x)
    for name in reversed(MAPS[:-1]):
        x = keras.layers.Conv2DTranspose(
            encoder.get_layer(name).filters, _KERNEL, strides=2,
            padding="same", activation="relu", **settings,
        )(x)  # fmt: skip
    x = keras.layers.Conv2DTranspose(
        image_shape[2], _KERNEL, strides=2, padding="same",
        activation="tanh", **settings,
    )(x)  # fmt: skip
    # Halves of odd sizes are rounded up.
    x = x[:, : image_shape[0], : image_shape[1]]
    return keras.Model(inputs, x, name="masked_decoder")


def _settings(seed: int) -> dict[str, Any]:
    return {
        "kernel_initializer": keras.initializers.HeNormal(
            keras.random.SeedGenerator(seed)
        ),
        # Whatever the global policy is: features must not depend on it.
        "dtype": "float32",
    }


def masks(
    rng: np.random.Generator, count: int, image_shape: Sequence[int], patch: int
) -> np.ndarray:
    """Which pixels are hidden: patches, each with probability 1/2.

    Returns:
      float32 [count, h, w, 1], 1 where a pixel is hidden.
    """
    height, breadth = image_shape[:2]
    places = (count, -(-height // patch), -(-breadth // patch), 1)
    hidden = rng.integers(0, 2, size=places).astype(np.float32)
    pixels = hidden.repeat(patch, axis=1).repeat(patch, axis=2)
    return pixels[:, :height, :breadth]


def train(
    images: np.ndarray,
    seed: int = 0,
    steps: int = 2000,
    width: int = 8,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    patch: int = 4,
) -> tuple[keras.Model, float]:
    """An encoder trained to draw hidden patches, by Adam on the squared error.

    Hidden pixels are 0, which is grey. The error is that at hidden pixels, and
    the learning rate falls to zero along a cosine.

    Args:
      images: uint8, [n, h, w, c].
      seed: of the first weights, the order and the patches.
      steps: of Adam.
      width: see `build`.
      batch_size: images in a step.
      learning_rate: the first one.
      patch: height and width of a patch in pixels.

    Returns:
      The encoder, and the mean squared error over the last tenth of the steps,
      of pixels in [-1, 1].

    Raises:
      DataError: for other images than these.
    """
    if images.ndim != 4 or images.dtype != np.uint8 or not len(images):
        raise errors.DataError(
            f"images are {images.dtype} of shape {images.shape}: need uint8 "
            "images of shape [n, h, w, c]."
        )
    shape = images.shape[1:]
    encoder = build(shape, width, seed)
    model = keras.Sequential([encoder, _decoder(encoder, shape, seed)])
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    step = _stepper(model, keras.optimizers.Adam(schedule))
    rng = np.random.default_rng(seed)
    losses = []
    for _ in range(steps):
        chosen = images[rng.integers(0, len(images), size=batch_size)]
        hidden = masks(rng, batch_size, shape, patch)
        losses.append(step(image_borders.from_uint8(chosen), hidden))
    last = losses[-max(1, steps // 10) :]
    return encoder, float(np.mean([float(loss) for loss in last]))


def _stepper(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Callable[[np.ndarray, np.ndarray], tf.Tensor]:
    """A step: images and what of them is hidden -> the error before it."""
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(batch: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            drawn = model(batch * (1.0 - hidden), training=True)
            error = tf.square(drawn - batch) * hidden
            # A mask has one channel, whatever the images have.
            counted = tf.reduce_sum(hidden) * batch.shape[-1]
            loss = tf.reduce_sum(error) / tf.maximum(counted, 1.0)
        weights = model.trainable_variables
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    return step


def save(
    path: str | os.PathLike[str],
    model: keras.Model,
    metadata: Mapping[str, Any],
) -> None:
    """Writes an encoder's weights and the metadata, atomically.

    The image shape, the width and the SHA-256 of the weights are added to
    `metadata`, which otherwise holds what the caller knows.
    """
    sizes = {
        "image_shape": list(model.input_shape[1:]),
        "width": model.output_shape[-1] // _CODE_MULTIPLE,
    }
    archives.save(path, model, dict(metadata) | sizes)


def load(path: str | os.PathLike[str]) -> archives.Loaded:
    """The encoder that `save` wrote.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    return archives.load(
        path, "masked auto-encoder", "tf-mmdgan train_features", _built
    )


def _built(metadata: Mapping[str, Any], held: int) -> keras.Model:
    """The network that a file describes, which holds so many weights."""
    shape, width = (metadata[name] for name in _SIZES)
    sizes = [*shape, width]
    if len(sizes) != 4 or not all(type(s) is int and s > 0 for s in sizes):
        raise ValueError(f"sizes {sizes}")
    height, breadth, channels, _ = sizes
    places = -(-height // 8) * -(-breadth // 8)
    first, second, third = (multiple * width for multiple in _MULTIPLES)
    needed = _KERNEL**2 * (channels * first + first * second + second * third)
    needed += places * third * _CODE_MULTIPLE * width
    if needed > held:
        raise ValueError(f"{needed:,} weights are needed, and {held:,} there")
    return build(tuple(shape), width)
