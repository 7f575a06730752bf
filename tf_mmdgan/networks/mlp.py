"""Fully connected networks, for points of a plane and for small images."""

import functools
import math
from collections.abc import Sequence

import keras

from tf_mmdgan import errors
from tf_mmdgan.networks import blocks, layers
from tf_mmdgan.networks.conditioning import Conditioning, Inputs
from tf_mmdgan.networks.spectral_normalization import SpectralNorm

SIZES = blocks.Sizes(minimum=2)
_GLOROT = keras.initializers.GlorotUniform
_SLOPE = 0.2


def generator(
    image_shape: tuple[int, ...],
    latent_size: int,
    width: int = 64,
    *,
    batch_norm: bool = True,
    conditioning: Conditioning | None = None,
    batch_statistics: bool = False,
    multiples: Sequence[int] = (1, 1),
    hidden_weights: blocks.Weights = keras.initializers.HeNormal,
) -> keras.Model:
    """From latents [b, latent_size] to points, or to images in [-1, 1].

    Hidden layers of `width` units with ReLU, and a linear layer; for images
    tanh after that.

    Args:
      image_shape: (n,), for n coordinates of a point, any real numbers; or
        height, width and channels, 2 to 160 pixels.
      latent_size: z, >= 1.
      width: units of a hidden layer of multiple 1, >= 1.
      batch_norm: whether to normalize before each ReLU; also for points, for
        which False is usual.
      conditioning: see `Architecture`.
      batch_statistics: see `Architecture`.
      multiples: of `width`, units of each hidden layer; one or more, >= 1.
      hidden_weights: makes the initializer of a hidden layer.

    Raises:
      UsageError: for a shape or a number out of range.
    """
    _check(
        image_shape,
        latent_size=latent_size,
        width=width,
        hidden_layers=len(multiples),
        multiple=min(multiples, default=1),
    )
    inputs = Inputs((latent_size,), "latents", conditioning)
    normalize = inputs.normalization(batch_norm, batch_statistics)
    make = blocks.LayerFactory(hidden_weights)
    x = inputs.with_labels(inputs.data)
    for number, multiple in enumerate(multiples, start=1):
        x = make.hidden(multiple * width, name=f"hidden{number}")(x)
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
    output_width: int,
    width: int = 64,
    *,
    batch_norm: bool = False,
    spectral_norm: SpectralNorm | None = None,
    conditioning: Conditioning | None = None,
    published_weights: bool = False,
    multiples: Sequence[int] = (1, 1),
    hidden_weights: blocks.Weights = keras.initializers.HeNormal,
    slope: float = _SLOPE,
) -> keras.Model:
    """From points or images to {"features": ..., "activations": [...]}.

    Hidden layers of `width` units with leaky ReLU, and a linear layer to
    [b, output_width]. "activations" lists the hidden layers'.
    Labels are appended to the flat input.

    Args:
      image_shape: as for `generator`.
      output_width: number of features, >= 1.
      width: units of a hidden layer of multiple 1, >= 1.
      batch_norm: whether to normalize in every hidden layer but the first.
      spectral_norm: see `Architecture`.
      conditioning: see `Architecture`.
      published_weights: Glorot's initial weights in the hidden layers, whatever
        `hidden_weights` says.
      multiples: of `width`, units of each hidden layer; one or more, >= 1.
      hidden_weights: as for `generator`.
      slope: of the units below zero.

    Raises:
      UsageError: for a shape or a number out of range.
    """
    _check(
        image_shape,
        output_width=output_width,
        width=width,
        hidden_layers=len(multiples),
        multiple=min(multiples, default=1),
    )
    make = blocks.LayerFactory(
        _GLOROT if published_weights else hidden_weights,
        spectral_norm=spectral_norm,
    )
    inputs = Inputs(image_shape, "images", conditioning)
    x = inputs.data
    if _is_image(image_shape):
        x = keras.layers.Flatten(name="flat")(blocks.unit_range(x))
    x = inputs.with_labels(x)
    activations = []
    for number, multiple in enumerate(multiples, start=1):
        x = make.hidden(multiple * width, name=f"hidden{number}")(x)
        if batch_norm and number > 1:
            x = layers.batch_norm(f"bn{number}")(x)
        x = layers.LeakyReLU(slope, name=f"lrelu{number}")(x)
        activations.append(x)
    return blocks.critic_model(
        inputs, x, output_width, activations, make, "mlp_critic"
    )


# The networks for points of A. Srivastava, K. Xu, M. U. Gutmann and C. Sutton,
# "Generative Ratio Matching Networks", ICLR 2020, arXiv:1806.00101, and of what
# they compare with; without batch normalization.
gram_generator = functools.partial(generator, hidden_weights=_GLOROT)
gram_critic = functools.partial(critic, hidden_weights=_GLOROT, slope=0.0)


def _is_image(image_shape: tuple[int, ...]) -> bool:
    return len(image_shape) > 1


def _check(image_shape: tuple[int, ...], **numbers: int) -> None:
    if _is_image(image_shape):
        SIZES.check("MLP", image_shape)
    else:
        errors.check_positive(coordinates=math.prod(image_shape))
    errors.check_positive(**numbers)
