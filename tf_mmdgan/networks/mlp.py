"""Fully connected networks, for points of a plane and for small images."""

import functools
import math
from collections.abc import Sequence

import keras

from tf_mmdgan import errors
from tf_mmdgan.networks import blocks, layers
from tf_mmdgan.networks.conditioning import Inputs
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions
from tf_mmdgan.networks.times import DenoiserOptions, TimedInputs

SIZES = blocks.Sizes(minimum=2)
_GLOROT = keras.initializers.GlorotUniform
_SLOPE = 0.2


def generator(
    image_shape: tuple[int, ...],
    options: GeneratorOptions,
    *,
    multiples: Sequence[int] = (1, 1),
    hidden_weights: blocks.Weights = keras.initializers.HeNormal,
) -> keras.Model:
    """From latents [b, latent_size] to points, or to images in [-1, 1].

    Hidden layers with ReLU, then a linear layer; for images tanh after that.

    Args:
      image_shape: (n,), for n coordinates of a point, any real numbers; or
        height, width and channels, 2 to 160 pixels.
      options: `width` is the units of a hidden layer of multiple 1; for points
        no `batch_norm` is usual.
      multiples: units of each hidden layer, as multiples of `width`, >= 1;
        there is one hidden layer or more.
      hidden_weights: makes the initializer of a hidden layer.

    Raises:
      UsageError: for a shape or a number out of range.
    """
    _check(image_shape, multiples)
    inputs, normalize = blocks.generator_inputs(options)
    make = blocks.LayerFactory(hidden_weights)
    x = inputs.with_labels(inputs.data)
    for number, multiple in enumerate(multiples, start=1):
        units = multiple * options.width
        x = make.hidden(units, name=f"hidden{number}")(x)
        x = normalize(x, f"bn{number}")
        x = keras.layers.ReLU(name=f"relu{number}")(x)
    # In float32 under any policy: points have no later layer to widen them.
    x = make.linear(math.prod(image_shape), dtype="float32", name="outputs")(x)
    if _is_image(image_shape):
        shape = keras.layers.Reshape(image_shape, dtype="float32", name="shape")
        x = blocks.to_images(shape(x))
    return keras.Model(inputs.tensors, x, name="mlp_generator")


def critic(
    image_shape: tuple[int, ...],
    options: CriticOptions,
    *,
    multiples: Sequence[int] = (1, 1),
    hidden_weights: blocks.Weights = keras.initializers.HeNormal,
    slope: float = _SLOPE,
) -> keras.Model:
    """From points or images to {"features": ..., "activations": [...]}.

    Hidden layers with leaky ReLU, then a linear layer to [b, output_width].
    "activations" lists the outputs of the hidden layers, after their leaky
    ReLU. Labels are appended to the flat input.

    Args:
      image_shape: as for `generator`.
      options: `width` is the units of a hidden layer of multiple 1;
        `batch_norm` is in every hidden layer but the first;
        `published_weights` makes initial weights of the hidden layers
        Glorot's, whatever `hidden_weights` says.
      multiples: units of each hidden layer, as multiples of `width`, >= 1;
        there is one hidden layer or more.
      hidden_weights: as for `generator`.
      slope: of the leaky ReLU below zero.

    Raises:
      UsageError: for a shape or a number out of range.
    """
    _check(image_shape, multiples)
    make = blocks.LayerFactory(
        _GLOROT if options.published_weights else hidden_weights,
        spectral_norm=options.spectral_norm,
    )
    inputs = Inputs(image_shape, "images", options.conditioning)
    x = inputs.data
    if _is_image(image_shape):
        x = keras.layers.Flatten(name="flat")(blocks.unit_range(x))
    x = inputs.with_labels(x)
    activations = []
    for number, multiple in enumerate(multiples, start=1):
        units = multiple * options.width
        x = make.hidden(units, name=f"hidden{number}")(x)
        if options.batch_norm and number > 1:
            x = layers.batch_norm(f"bn{number}")(x)
        x = layers.LeakyReLU(slope, name=f"lrelu{number}")(x)
        activations.append(x)
    return blocks.critic_model(
        inputs, x, options, activations, make, "mlp_critic"
    )


def denoiser(
    image_shape: tuple[int, ...],
    options: DenoiserOptions,
    *,
    multiples: Sequence[int] = (1, 1),
) -> keras.Model:
    """From points or maps, and times, to the same; see `times.TimedInputs`.

    Hidden layers with ReLU, then a linear layer. What is made of the times is
    appended to the flat input.

    Args:
      image_shape: as for `generator`.
      options: `width` is the units of a hidden layer of multiple 1.
      multiples: as for `generator`.

    Raises:
      UsageError: for a shape or a number out of range.
    """
    _check(image_shape, multiples)
    inputs = TimedInputs(image_shape, options)
    make = blocks.LayerFactory()
    flat = keras.layers.Flatten(name="flat")(inputs.maps)
    x = keras.layers.Concatenate(name="timed")([flat, inputs.embedding])
    for number, multiple in enumerate(multiples, start=1):
        units = multiple * options.width
        x = make.hidden(units, activation="relu", name=f"hidden{number}")(x)
    x = make.linear(math.prod(image_shape), dtype="float32", name="outputs")(x)
    x = keras.layers.Reshape(image_shape, dtype="float32", name="shape")(x)
    return keras.Model(inputs.tensors, x, name="mlp_denoiser")


# The networks for points in A. Srivastava, K. Xu, M. U. Gutmann and C. Sutton,
# "Generative Ratio Matching Networks", ICLR 2020, arXiv:1806.00101: theirs, and
# those that they compare with. Use them without batch normalization.
gram_generator = functools.partial(generator, hidden_weights=_GLOROT)
gram_critic = functools.partial(critic, hidden_weights=_GLOROT, slope=0.0)


def _is_image(image_shape: tuple[int, ...]) -> bool:
    return len(image_shape) > 1


def _check(image_shape: tuple[int, ...], multiples: Sequence[int]) -> None:
    if _is_image(image_shape):
        SIZES.check("MLP", image_shape)
    else:
        errors.check_positive(coordinates=math.prod(image_shape))
    errors.check_positive(
        hidden_layers=len(multiples), multiple=min(multiples, default=1)
    )
