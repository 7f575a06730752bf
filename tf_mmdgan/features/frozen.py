"""Features of trained networks that a generator can be trained through.

Unlike extractors, which scores use, these take images in [-1, 1] and are
differentiable. Generators do not change their weights: the networks are called
in inference mode, and no model tracks them.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features.image_inputs import takes_channels

# Images [b, h, w, c] in [-1, 1] -> features [b, d], differentiable.
Matched = Callable[[tf.Tensor], tf.Tensor]
# Images [b, h, w, c] in [-1, 1] -> what a network was trained on.
Scaling = Callable[[tf.Tensor], tf.Tensor]
# Images and (height, width) -> images of that size.
Resizing = Callable[[tf.Tensor, Sequence[int]], tf.Tensor]


def pixels(batch: tf.Tensor) -> tf.Tensor:
    """Images [b, h, w, c] as rows in [0, 1], as in the papers; points as is."""
    if batch.shape.rank == 2:
        return batch
    # Not [b, -1]: the width must be known while there are no rows yet.
    return tf.reshape(0.5 * (batch + 1.0), [-1, math.prod(batch.shape[1:])])


def check_matched(found: Any) -> None:
    """Refuses what is no features of a batch, where a generator matches them.

    Raises:
      UsageError: for what is no tensor [b, d].
    """
    if not tf.is_tensor(found) or found.shape.rank != 2:
        raise errors.UsageError(
            "features: need a function that makes a tensor [b, d] of a batch, "
            f"not {errors.excerpt(found, 60)}."
        )


_antialias = functools.partial(tf.image.resize, antialias=True)


class FrozenFeatures:
    """Outputs of layers of a network, flattened and side by side.

        >>> network = keras.Sequential(
        ...     [
        ...         keras.Input((4, 4, 1)),
        ...         keras.layers.Flatten(name="flat"),
        ...         keras.layers.Dense(2, name="code"),
        ...     ]
        ... )
        >>> frozen = tm.FrozenFeatures("own", network, layers=["code"])
        >>> frozen(tf.zeros([3, 4, 4, 1])).shape
        TensorShape([3, 2])

    Attributes:
      name: as users choose it.
      network: images as `scale` makes them -> the outputs of the layers.
    """

    def __init__(
        self,
        name: str,
        network: keras.Model,
        layers: Sequence[str],
        scale: Scaling = lambda images: images,
        resize: Resizing = _antialias,
    ):
        """Takes the layers of a network.

        Args:
          name: as users choose it.
          network: any model of images [b, h, w, c].
          layers: names of its layers; of none, its output is taken.
          scale: from images in [-1, 1] to what the network was trained on.
          resize: of images that the network does not take as large.

        Raises:
          UsageError: for a layer that there is not.
        """
        self.name = name
        # Its layers are the user's, who may go on training them.
        self.network = layer_outputs(name, network, layers)
        self._scale = scale
        self._resize = resize

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Features [b, d] of images [b, h, w, c] in [-1, 1], in float32.

        Raises:
          UsageError: for images that the network cannot take.
        """
        return side_by_side(self.outputs(images))

    def outputs(self, images: tf.Tensor) -> list[tf.Tensor]:
        """Outputs [b, ...] of the layers, of images [b, h, w, c] in [-1, 1].

        Grey images are repeated for a network of three channels, and images of
        another size are resized.

        Raises:
          UsageError: for images that the network cannot take.
        """
        images = tf.convert_to_tensor(images)
        height, width, channels = self.network.input_shape[1:]
        if images.shape.rank != 4 or not takes_channels(
            images.shape[-1], channels
        ):
            raise errors.UsageError(
                f"The features of {self.name} are of images with {channels} "
                f"channel(s), not of {tuple(images.shape[1:])}: choose others "
                "by --matched_features."
            )
        if images.shape[-1] != channels:
            images = tf.repeat(images, channels, axis=-1)
        if height and (height, width) != tuple(images.shape[1:3]):
            images = self._resize(images, [height, width])
        outputs = self.network(self._scale(images), training=False)
        return outputs if isinstance(outputs, list) else [outputs]


def layer_outputs(
    name: str, network: keras.Model, layers: Sequence[str]
) -> keras.Model:
    """The network from its images to `outputs_of` it, a list.

    Raises:
      UsageError: for a layer that there is not, or that gives no features.
    """
    return with_outputs(name, network, outputs_of(name, network, layers))


def outputs_of(
    name: str, network: keras.Model, layers: Sequence[str]
) -> list[keras.KerasTensor]:
    """The outputs of layers; of none, the output of the network.

    Raises:
      UsageError: for a layer that there is not, or that has several outputs.
    """
    known = {layer.name: layer for layer in network.layers}
    given = {
        f"The layer {layer} of {name}": errors.pick(
            known, layer, f"layer of {name}"
        ).output
        for layer in layers
    } or {name: network.outputs}
    for owner, outputs in given.items():
        if len(keras.tree.flatten(outputs)) != 1:
            raise errors.UsageError(
                f"{owner} has several outputs: name a layer that has one, by "
                "@LAYER."
            )
    return keras.tree.flatten(list(given.values()))


def with_outputs(
    name: str, network: keras.Model, outputs: Sequence[keras.KerasTensor]
) -> keras.Model:
    """The network from its images to some of its tensors, a list.

    Raises:
      UsageError: for a tensor that does not come from the images.
    """
    try:
        return keras.Model(network.inputs, outputs)
    except ValueError as error:
        raise errors.UsageError(
            f"A layer that was named of {name} is a network of its own, and "
            "not reached from the images: name another."
        ) from error


def side_by_side(outputs: tf.Tensor | Sequence[tf.Tensor]) -> tf.Tensor:
    """Outputs of layers [b, ...], each flattened, as one float32 [b, d]."""
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    flat = [tf.reshape(x, [tf.shape(x)[0], -1]) for x in outputs]
    return tf.cast(tf.concat(flat, axis=1), tf.float32)


class Concatenated:
    """Features of several networks, side by side.

    Attributes:
      parts: what computes them.
    """

    def __init__(self, parts: Sequence[Matched]):
        self.parts = tuple(parts)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Features [b, d] of images [b, h, w, c] in [-1, 1]."""
        return tf.concat([part(images) for part in self.parts], axis=1)
