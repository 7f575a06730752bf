"""DCGAN in four or five stages, as the MMD GAN papers use it.

The networks of M. Binkowski, D. J. Sutherland, M. Arbel and A. Gretton,
"Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401, appendix F, with the
layers and initial weights of their code
(https://github.com/mbinkowski/MMD-GAN, gan/core/architecture.py), after
A. Radford, L. Metz and S. Chintala, arXiv:1511.06434. They end in a sigmoid,
for images in [0, 1]; here it is tanh, for images in [-1, 1].
"""

import dataclasses

import keras

from tf_mmdgan import errors
from tf_mmdgan.networks import blocks, layers
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions

_PUBLISHED = blocks.LayerFactory(
    hidden_weights=blocks.TRUNCATED_02, output_weights=blocks.NORMAL_01
)
_FULLY_CONVOLUTIONAL_STAGES = 5


def sizes(stages: int) -> blocks.Sizes:
    """The image sizes that leave one pixel or more at the last stage."""
    return blocks.Sizes(minimum=2**stages)


def generator(
    image_shape: tuple[int, ...],
    options: GeneratorOptions,
    *,
    stages: int = 4,
) -> keras.Model:
    """From latents [b, latent_size] to float32 images in [-1, 1].

    Linear to [h / 2**stages, w / 2**stages, 2**(stages - 1) * width], sizes
    rounded up, then transposed 5 x 5 convolutions of stride 2 that halve the
    channels down to `width` and end in the image's; before each of them batch
    normalization and ReLU.

    Args:
      image_shape: height, width and channels; 2**stages to 160 pixels.
      options: `width` is that of the channels before the last layer.
      stages: number of transposed convolutions.

    Raises:
      UsageError: for a shape out of range.
    """
    sizes(stages).check(f"DCGAN in {stages} stages", image_shape)
    shapes = blocks.stage_shapes(image_shape, stages)
    widths = (options.width * 2**stage for stage in range(stages))
    depths = [image_shape[2], *widths]
    inputs, normalize = blocks.generator_inputs(options)
    x = blocks.base(inputs, (*shapes[-1], depths[-1]))
    for stage in reversed(range(stages)):
        number = stages - stage
        x = normalize(x, f"bn{number}")
        x = keras.layers.ReLU(name=f"relu{number}")(x)
        x = blocks.deconv(depths[stage], shapes[stage], f"deconv{number}")(x)
    images = blocks.to_images(x)
    return keras.Model(inputs.tensors, images, name=f"dcgan{stages}_generator")


def critic(
    image_shape: tuple[int, ...],
    options: CriticOptions,
    *,
    stages: int = 4,
) -> keras.Model:
    """From images to {"features": [b, output_width], "activations": [...]}.

    5 x 5 convolutions of stride 2 with leaky ReLU that double the channels,
    from `width` on, then a linear layer. "activations" lists what each stage
    gives after its leaky ReLU, [b, h / 2**stage, w / 2**stage,
    2**(stage - 1) * width] with sizes rounded up, so that a penalty can be on
    all of them. The features are float32 under any policy.

    Args:
      image_shape: height, width and channels; 2**stages to 160 pixels.
      options: `width` is that of the channels after the first layer;
        `batch_norm` is in every stage but the first; `published_weights` makes
        initial weights truncated normals of deviation .02, in the linear layer
        normals of .01, in place of He's and Glorot's. So does batch
        normalization.
      stages: number of convolutions.

    Raises:
      UsageError: for a shape out of range.
    """
    sizes(stages).check(f"DCGAN in {stages} stages", image_shape)
    make = _factory(options)
    inputs, x = blocks.critic_inputs(image_shape, options)
    activations = _convolutions(x, stages, options, make)
    phi = keras.layers.Flatten(name="flat")(activations[-1])
    name = f"dcgan{stages}_critic"
    return blocks.critic_model(inputs, phi, options, activations, make, name)


def fully_convolutional_critic(
    image_shape: tuple[int, ...],
    options: CriticOptions,
) -> keras.Model:
    """As `critic` in five stages, the last with `output_width` channels.

    There is no linear layer: the features are what the last stage gives after
    its leaky ReLU, flattened, output_width * ceil(h / 32) * ceil(w / 32) of
    them. "activations" lists the other four stages.

    Args:
      image_shape: height, width and channels; 32 to 160 pixels.
      options: as for `critic`, but `output_width` is the number of features at
        each position, `batch_norm` is in stages two to four, and conditioning
        by projection needs `project_output`.

    Raises:
      UsageError: for a shape out of range, and for conditioning by projection
        of the activations and minibatch discrimination, which take a linear
        layer.
    """
    stages = _FULLY_CONVOLUTIONAL_STAGES
    sizes(stages).check("The fully convolutional critic", image_shape)
    make = _factory(options)
    inputs, x = blocks.critic_inputs(image_shape, options)
    if inputs.projects_activations:
        raise errors.UsageError(
            "The fully convolutional critic has no linear layer for labels to "
            "be projected beside: concatenate them.",
            setting="conditioning",
        )
    if options.minibatch_kernels:
        raise errors.UsageError(
            "The fully convolutional critic has no linear layer for minibatch "
            "discrimination to come before.",
            setting="minibatch_kernels",
        )
    activations = _convolutions(x, stages - 1, options, make)
    last = make.conv(
        options.output_width,
        5,
        2,
        use_bias=options.output_bias,
        dtype="float32",
        name=f"conv{stages}",
    )
    x = last(activations[-1])
    x = layers.LeakyReLU(name=f"lrelu{stages}", dtype="float32")(x)
    features = keras.layers.Flatten(name="features", dtype="float32")(x)
    features = inputs.project(features, features, make.linear)
    outputs = {"features": features, "activations": activations}
    return keras.Model(inputs.tensors, outputs, name="fullconv5_critic")


def _factory(options: CriticOptions) -> blocks.LayerFactory:
    # Under batch normalization the scale of the weights matters for nothing but
    # the length of a step: from He's weights, a GAN's critic is sure of itself
    # before the generator has moved, which then never catches up.
    small_weights = options.published_weights or options.batch_norm
    make = _PUBLISHED if small_weights else blocks.LayerFactory()
    return dataclasses.replace(make, spectral_norm=options.spectral_norm)


def _convolutions(
    x: keras.KerasTensor,
    stages: int,
    options: CriticOptions,
    make: blocks.LayerFactory,
) -> list[keras.KerasTensor]:
    """The outputs of each stage."""
    activations = []
    for stage in range(stages):
        number = stage + 1
        depth = options.width * 2**stage
        x = make.conv(depth, 5, 2, name=f"conv{number}")(x)
        if options.batch_norm and stage > 0:
            x = layers.batch_norm(f"bn{number}")(x)
        x = layers.LeakyReLU(name=f"lrelu{number}")(x)
        activations.append(x)
    return activations
