"""DCGAN in four or five stages, as the MMD GAN papers use it.

The networks of M. Binkowski, D. J. Sutherland, M. Arbel and A. Gretton,
"Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401, appendix F, with the
layers and initial weights of their code
(https://github.com/mbinkowski/MMD-GAN, gan/core/architecture.py), after
A. Radford, L. Metz and S. Chintala, arXiv:1511.06434. They end in a sigmoid,
for images in [0, 1]; here it is tanh, for images in [-1, 1].
"""

import math

import keras

from tf_mmdgan import errors, layers

MAXIMUM_SIZE = 160


def minimum_size(stages: int) -> int:
    """The smallest image side that `stages` halvings bring to one pixel."""
    return 2**stages


def stage_sizes(size: int, stages: int) -> list[int]:
    """The image side before each stage and after the last: 28, 14, 7, 4, 2."""
    return [math.ceil(size / 2**stage) for stage in range(stages + 1)]


def generator(
    image_shape: tuple[int, int, int],
    latent_size: int,
    width: int = 64,
    batch_norm: bool = True,
    stages: int = 4,
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    Linear to [h / 2**stages, w / 2**stages, 2**(stages - 1) * width], sizes
    rounded up, then transposed 5 x 5 convolutions of stride 2 that halve the
    channels down to `width` and end in the image's; before each of them batch
    normalization and ReLU.

    Args:
      image_shape: height, width and channels; 2**stages to 160 pixels.
      latent_size: z, >= 1.
      width: channels before the last layer, >= 1.
      batch_norm: whether to normalize before each ReLU.
      stages: number of transposed convolutions.

    Raises:
      UsageError: for a shape or a number out of range.
    """
    _check(image_shape, stages, latent_size=latent_size, width=width)
    *_, channels = image_shape
    heights, widths = (stage_sizes(side, stages) for side in image_shape[:2])
    depths = [channels, *(width * 2**stage for stage in range(stages))]
    base = (heights[-1], widths[-1], depths[-1])

    latents = keras.Input((latent_size,), name="latents")
    x = keras.layers.Dense(
        math.prod(base),
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
        name="linear",
    )(latents)
    x = keras.layers.Reshape(base, name="base")(x)
    for stage in reversed(range(stages)):
        number = stages - stage
        if batch_norm:
            x = layers.batch_norm(name=f"bn{number}")(x)
        x = keras.layers.ReLU(name=f"relu{number}")(x)
        x = keras.layers.Conv2DTranspose(
            depths[stage],
            kernel_size=5,
            strides=2,
            padding="same",
            # A side of 2 s - 1 pixels, which halves to s as 2 s does, is what
            # Keras makes of s without a row of padding.
            output_padding=tuple(
                1 - sides[stage] % 2 for sides in (heights, widths)
            ),
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
            name=f"deconv{number}",
        )(x)
    # In float32 under any policy, for half precision has too few levels. The
    # published sigmoid, in [-1, 1]: 2 sigmoid(x) - 1 = tanh(x / 2).
    x = keras.layers.Rescaling(0.5, dtype="float32", name="half")(x)
    tanh = keras.layers.Activation("tanh", dtype="float32", name="images")
    return keras.Model(latents, tanh(x), name=f"dcgan{stages}_generator")


def critic(
    image_shape: tuple[int, int, int],
    output_width: int,
    width: int = 64,
    batch_norm: bool = False,
    stages: int = 4,
) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    5 x 5 convolutions of stride 2 with leaky ReLU that double the channels,
    from `width` on, then a linear layer. "activations" lists what each stage
    gives after its leaky ReLU, [b, h / 2**stage, w / 2**stage,
    2**(stage - 1) * width] with sizes rounded up, for penalties on all of
    them. The features are float32 under any policy.

    Args:
      image_shape: height, width and channels; 2**stages to 160 pixels.
      output_width: number of features, >= 1.
      width: channels after the first layer, >= 1.
      batch_norm: whether to normalize in every stage but the first; only for
        critics without a gradient penalty.
      stages: number of convolutions.

    Raises:
      UsageError: for a shape or a number out of range.
    """
    _check(image_shape, stages, output_width=output_width, width=width)
    images = keras.Input(image_shape, name="images")
    # Published for images in [0, 1]: the scale of the weights, and penalties on
    # activations, suppose that.
    x = keras.layers.Rescaling(0.5, offset=0.5, name="unit_range")(images)
    activations = []
    for stage in range(stages):
        number = stage + 1
        x = keras.layers.Conv2D(
            width * 2**stage,
            kernel_size=5,
            strides=2,
            padding="same",
            # Published are weights of standard deviation .02. The activations
            # are then so small that the L2 penalty on them outweighs all else
            # and leads the critic to zero, where every gradient vanishes.
            kernel_initializer=keras.initializers.HeNormal(),
            name=f"conv{number}",
        )(x)
        if batch_norm and stage > 0:
            x = layers.batch_norm(name=f"bn{number}")(x)
        x = layers.LeakyReLU(name=f"lrelu{number}")(x)
        activations.append(x)
    x = keras.layers.Flatten(name="flat")(x)
    features = keras.layers.Dense(
        output_width, name="features", dtype="float32"
    )(x)
    outputs = {"features": features, "activations": activations}
    return keras.Model(images, outputs, name=f"dcgan{stages}_critic")


def _check(
    image_shape: tuple[int, int, int], stages: int, **numbers: int
) -> None:
    *sides, channels = image_shape
    minimum = minimum_size(stages)
    if min(sides) < minimum or max(sides) > MAXIMUM_SIZE:
        raise errors.UsageError(
            f"DCGAN in {stages} stages makes images of {minimum} to "
            f"{MAXIMUM_SIZE} pixels a side, not of {sides[0]} x {sides[1]}."
        )
    for name, value in {"channels": channels, **numbers}.items():
        if value < 1:
            raise errors.UsageError(f"{name}={value}, need >= 1.")
