"""The convolutional networks of SN-GAN.

The plain ones, for CIFAR-10 and STL-10, of T. Miyato, T. Kataoka, M. Koyama and
Y. Yoshida, "Spectral Normalization for Generative Adversarial Networks", ICLR
2018, arXiv:1802.05957, appendix B; their 64 to 512 channels are `width` to
8 * `width` here.

The networks of the same name in the code of M. Arbel, D. J. Sutherland,
M. Binkowski and A. Gretton, "On gradient regularizers for MMD GANs", NeurIPS
2018, arXiv:1805.11565 (https://github.com/MichaelArbel/Scaled-MMD-GAN,
gan/core/architecture.py) differ: transposed convolutions of 5 x 5, a leaky ReLU
of slope .2, and a critic of 64 to 512 channels whatever its width.
"""

import dataclasses

import keras

from tf_mmdgan.networks import blocks, layers
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions

SIZES = blocks.Sizes(minimum=16, maximum=128, multiple=8)
_SLOPE = 0.1
_STAGES = 3
_PUBLISHED = blocks.LayerFactory(
    hidden_weights=blocks.TRUNCATED_02, output_weights=blocks.TRUNCATED_02
)
# Channels over width, kernel size and stride of the critic's convolutions.
_CONVOLUTIONS = (
    (1, 3, 1),
    (2, 4, 2),
    (2, 3, 1),
    (4, 4, 2),
    (4, 3, 1),
    (8, 4, 2),
    (8, 3, 1),
)


def generator(
    image_shape: tuple[int, ...],
    options: GeneratorOptions,
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    Linear to [h / 8, w / 8, 8 * width], three transposed 4 x 4 convolutions of
    stride 2 to 4, 2 and 1 times `width` channels, and a 3 x 3 convolution;
    before each convolution batch normalization and ReLU.

    Args:
      image_shape: height, width and channels; multiples of 8 from 16 to 128.
      options: `width` is that of the channels before the last layer.

    Raises:
      UsageError: for a shape out of range.
    """
    SIZES.check("SNGAN", image_shape)
    height, columns, channels = image_shape
    inputs, normalize = blocks.generator_inputs(options)
    scale = 2**_STAGES
    x = blocks.base(
        inputs, (height // scale, columns // scale, scale * options.width)
    )
    for number in range(1, _STAGES + 1):
        x = normalize(x, f"bn{number}")
        x = keras.layers.ReLU(name=f"relu{number}")(x)
        x = keras.layers.Conv2DTranspose(
            options.width * 2 ** (_STAGES - number),
            kernel_size=4,
            strides=2,
            padding="same",
            kernel_initializer=blocks.NORMAL_02(),
            name=f"deconv{number}",
        )(x)
    x = normalize(x, "bn_out")
    x = keras.layers.ReLU(name="relu_out")(x)
    make = blocks.LayerFactory(hidden_weights=blocks.NORMAL_02)
    images = blocks.to_images(make.conv(channels, 3, name="conv_out")(x))
    return keras.Model(inputs.tensors, images, name="sngan_generator")


def critic(
    image_shape: tuple[int, ...],
    options: CriticOptions,
) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    Seven convolutions with leaky ReLU of slope .1, in turn 3 x 3 and, to half
    the size and twice the channels, 4 x 4 of stride 2; then a linear layer.
    "activations" lists the outputs of each, after its leaky ReLU.

    Args:
      image_shape: height, width and channels; multiples of 8 from 16 to 128.
      options: `width` is that of the channels after the first layer; without
        `batch_norm`; the paper's `spectral_norm` is `SpectralNorm()`;
        `published_weights` makes initial weights truncated normals of deviation
        .02, as in the code of Scaled MMD GAN, in place of He's and Glorot's.

    Raises:
      UsageError: for a shape out of range, or `batch_norm`.
    """
    SIZES.check("SNGAN", image_shape)
    blocks.refuse_batch_norm("SNGAN", options.batch_norm)
    make = dataclasses.replace(
        _PUBLISHED if options.published_weights else blocks.LayerFactory(),
        spectral_norm=options.spectral_norm,
    )
    inputs, x = blocks.critic_inputs(image_shape, options)
    activations = []
    for number, (depth, size, stride) in enumerate(_CONVOLUTIONS, start=1):
        layer = make.conv(
            depth * options.width, size, stride, name=f"conv{number}"
        )
        x = layer(x)
        x = layers.LeakyReLU(_SLOPE, name=f"lrelu{number}")(x)
        activations.append(x)
    phi = keras.layers.Flatten(name="flat")(x)
    return blocks.critic_model(
        inputs, phi, options, activations, make, "sngan_critic"
    )
