"""The networks of BigGAN-deep, down to small images.

A. Brock, J. Donahue and K. Simonyan, "Large Scale GAN Training for High
Fidelity Natural Image Synthesis", ICLR 2019, arXiv:1809.11096, appendix B,
tables 7 to 9 (resnet_biggan_deep.py of
https://github.com/google/compare_gan, whose networks for 128 pixels these are,
and BigGANdeep.py of https://github.com/ajbrock/BigGAN-PyTorch, whose channels
at 32 pixels these have).

Where BigGAN has one block these have two, of a quarter of the channels within;
and no shortcut mixes channels: the generator's drop some, the critic's append
some.
"""

import functools
from collections.abc import Callable

import keras

from tf_mmdgan.networks import biggan, blocks, modulation, residual
from tf_mmdgan.networks.attention import self_attention
from tf_mmdgan.networks.conditioning import Inputs
from tf_mmdgan.networks.layers import Normalization
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions

_NAME = "BigGAN-deep"
_NARROWING = 4  # of the channels within a block
# Channels over width, by the number of stages: of the critic's first
# convolution and of each of its pairs of blocks; and how many of the pairs, the
# first, halve the size.
_CRITIC_DEPTHS = {
    2: ((4, 4, 4, 4), 2),
    3: ((4, 4, 4, 4), 2),
    4: ((1, 2, 4, 8, 16), 4),
    5: ((1, 2, 4, 8, 16, 16), 5),
}

_Resize = Callable[[keras.KerasTensor, str], keras.KerasTensor]


def generator(
    image_shape: tuple[int, ...], options: GeneratorOptions
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    Linear, pairs of residual blocks of which the second doubles the size, batch
    normalization, ReLU, a 3 x 3 convolution and tanh. There are as many pairs
    as `biggan.generator` has blocks, of the same channels. After one of the
    pairs is self-attention.

    The linear layer is given, and every block is normalized by, all latents
    and, if labels enter by projection, a vector of the class. Without
    `batch_norm`, the latents enter at the first layer alone.

    Args:
      image_shape: height, width and channels; 16 to 160 pixels.
      options: `width` is the channel multiplier of the paper, 128 there;
        `spectral_norm` is published with `SpectralNorm()`.

    Raises:
      UsageError: for a shape out of range.
    """
    biggan.SIZES.check(_NAME, image_shape)
    stages = biggan.stages_of(image_shape)
    shapes = blocks.stage_shapes(image_shape, stages)
    first, *depths = (
        d * options.width for d in biggan.GENERATOR_DEPTHS[stages]
    )
    make = biggan.layer_factory(biggan.BIGGAN, options.spectral_norm)
    inputs = Inputs((options.latent_size,), "latents", options.conditioning)
    condition = _condition(inputs, options.batch_norm)
    norm: Normalization = residual.no_norm
    if options.batch_norm:
        norm = modulation.modulated_batch_norm(
            condition, make.linear, options.batch_statistics
        )
    start = (*shapes[-1], first)
    x = biggan.base(inputs.with_labels(condition), start, make)
    attended = biggan.attended_stage(shapes, biggan.BIGGAN)
    plan = zip(depths, reversed(shapes[:-1]), strict=True)
    for number, (depth, shape) in enumerate(plan, start=1):
        x = _block(x, x.shape[-1], f"block{2 * number - 1}", make, norm)
        up = functools.partial(residual.doubled, target=shape)
        x = _block(x, depth, f"block{2 * number}", make, norm, up=up)
        if attended and number == stages - attended:
            x = self_attention(x, make)
    images = biggan.to_images(x, image_shape[2], options, make)
    return keras.Model(inputs.tensors, images, name="biggan_deep_generator")


def critic(image_shape: tuple[int, ...], options: CriticOptions) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    A 3 x 3 convolution, pairs of residual blocks, ReLU, the sum over all
    positions, and a linear layer. Below 64 pixels there are 3 pairs of
    4 * `width` channels, the first two of which halve the size; up to 127
    pixels 4 pairs from 2 to 16 * `width` channels; above, one more; those all
    halve it, in the first block of a pair. Behind one of the first is
    self-attention. "activations" lists the outputs of each block and of the
    last ReLU. Images are taken in [-1, 1].

    Args:
      image_shape: height, width and channels; 16 to 160 pixels.
      options: as for `biggan.critic`.

    Raises:
      UsageError: for a shape out of range, or `batch_norm`.
    """
    biggan.SIZES.check(_NAME, image_shape)
    blocks.refuse_batch_norm(_NAME, options.batch_norm)
    stages = biggan.stages_of(image_shape)
    (first, *depths), halvings = _CRITIC_DEPTHS[stages]
    shapes = blocks.stage_shapes(image_shape, stages)
    attended = biggan.attended_stage(shapes, biggan.BIGGAN)
    make = biggan.layer_factory(biggan.BIGGAN, options.spectral_norm)
    inputs = Inputs(image_shape, "images", options.conditioning)
    x = inputs.with_labels(inputs.data)
    x = make.conv(first * options.width, 3, name="conv_in")(x)
    activations = []
    for number, multiple in enumerate(depths, start=1):
        depth = multiple * options.width
        down = residual.halved if number <= halvings else None
        for block, change in ((2 * number - 1, down), (2 * number, None)):
            x = _block(
                x, depth, f"block{block}", make, residual.no_norm, down=change
            )
            activations.append(x)
        if number == attended:
            x = self_attention(x, make)
            activations[-1] = x
    x = residual.relu(x, "relu_out")
    activations.append(x)
    phi = residual.sum_of_positions(x)
    return blocks.critic_model(
        inputs, phi, options, activations, make, "biggan_deep_critic"
    )


def _condition(inputs: Inputs, batch_norm: bool) -> keras.KerasTensor:
    """All latents, and a vector of the class beside them if there is one."""
    vectors = biggan.class_vectors(inputs, batch_norm)
    if vectors is None:
        return inputs.data
    return keras.layers.Concatenate(name="condition")([inputs.data, vectors])


def _block(
    x: keras.KerasTensor,
    depth: int,
    name: str,
    make: blocks.LayerFactory,
    normalize: Normalization,
    *,
    up: _Resize | None = None,
    down: _Resize | None = None,
) -> keras.KerasTensor:
    """A residual block to `depth` channels, through a quarter of them.

    Four times normalization, ReLU and a convolution: 1 x 1, two of 3 x 3, and
    1 x 1. `up` acts before the first of 3 x 3, `down` before the last of 1 x 1;
    in the shortcut either acts too. A quarter is that of the larger of both
    numbers of channels.
    """
    within = max(max(depth, x.shape[-1]) // _NARROWING, 1)
    sizes = ((within, 1), (within, 3), (within, 3), (depth, 1))
    y = x
    for number, (channels, size) in enumerate(sizes, start=1):
        y = normalize(y, f"{name}_norm{number}")
        y = residual.relu(y, f"{name}_relu{number}")
        if up and number == 2:
            y = up(y, name)
        if down and number == 4:
            y = down(y, name)
        y = make.conv(channels, size, name=f"{name}_conv{number}")(y)
    return keras.layers.Add(name=name)(
        [_shortcut(x, depth, f"{name}_shortcut", make, up or down), y]
    )


def _shortcut(
    x: keras.KerasTensor,
    depth: int,
    name: str,
    make: blocks.LayerFactory,
    resize: _Resize | None,
) -> keras.KerasTensor:
    """The first `depth` channels of x, resized; or all, and more of 1 x 1."""
    missing = depth - x.shape[-1]
    if missing < 0:
        x = x[..., :depth]
    if resize:
        x = resize(x, name)
    if missing <= 0:
        return x
    more = make.conv(missing, 1, name=name)(x)
    return keras.layers.Concatenate(name=f"{name}_joined")([x, more])
