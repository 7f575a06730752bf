"""The networks of StyleGAN2, down to small images.

T. Karras, S. Laine, M. Aittala, J. Hellsten, J. Lehtinen and T. Aila,
"Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020,
arXiv:1912.04958 (https://github.com/NVlabs/stylegan2): the generator that adds
up the images of all sizes, and the residual critic.

Published are sides of 2^k pixels, which begin with 4 x 4. Here a stage rounds
half of any side up: 28 pixels begin with 7 x 7 and 48 with 6 x 6.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras

from tf_mmdgan import errors
from tf_mmdgan.networks import blocks, conditioning, styles
from tf_mmdgan.networks.equalized import (
    EqualizedConv2D,
    EqualizedDense,
    ScaledLeakyReLU,
)
from tf_mmdgan.networks.minibatch import MinibatchDeviation
from tf_mmdgan.networks.modulated import ModulatedConv2D
from tf_mmdgan.networks.options import (
    CriticOptions,
    GeneratorOptions,
)
from tf_mmdgan.networks.resampling import Blur, Up

SIZES = blocks.Sizes(minimum=16)
_NAME = "StyleGAN2"
_MOST_CHANNELS = 512
# Of learning, in the mapping network.
_MAPPING_RATE = 0.01


@dataclasses.dataclass(frozen=True)
class StyleParts:
    """A style-based generator in two parts, which share its weights.

    Attributes:
      mapping: latents [b, z], or [latents, labels], to w [b, width].
      chosen: the same to the styles of all layers, [b, layers, width]: w for
        each, but in training, where styles are mixed and their mean moves.
      synthesis: [styles [b, layers, width], latents [b, z]] to images; of the
        latents the signs alone count, by which noise is drawn.
      styles: the layer between the two.
    """

    mapping: keras.Model
    chosen: keras.Model
    synthesis: keras.Model
    styles: styles.Styles


def style_parts(generator: keras.Model) -> StyleParts | None:
    """The parts of a generator of this module; None of any other."""
    found = {layer.name: layer for layer in getattr(generator, "layers", ())}
    between = found.get("styles")
    if not isinstance(between, styles.Styles):
        return None
    chosen = keras.Model(generator.inputs, between.output)
    return StyleParts(found["mapping"], chosen, found["synthesis"], between)


def generator(
    image_shape: tuple[int, ...], options: GeneratorOptions
) -> keras.Model:
    """From latents [b, latent_size] to float32 images.

    A mapping network makes w of the latents, and of labels. The synthesis
    begins with trained maps of 4 x 4 to 8 x 8 pixels, and doubles the size with
    two modulated convolutions a stage. Each stage has an image, which is added
    to that of the stage before, blown up. There are 32 `width` / side channels
    at a side of 4, 8, 16, ... pixels, 2 * `width` and 512 at most, as many as w
    has columns; a side that is rounded up counts as the next of these below.

    Noise is drawn by the signs of the latents: images are a function of the
    latents. As published there is no tanh. So that images in use are in
    [-1, 1], they are clipped, but not in training.

    Args:
      image_shape: height, width and channels; 16 to 160 pixels.
      options: published is `width` 512 (or 1024), with a `latent_size` of 512;
        `styles` says how styles are made. There is no batch normalisation, nor
        spectral normalisation. Labels that are projected are embedded, and the
        vector, scaled to a mean square of 1, goes beside the latents; those
        that are concatenated do so as they are.

    Raises:
      UsageError: for a shape out of range, and spectral normalisation.
    """
    SIZES.check(_NAME, image_shape)
    if options.spectral_norm is not None:
        raise errors.UsageError(
            f"The generator of {_NAME} has no spectral normalisation: leave it "
            "out.",
            setting="generator_spectral_norm",
        )
    shapes, depths = _stages(image_shape, options.width)
    given = options.styles
    latents = (options.latent_size,)
    mapping = _mapping(latents, options, depths[0])
    synthesis = _synthesis(shapes, depths, image_shape[2], latents)
    inputs = conditioning.Inputs(latents, "latents", options.conditioning)
    chosen = [mapping(inputs.tensors)]
    if given.mixing:
        other = styles.OtherLatents(
            given.latent_distribution, dtype="float32", name="other_latents"
        )(inputs.data)
        labels = inputs.tensors[1:] if options.conditioning else []
        second = mapping([other, *labels] if labels else other)
        chosen += [second, inputs.data]
    # Float32, for half precision would take digits from small latents.
    between = styles.Styles(
        2 * len(shapes), given.mixing, dtype="float32", name="styles"
    )
    images = synthesis([between(*chosen), inputs.data])
    return keras.Model(inputs.tensors, images, name="stylegan2_generator")


def critic(image_shape: tuple[int, ...], options: CriticOptions) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    A 1 x 1 convolution, and residual blocks that blur and halve the size down
    to that at which the generator begins, with as many channels at each size;
    a convolution; a hidden layer; a linear one. "activations" lists what each
    of them makes but the last. Images are taken in [-1, 1].

    Args:
      image_shape: height, width and channels; 16 to 160 pixels.
      options: `width` as for `generator`; without `batch_norm`; published is a
        `minibatch_deviation` of 4. Under spectral normalisation, which divides
        out what scales a kernel, no rates are equalised.

    Raises:
      UsageError: for a shape out of range, or `batch_norm`.
    """
    SIZES.check(_NAME, image_shape)
    blocks.refuse_batch_norm(_NAME, options.batch_norm)
    shapes, depths = _stages(image_shape, options.width)
    make = _Factory(spectral_norm=options.spectral_norm)
    inputs = conditioning.Inputs(image_shape, "images", options.conditioning)
    x = make.conv(depths[-1], 1, name="from_image")(
        inputs.with_labels(inputs.data)
    )
    x = _activated(x, "from_image")
    activations = [x]
    for stage in range(len(shapes) - 1, 0, -1):
        x = _halved(x, depths[stage - 1], f"block{stage}", make)
        activations.append(x)
    if options.minibatch_deviation:
        x = MinibatchDeviation(
            options.minibatch_deviation, dtype="float32", name="deviation"
        )(x)
    x = _activated(make.conv(depths[0], 3, name="conv_out")(x), "conv_out")
    activations.append(x)
    x = keras.layers.Flatten(name="flat")(x)
    x = _activated(make.hidden(depths[0], name="hidden")(x), "hidden")
    activations.append(x)
    return blocks.critic_model(
        inputs, x, options, activations, make, "stylegan2_critic"
    )


@dataclasses.dataclass(frozen=True)
class _Factory(blocks.LayerFactory):
    """Makes equalised layers; the usual ones under spectral normalisation.

    Spectral normalisation divides out what scales a kernel.
    """

    def conv(
        self, channels: int, kernel_size: int, strides: int = 1, **kwargs: Any
    ) -> keras.layers.Layer:
        """A convolution."""
        if self.spectral_norm is not None:
            return super().conv(channels, kernel_size, strides, **kwargs)
        settings = {"padding": "same", **kwargs}
        return EqualizedConv2D(channels, kernel_size, strides, **settings)

    def hidden(self, units: int, **kwargs: Any) -> keras.layers.Layer:
        """A fully connected hidden layer."""
        if self.spectral_norm is not None:
            return super().hidden(units, **kwargs)
        return EqualizedDense(units, **kwargs)

    def linear(self, units: int, **kwargs: Any) -> keras.layers.Layer:
        """A fully connected layer with no activation after it."""
        if self.spectral_norm is not None:
            return super().linear(units, **kwargs)
        return EqualizedDense(units, **kwargs)

    def table(self, units: int, **kwargs: Any) -> keras.layers.Layer:
        """A layer on one-hot labels."""
        if self.spectral_norm is not None:
            return super().table(units, **kwargs)
        return EqualizedDense(units, fan="out", **kwargs)


def _stages(
    image_shape: Sequence[int], width: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """Height and width of each stage, and its channels, smallest first."""
    count = int(math.log2(max(image_shape[:2]))) - 2
    shapes = blocks.stage_shapes(tuple(image_shape), count)[::-1]
    most = min(2 * width, _MOST_CHANNELS)
    depths = [
        max(min(32 * width // 2 ** (2 + stage), most), 1)
        for stage in range(count + 1)
    ]
    return shapes, depths


def _activated(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return ScaledLeakyReLU(name=f"{name}_lrelu")(x)


def _mapping(
    latents: tuple[int, ...], options: GeneratorOptions, width: int
) -> keras.Model:
    """From latents, and labels, to w [b, width]."""
    inputs = conditioning.Inputs(latents, "latents", options.conditioning)
    x = styles.UnitMeanSquare(dtype="float32", name="unit_latents")(inputs.data)
    rows = inputs.projected_labels
    if rows is not None:
        vector = EqualizedDense(width, name="class_vector")(rows)
        vector = styles.UnitMeanSquare(dtype="float32", name="unit_class")(
            vector
        )
        x = keras.layers.Concatenate(name="condition")([x, vector])
    x = inputs.with_labels(x)
    for number in range(1, options.styles.mapping_layers + 1):
        name = f"dense{number}"
        dense = EqualizedDense(width, rate=_MAPPING_RATE, name=name)
        x = _activated(dense(x), name)
    return keras.Model(inputs.tensors, x, name="mapping")


def _synthesis(
    shapes: Sequence[tuple[int, int]],
    depths: Sequence[int],
    channels: int,
    latents: tuple[int, ...],
) -> keras.Model:
    """From [styles, latents] to images.

    A stage has two convolutions, the first stage has one. Each takes the next
    of the styles. The image of a stage takes that of the convolution which
    follows it.
    """
    given = keras.Input((2 * len(shapes), depths[0]), name="styles")
    keys = keras.Input(latents, name="latents")
    sizes = [shape for shape in shapes for _ in range(2)][1:]
    noises = styles.KeyedNoise(sizes, dtype="float32", name="noise")(keys)
    x = styles.LearntConstant((*shapes[0], depths[0]), name="base")(keys)
    image = None
    for number, (shape, noise) in enumerate(zip(sizes, noises, strict=True)):
        stage, second = (number + 1) // 2, number % 2 == 0
        name = f"block{stage}_conv{2 if second else 1}"
        conv = ModulatedConv2D(
            depths[stage], 3, None if second else shape, name=name
        )
        x = conv(x, given[:, number])
        x = styles.NoiseInput(name=f"{name}_noise")(x, noise)
        x = _activated(x, name)
        if second:
            image = _with_image(image, x, given[:, number + 1], channels, stage)
    images = styles.InRange(dtype="float32", name="images")(image)
    return keras.Model([given, keys], images, name="synthesis")


def _with_image(
    before: keras.KerasTensor | None,
    x: keras.KerasTensor,
    style: keras.KerasTensor,
    channels: int,
    stage: int,
) -> keras.KerasTensor:
    """The image of a stage, in float32: that before, and what this one adds."""
    to_image = ModulatedConv2D(
        channels, 1, demodulate=False, dtype="float32",
        name=f"block{stage}_image",
    )  # fmt: skip
    image = to_image(x, style)
    if before is None:
        return image
    target = x.shape[1:3]
    grown = Up(target, dtype="float32", name=f"block{stage}_up")(before)
    add = keras.layers.Add(dtype="float32", name=f"block{stage}_sum")
    return add([grown, image])


def _halved(
    x: keras.KerasTensor, depth: int, name: str, make: blocks.LayerFactory
) -> keras.KerasTensor:
    """(shortcut(x) + lrelu(conv(lrelu(conv(x))))) / sqrt(2), half as large."""
    y = make.conv(x.shape[-1], 3, name=f"{name}_conv1")(x)
    y = _blurred_conv(
        _activated(y, f"{name}_conv1"), depth, 3, f"{name}_conv2", make
    )
    y = _activated(y, f"{name}_conv2")
    shortcut = f"{name}_shortcut"
    x = _blurred_conv(x, depth, 1, shortcut, make, use_bias=False)
    total = keras.layers.Add(name=f"{name}_sum")([x, y])
    return keras.layers.Rescaling(1.0 / math.sqrt(2.0), name=name)(total)


def _blurred_conv(
    x: keras.KerasTensor,
    depth: int,
    kernel_size: int,
    name: str,
    make: blocks.LayerFactory,
    use_bias: bool = True,
) -> keras.KerasTensor:
    x = Blur(kernel_size, name=f"{name}_blur")(x)
    conv = make.conv(
        depth, kernel_size, 2, padding="valid", use_bias=use_bias, name=name
    )
    return conv(x)
