"""The networks of BigGAN and SAGAN, down to small images.

A. Brock, J. Donahue and K. Simonyan, "Large Scale GAN Training for High
Fidelity Natural Image Synthesis", ICLR 2019, arXiv:1809.11096
(https://github.com/ajbrock/BigGAN-PyTorch, and resnet_biggan.py of
https://github.com/google/compare_gan, whose networks for 128 pixels these are).
H. Zhang, I. Goodfellow, D. Metaxas and A. Odena, "Self-Attention Generative
Adversarial Networks", ICML 2019, arXiv:1805.08318
(https://github.com/brain-research/self-attention-gan).

Published are 32 (BigGAN's code for CIFAR-10), 64 and 128 pixels. Here a stage
rounds half of any side up: 16 pixels begin with 4 x 4, 28 with 7 x 7 and 48
with 6 x 6.
"""

import dataclasses
import functools
import math

import keras

from tf_mmdgan.networks import blocks, layers, modulation, residual
from tf_mmdgan.networks.attention import self_attention
from tf_mmdgan.networks.conditioning import Inputs
from tf_mmdgan.networks.layers import Normalization
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions
from tf_mmdgan.networks.spectral_normalization import SpectralNorm

SIZES = blocks.Sizes(minimum=16)
_NAME = "BigGAN"
# Width of the vector of a class.
_CLASS_WIDTH = 128
# Channels over width, by the number of stages: of the generator's first
# activations and of each of its blocks.
GENERATOR_DEPTHS = {
    2: (4, 4, 4),
    3: (4, 4, 4, 4),
    4: (16, 16, 8, 4, 2),
    5: (16, 16, 8, 4, 2, 1),
}
# Of each block of the critic, and how many of them, the first, halve the size.
_CRITIC_DEPTHS = {
    2: ((4, 4, 4, 4), 2),
    3: ((4, 4, 4, 4), 2),
    4: ((1, 2, 4, 8, 16), 4),
    5: ((1, 2, 4, 8, 16, 16), 5),
}


@dataclasses.dataclass(frozen=True)
class Variant:
    """What published networks of this kind differ in.

    Attributes:
      weights: makes the initializer of every kernel.
      attended_side: self-attention is where maps have half the images' side,
        or, if that is more, at most this many pixels a side; 0: nowhere.
      shares: whether each block of the generator is normalized by a vector of
        its own: its part of the latents, and one of the class that all blocks
        share. Otherwise latents enter at the first layer alone, and each layer
        has its own table of the classes.
    """

    weights: blocks.Weights
    attended_side: int
    shares: bool


BIGGAN = Variant(keras.initializers.Orthogonal, 64, shares=True)
# Of BigGAN's code for CIFAR-10.
PLAIN = Variant(blocks.NORMAL_02, 0, shares=False)
SAGAN = Variant(residual.GLOROT, 32, shares=False)


def generator(
    image_shape: tuple[int, ...],
    options: GeneratorOptions,
    *,
    variant: Variant = BIGGAN,
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    Linear, residual blocks that double the size, batch normalization, ReLU, a
    3 x 3 convolution and tanh. Up to 31 pixels there are 2 blocks, up to 63
    there are 3, of 4 * `width` channels; up to 127 pixels 4 blocks from 16 to
    2 * `width` channels; above, 5 blocks down to `width`. In one of the places
    between is self-attention.

    Each block is normalized by its part of the latents, and by a vector of the
    class if labels enter by projection (`Variant.shares`). Without
    `batch_norm`, all latents enter at the first layer.

    Args:
      image_shape: height, width and channels; 16 to 160 pixels.
      options: `width` is the channel multiplier of the papers, 96 in BigGAN's
        and 64 in SAGAN's; `spectral_norm` is published with `SpectralNorm()`.
      variant: see there.

    Raises:
      UsageError: for a shape out of range, and for too few latents.
    """
    SIZES.check(_NAME, image_shape)
    stages = stages_of(image_shape)
    shapes = blocks.stage_shapes(image_shape, stages)
    first, *depths = (d * options.width for d in GENERATOR_DEPTHS[stages])
    make = layer_factory(variant, options.spectral_norm)
    inputs = Inputs((options.latent_size,), "latents", options.conditioning)
    x, norms = _layer_inputs(inputs, options, stages, variant, make)
    x = base(x, (*shapes[-1], first), make)
    attended = attended_stage(shapes, variant)
    plan = zip(depths, reversed(shapes[:-1]), norms, strict=True)
    for number, (depth, shape, norm) in enumerate(plan, start=1):
        name = f"block{number}"
        x = residual.up(x, depth, shape, name, make, norm, biased=True)
        if attended and number == stages - attended:
            x = self_attention(x, make)
    images = to_images(x, image_shape[2], options, make)
    return keras.Model(inputs.tensors, images, name="biggan_generator")


def critic(
    image_shape: tuple[int, ...],
    options: CriticOptions,
    *,
    variant: Variant = BIGGAN,
) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    Residual blocks, ReLU, the sum over all positions, and a linear layer. Below
    64 pixels there are 4 blocks of 4 * `width` channels, of which the first two
    halve the size; up to 127 pixels 5 blocks from `width` to 16 * `width`
    channels, of which four do; above, one more. Behind one of the first is
    self-attention. "activations" lists the outputs of each block and of the
    last ReLU. Images are taken in [-1, 1].

    Args:
      image_shape: height, width and channels; 16 to 160 pixels.
      options: `width` is as for `generator`; without `batch_norm`; the
        published conditioning is by projection, and `spectral_norm`
        `SpectralNorm()`; weights are always the published ones.
      variant: as for `generator`.

    Raises:
      UsageError: for a shape out of range, or `batch_norm`.
    """
    SIZES.check(_NAME, image_shape)
    blocks.refuse_batch_norm(_NAME, options.batch_norm)
    stages = stages_of(image_shape)
    depths, halvings = _CRITIC_DEPTHS[stages]
    attended = attended_stage(blocks.stage_shapes(image_shape, stages), variant)
    make = layer_factory(variant, options.spectral_norm)
    inputs = Inputs(image_shape, "images", options.conditioning)
    x = inputs.with_labels(inputs.data)
    activations = []
    for number, multiple in enumerate(depths, start=1):
        name, depth = f"block{number}", multiple * options.width
        if number <= halvings:
            x = residual.down(
                x, depth, name, make, residual.no_norm,
                wide=True, activated=number > 1,
            )  # fmt: skip
        else:
            x = residual.same(
                x, name, make, residual.no_norm, depth=depth, biased=True
            )
        if number == attended:
            x = self_attention(x, make)
        activations.append(x)
    x = residual.relu(x, "relu_out")
    activations.append(x)
    phi = residual.sum_of_positions(x)
    return blocks.critic_model(
        inputs, phi, options, activations, make, "biggan_critic"
    )


plain_generator = functools.partial(generator, variant=PLAIN)
plain_critic = functools.partial(critic, variant=PLAIN)
sagan_generator = functools.partial(generator, variant=SAGAN)
sagan_critic = functools.partial(critic, variant=SAGAN)


def base(
    x: keras.KerasTensor, shape: tuple[int, ...], make: blocks.LayerFactory
) -> keras.KerasTensor:
    """The start of a generator: from vectors [b, n] to maps [b, *shape]."""
    x = make.linear(math.prod(shape), name="linear")(x)
    return keras.layers.Reshape(shape, name="base")(x)


def to_images(
    x: keras.KerasTensor,
    channels: int,
    options: GeneratorOptions,
    make: blocks.LayerFactory,
) -> keras.KerasTensor:
    """The end of a generator: from maps to float32 images in [-1, 1]."""
    if options.batch_norm:
        x = layers.batch_norm(
            "norm_out", batch_statistics=options.batch_statistics
        )(x)
    x = make.conv(channels, 3, name="conv_out")(residual.relu(x, "relu_out"))
    return keras.layers.Activation("tanh", dtype="float32", name="images")(x)


def class_vectors(inputs: Inputs, batch_norm: bool) -> keras.KerasTensor | None:
    """A trained vector for each class [b, n]; None without projected labels.

    Raises:
      UsageError: where projection would have no layer to act in.
    """
    rows = inputs.normalized_labels(batch_norm)
    if rows is None:
        return None
    return modulation.ClassTable(_CLASS_WIDTH, name="class_table")(rows)


def stages_of(image_shape: tuple[int, ...]) -> int:
    """How often the generator doubles the size: 2 for 16 to 31 pixels, ..."""
    return int(math.log2(max(image_shape[:2]))) - 2


def attended_stage(
    shapes: list[tuple[int, int]], variant: Variant
) -> int | None:
    """After how many halvings self-attention is; None: nowhere."""
    if not variant.attended_side:
        return None
    fits = [max(shape) <= variant.attended_side for shape in shapes]
    return fits.index(True, 1)


def layer_factory(
    variant: Variant, spectral_norm: SpectralNorm | None
) -> blocks.LayerFactory:
    """What makes the layers of a variant."""
    return blocks.LayerFactory(
        variant.weights, variant.weights, variant.weights, spectral_norm
    )


def _layer_inputs(
    inputs: Inputs,
    options: GeneratorOptions,
    count: int,
    variant: Variant,
    make: blocks.LayerFactory,
) -> tuple[keras.KerasTensor, list[Normalization]]:
    """What the first layer is given, and what normalizes each block."""
    if not (variant.shares and options.batch_norm):
        norm = inputs.normalization(
            options.batch_norm, options.batch_statistics
        )
        return inputs.with_labels(inputs.data), [norm] * count
    first, *parts = modulation.latent_chunks(inputs.data, count + 1)
    vectors = class_vectors(inputs, options.batch_norm)
    if vectors is not None:
        parts = [
            keras.layers.Concatenate(name=f"condition{number}")([part, vectors])
            for number, part in enumerate(parts, start=1)
        ]
    norms = [
        modulation.modulated_batch_norm(
            part, make.linear, options.batch_statistics
        )
        for part in parts
    ]
    return inputs.with_labels(first), norms
