"""The residual networks of the MMD GAN papers.

`generator` and `critic`: ResNet of M. Binkowski, D. J. Sutherland, M. Arbel and
A. Gretton, "Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401, appendix F
(https://github.com/mbinkowski/MMD-GAN, gan/core/architecture.py), whose images
of 160 pixels come from this generator against DCGAN's critic in five stages.
`sn_generator` and `sn_critic`: SNResNet of M. Arbel, D. J. Sutherland,
M. Binkowski and A. Gretton, "On gradient regularizers for MMD GANs", NeurIPS
2018, arXiv:1805.11565 (https://github.com/MichaelArbel/Scaled-MMD-GAN,
gan/core/architecture.py), after T. Miyato et al., arXiv:1802.05957.

The published networks end in a sigmoid, for images in [0, 1]; here it is tanh,
for images in [-1, 1]. Their sides must be multiples of 32; here a stage rounds
half of any side up.
"""

import keras

from tf_mmdgan.networks import blocks, layers, residual
from tf_mmdgan.networks.layers import Normalization
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions

SIZES = blocks.Sizes(minimum=32)
_STAGES = 5


def generator(
    image_shape: tuple[int, ...],
    options: GeneratorOptions,
    *,
    plain: bool = False,
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    Linear to [h / 32, w / 32, 16 * width], sizes rounded up, four residual
    blocks that double the size and halve the channels, then batch
    normalization, ReLU and a transposed 5 x 5 convolution of stride 2.

    Args:
      image_shape: height, width and channels; 32 to 160 pixels.
      options: `width` is that of the channels before the last layer.
      plain: no normalization in the blocks, only before the last layer, and
        Glorot's initial weights throughout, as the code of Scaled MMD GAN has
        it under the same name; else He's but for the shortcuts.

    Raises:
      UsageError: for a shape out of range.
    """
    SIZES.check("ResNet", image_shape)
    shapes = blocks.stage_shapes(image_shape, _STAGES)
    inputs, normalize = blocks.generator_inputs(options)
    x = blocks.base(inputs, (*shapes[-1], 16 * options.width))
    x = _up(
        x,
        [depth * options.width for depth in (8, 4, 2, 1)],
        shapes[1:-1],
        blocks.LayerFactory(residual.GLOROT if plain else residual.HE_MEAN),
        residual.no_norm if plain else normalize,
    )
    x = residual.relu(normalize(x, "norm_out"), "relu_out")
    images = blocks.to_images(
        blocks.deconv(image_shape[2], shapes[0], "deconv_out")(x)
    )
    return keras.Model(inputs.tensors, images, name="resnet5_generator")


def critic(
    image_shape: tuple[int, ...],
    options: CriticOptions,
) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    3 x 3 convolution with leaky ReLU, four residual blocks with layer
    normalization that halve the size, to 2, 4, 8 and 8 times `width` channels,
    and a linear layer on all outputs of the last. (The published code is for 64
    pixels only.) "activations" lists the outputs of the convolution, after its
    leaky ReLU, and of each block.

    Args:
      image_shape: height, width and channels; 32 to 160 pixels.
      options: `width` is that of the channels after the first layer; without
        `batch_norm`; `published_weights` makes initial weights of the linear
        layer normal of deviation .01, in place of Glorot's. The others are
        always the published ones.

    Raises:
      UsageError: for a shape out of range, or `batch_norm`.
    """
    SIZES.check("ResNet", image_shape)
    blocks.refuse_batch_norm("ResNet", options.batch_norm)
    make = _factory(residual.HE_MEAN, options)
    inputs, x = blocks.critic_inputs(image_shape, options)
    depths = [depth * options.width for depth in (1, 2, 4, 8, 8)]
    activations = _down(x, depths, make, residual.layer_norm)
    phi = keras.layers.Flatten(name="flat")(activations[-1])
    return blocks.critic_model(
        inputs, phi, options, activations, make, "resnet5_critic"
    )


def sn_generator(
    image_shape: tuple[int, ...],
    options: GeneratorOptions,
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    For 64 x 64 pixels linear to [4, 4, 16 * width] and four residual blocks
    that double the size and halve the channels. For all other sizes linear to
    [h / 32, w / 32, 16 * width], sizes rounded up, and before these four blocks
    one that keeps the channels. Then batch normalization, ReLU and a 3 x 3
    convolution.

    Args:
      image_shape: height, width and channels; 32 to 160 pixels.
      options: `width` is that of the channels before the last layer.

    Raises:
      UsageError: for a shape out of range.
    """
    SIZES.check("SNResNet", image_shape)
    depths = [depth * options.width for depth in (16, 8, 4, 2, 1)]
    if _is_64(image_shape):
        del depths[0]
    shapes = blocks.stage_shapes(image_shape, len(depths))
    inputs, normalize = blocks.generator_inputs(options)
    make = blocks.LayerFactory(residual.GLOROT)
    x = blocks.base(inputs, (*shapes[-1], 16 * options.width))
    x = _up(x, depths, shapes[:-1], make, normalize)
    x = residual.relu(normalize(x, "norm_out"), "relu_out")
    images = blocks.to_images(make.conv(image_shape[2], 3, name="conv_out")(x))
    return keras.Model(inputs.tensors, images, name="snresnet_generator")


def sn_critic(
    image_shape: tuple[int, ...],
    options: CriticOptions,
) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    3 x 3 convolution with leaky ReLU, four residual blocks that halve the size,
    to 2, 4, 8 and 16 times `width` channels, for all but 64 x 64 pixels one
    more that keeps size and channels, leaky ReLU, the sum over all positions,
    and a linear layer. "activations" lists the outputs of the convolution,
    after its leaky ReLU, of each block, and of the last leaky ReLU.

    Args:
      image_shape: height, width and channels; 32 to 160 pixels.
      options: as for `critic`; the published conditioning is by projection with
        `project_output`.

    Raises:
      UsageError: for a shape out of range, or `batch_norm`.
    """
    SIZES.check("SNResNet", image_shape)
    blocks.refuse_batch_norm("SNResNet", options.batch_norm)
    make = _factory(residual.GLOROT, options)
    inputs, x = blocks.critic_inputs(image_shape, options)
    depths = [depth * options.width for depth in (1, 2, 4, 8, 16)]
    activations = _down(x, depths, make, residual.no_norm)
    if not _is_64(image_shape):
        activations.append(
            residual.same(activations[-1], "block5", make, residual.no_norm)
        )
    x = layers.LeakyReLU(name="lrelu_out")(activations[-1])
    activations.append(x)
    phi = residual.sum_of_positions(x)
    return blocks.critic_model(
        inputs, phi, options, activations, make, "snresnet_critic"
    )


def _is_64(image_shape: tuple[int, ...]) -> bool:
    return image_shape[:2] == (64, 64)


def _factory(
    weights: blocks.Weights, options: CriticOptions
) -> blocks.LayerFactory:
    output = blocks.NORMAL_01 if options.published_weights else residual.GLOROT
    return blocks.LayerFactory(
        weights, output, spectral_norm=options.spectral_norm
    )


def _up(
    x: keras.KerasTensor,
    depths: list[int],
    shapes: list[tuple[int, int]],
    make: blocks.LayerFactory,
    normalize: Normalization,
) -> keras.KerasTensor:
    """Blocks that lead to `depths` in order, and to `shapes` in reverse."""
    targets = zip(depths, reversed(shapes), strict=True)
    for number, (depth, shape) in enumerate(targets, start=1):
        x = residual.up(x, depth, shape, f"block{number}", make, normalize)
    return x


def _down(
    x: keras.KerasTensor,
    depths: list[int],
    make: blocks.LayerFactory,
    normalize: Normalization,
) -> list[keras.KerasTensor]:
    """The outputs of the first convolution and of each block."""
    first = make.conv(
        depths[0], 3, kernel_initializer=residual.GLOROT(), name="conv"
    )
    activations = [layers.LeakyReLU(name="lrelu")(first(x))]
    for number, depth in enumerate(depths[1:], start=1):
        x = residual.down(
            activations[-1], depth, f"block{number}", make, normalize
        )
        activations.append(x)
    return activations
