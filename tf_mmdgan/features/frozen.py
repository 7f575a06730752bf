"""Features of trained networks that a generator can be trained through.

Unlike the extractors of `evaluation`, these take images in [-1, 1], are
differentiable, and give any layers of a network. Their weights never change:
the networks are called in inference mode, and no model tracks them.
"""

import functools
import pathlib
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features import extractors, lenet

# What a network was trained on, of images in [-1, 1].
_Scale = Callable[[tf.Tensor], tf.Tensor]
_IMAGENET_MEANS = (103.939, 116.779, 123.68)  # blue, green, red; 0 to 255


class FrozenFeatures:
    """Outputs of layers of a network, flattened and side by side.

    Attributes:
      name: as users choose it.
      network: images as `scale` makes them -> the outputs of the layers.
    """

    def __init__(
        self,
        name: str,
        network: keras.Model,
        layers: Sequence[str],
        scale: _Scale = lambda images: images,
    ):
        """Takes the layers of a network.

        Args:
          name: as users choose it.
          network: any model of images [b, h, w, c].
          layers: names of its layers, one or more.
          scale: from images in [-1, 1] to what the network was trained on.

        Raises:
          UsageError: for a layer that there is not.
        """
        known = {layer.name: layer for layer in network.layers}
        self.name = name
        self.network = keras.Model(
            network.inputs,
            [errors.pick(known, n, f"layer of {name}").output for n in layers],
        )
        self.network.trainable = False
        self._scale = scale

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Features [b, d] of images [b, h, w, c] in [-1, 1], in float32.

        Grey images are repeated for a network of three channels, and images of
        another size are resized (bilinear, antialiased).

        Raises:
          UsageError: for images that the network cannot take.
        """
        images = tf.convert_to_tensor(images)
        height, width, channels = self.network.input_shape[1:]
        if images.shape.rank != 4 or images.shape[-1] not in (1, channels):
            raise errors.UsageError(
                f"The features of {self.name} are of images with {channels} "
                f"channel(s), not of {tuple(images.shape[1:])}: choose others "
                "by --matched_features."
            )
        if images.shape[-1] != channels:
            images = tf.repeat(images, channels, axis=-1)
        if height and (height, width) != tuple(images.shape[1:3]):
            images = tf.image.resize(images, [height, width], antialias=True)
        outputs = self.network(self._scale(images), training=False)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        flat = [tf.reshape(x, [tf.shape(x)[0], -1]) for x in outputs]
        return tf.cast(tf.concat(flat, axis=1), tf.float32)


class Concatenated:
    """Features of several networks, side by side.

    Attributes:
      parts: what computes them.
    """

    def __init__(self, parts: Sequence[FrozenFeatures]):
        self.parts = tuple(parts)

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Features [b, d] of images [b, h, w, c] in [-1, 1]."""
        return tf.concat([part(images) for part in self.parts], axis=1)


def parse(text: str, image_shape: Sequence[int]) -> Concatenated:
    """Networks NAME[:PATH][@LAYER+LAYER...], with commas between.

    Names are those of `NETWORKS`; without layers, their own are taken.

    Args:
      text: such as "lenet_digits@conv_1+conv_2,vgg19:weights.h5".
      image_shape: [h, w, c] of the images.

    Raises:
      UsageError: for an unknown name or layer.
      DataError: for weights that are missing, damaged or something else.
    """
    return Concatenated(
        [_one(part.strip(), tuple(image_shape)) for part in text.split(",")]
    )


def _one(text: str, image_shape: tuple[int, ...]) -> FrozenFeatures:
    head, _, layers = text.partition("@")
    name, _, path = head.partition(":")
    make = errors.pick(NETWORKS, name, "network (--matched_features)")
    chosen = tuple(layers.split("+")) if layers else None
    return make(name, path, chosen, image_shape)


def _lenet(name, path, layers, image_shape, file=None) -> FrozenFeatures:
    """Three layers of a LeNet that tools/train_lenet.py has trained."""
    del image_shape
    if file is None:
        file = _required(name, path)
    model, _ = lenet.load(file)
    return FrozenFeatures(
        name, model, layers or ("conv_1", "conv_2", lenet.FEATURES)
    )


def _application(
    name, path, layers, image_shape, build, suffix
) -> FrozenFeatures:
    """A network of keras.applications, for images of this size.

    By default the first 16 of its layers whose names end in `suffix`, those
    behind a ReLU, as dos Santos et al. 2019 choose them.
    """
    shape = (*image_shape[:2], 3)
    path = _required(name, path)
    try:
        network = build(include_top=False, weights=None, input_shape=shape)
        network.load_weights(path)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise errors.DataError(
            f"{path}: no weights of {name} without its top, for images of "
            f"{shape[0]} x {shape[1]}: {reason}"
        ) from error
    if layers is None:
        # The first is the input, whose name ends in a number of Keras' own.
        names = [layer.name for layer in network.layers[1:]]
        layers = [n for n in names if n.endswith(suffix)][:16]
    return FrozenFeatures(name, network, layers, _caffe)


def _keras(name, path, layers, image_shape) -> FrozenFeatures:
    """Any model of images in [-1, 1] in a .keras file; no code is run."""
    del image_shape
    path = _required(name, path)
    try:
        network = keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise errors.DataError(f"{path}: no Keras model: {reason}") from error
    return FrozenFeatures(name, network, layers or [network.layers[-1].name])


def _caffe(images: tf.Tensor) -> tf.Tensor:
    """The published preprocessing of VGG19 and ResNet50, of [-1, 1]."""
    levels = 127.5 * (images[..., ::-1] + 1.0)
    return levels - tf.constant(_IMAGENET_MEANS)


def _required(name: str, path: str) -> pathlib.Path:
    if not path:
        raise errors.UsageError(
            f"--matched_features={name} needs a path: {name}:PATH."
        )
    if not pathlib.Path(path).is_file():
        raise errors.DataError(f"--matched_features: there is no file {path}.")
    return pathlib.Path(path)


Maker = Callable[
    [str, str, Sequence[str] | None, tuple[int, ...]], FrozenFeatures
]

NETWORKS: dict[str, Maker] = {
    **{
        name: functools.partial(_lenet, file=file)
        for name, file in extractors.LENETS.items()
    },
    "lenet": _lenet,
    "vgg19": functools.partial(
        _application, build=keras.applications.VGG19, suffix=tuple("1234")
    ),
    "resnet50": functools.partial(
        _application, build=keras.applications.ResNet50, suffix=("relu", "out")
    ),
    "keras": _keras,
}
