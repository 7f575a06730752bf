"""A small U-Net: a generator of images, and a denoiser that is told times.

O. Ronneberger, P. Fischer and T. Brox, "U-Net: Convolutional Networks for
Biomedical Image Segmentation", MICCAI 2015, arXiv:1505.04597; its residual
blocks with times are those of J. Ho, A. Jain and P. Abbeel, "Denoising
Diffusion Probabilistic Models", NeurIPS 2020, arXiv:2006.11239, in two
resolutions, with fully connected layers in the middle in place of attention.
"""

import functools
import math
from collections.abc import Callable

import keras

from tf_mmdgan.networks import blocks, dcgan
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions
from tf_mmdgan.networks.times import DenoiserOptions, TimedInputs

# Halved twice; DCGAN's critic, which belongs to the generator, halves 4 times.
SIZES = blocks.Sizes(minimum=16, multiple=4)
_GROUPS = 8

Change = Callable[[keras.KerasTensor, str], keras.KerasTensor]


def generator(
    image_shape: tuple[int, ...], options: GeneratorOptions
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    Latents are spread to a map of the image's shape by a linear layer.

    Args:
      image_shape: height, width and channels; 16 to 160 pixels, in steps of 4.
      options: `width` is the number of channels at half of the resolution.

    Raises:
      UsageError: for another size.
    """
    SIZES.check("U-Net", image_shape)
    inputs, normalize = blocks.generator_inputs(options)
    height, width, channels = image_shape
    x = blocks.base(inputs, (height, width, channels))
    body = _Body(options.width, normalize, lambda x, name: x)
    x = body(x, channels)
    return keras.Model(inputs.tensors, blocks.to_images(x), name="unet")


def critic(image_shape: tuple[int, ...], options: CriticOptions) -> keras.Model:
    """DCGAN's critic, of the sizes that the generator makes."""
    SIZES.check("U-Net", image_shape)
    return dcgan.critic(image_shape, options)


def denoiser(
    image_shape: tuple[int, ...], options: DenoiserOptions
) -> keras.Model:
    """From maps and times to maps; see `times.TimedInputs`.

    Args:
      image_shape: as for `generator`.
      options: `width` as for `generator`.

    Raises:
      UsageError: for another size.
    """
    SIZES.check("U-Net", image_shape)
    inputs = TimedInputs(image_shape, options)
    known = keras.layers.Activation("silu", name="known")(inputs.embedding)

    def add_times(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        channels = x.shape[-1]
        offset = keras.layers.Dense(channels, name=f"{name}_offset")(known)
        offset = keras.layers.Reshape((1, 1, channels))(offset)
        return keras.layers.Add(name=name)([x, offset])

    body = _Body(options.width, _group_norm, add_times)
    x = body(inputs.maps, image_shape[-1])
    return keras.Model(inputs.tensors, x, name="unet_denoiser")


def _group_norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    groups = math.gcd(_GROUPS, x.shape[-1])
    return keras.layers.GroupNormalization(groups, name=name)(x)


class _Body:
    """The network between its inputs and the activation of its outputs.

    Args:
      width: channels at half of the resolution, where there is one block on
        the way down and one on the way up; a quarter has twice as many.
      normalize: what comes before each activation.
      change: what is done to the first activations of each block.
    """

    def __init__(self, width: int, normalize: Change, change: Change):
        self._width = width
        self._normalize = normalize
        self._change = change

    def __call__(
        self, x: keras.KerasTensor, channels: int
    ) -> keras.KerasTensor:
        """Maps [b, h, w, any] to float32 [b, h, w, channels]."""
        width, conv = self._width, blocks.LayerFactory().conv
        half = conv(width, 2, strides=2, name="patches")(x)
        half = self._block(half, width, "down1")
        x = conv(2 * width, 3, strides=2, name="halved")(half)
        x = self._block(x, 2 * width, "down2")
        x = self._middle(x)
        x = self._block(x, 2 * width, "up2")
        x = keras.layers.UpSampling2D(name="doubled")(x)
        x = keras.layers.Concatenate(name="both")([x, half])
        x = self._block(x, width, "up1")
        x = self._active(x, "last")
        # Of stride and size 2: each pixel is a linear function of its patch.
        return keras.layers.Conv2DTranspose(
            channels, 2, strides=2, dtype="float32", name="outputs"
        )(x)

    def _active(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        x = self._normalize(x, f"{name}_norm")
        return keras.layers.Activation("silu", name=f"{name}_silu")(x)

    def _block(
        self, x: keras.KerasTensor, channels: int, name: str
    ) -> keras.KerasTensor:
        """A residual block of two convolutions."""
        conv = functools.partial(blocks.LayerFactory().conv, channels)
        y = conv(3, name=f"{name}_conv1")(self._active(x, f"{name}_1"))
        y = self._change(y, f"{name}_times")
        y = conv(3, name=f"{name}_conv2")(self._active(y, f"{name}_2"))
        if x.shape[-1] != channels:
            x = conv(1, name=f"{name}_skip")(x)
        return keras.layers.Add(name=name)([x, y])

    def _middle(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """What all places tell each other, added to each of them."""
        _, height, width, channels = x.shape
        few = math.ceil(self._width / 4)
        conv, hidden = blocks.LayerFactory().conv, blocks.LayerFactory().hidden
        y = conv(few, 1, name="few")(self._active(x, "middle"))
        y = keras.layers.Flatten(name="all_places")(y)
        y = hidden(8 * self._width, activation="silu", name="middle1")(y)
        y = hidden(height * width * few, name="middle2")(y)
        y = keras.layers.Reshape((height, width, few), name="each_place")(y)
        y = conv(channels, 1, name="many")(y)
        return keras.layers.Add(name="middle")([x, y])
