"""What the networks have in common: sizes, first and last layers, blocks."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras

from tf_mmdgan import errors
from tf_mmdgan.networks.conditioning import Inputs
from tf_mmdgan.networks.layers import Normalization
from tf_mmdgan.networks.minibatch import MinibatchDiscrimination
from tf_mmdgan.networks.options import CriticOptions, GeneratorOptions
from tf_mmdgan.networks.spectral_normalization import SpectralNorm

Weights = Callable[[], keras.initializers.Initializer]

# Standard deviations of the initial weights of DCGAN's descendants.
NORMAL_01 = functools.partial(keras.initializers.RandomNormal, stddev=0.01)
NORMAL_02 = functools.partial(keras.initializers.RandomNormal, stddev=0.02)
TRUNCATED_02 = functools.partial(
    keras.initializers.TruncatedNormal, stddev=0.02
)


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The heights and widths of images that a network can make, in pixels.

    Attributes:
      minimum: the smallest.
      maximum: the largest.
      multiple: every side is a multiple of this.
    """

    minimum: int
    maximum: int = 160
    multiple: int = 1

    def check(self, network: str, image_shape: Sequence[int]) -> None:
        """Raises UsageError for another shape than these sizes' [h, w, c]."""
        if len(image_shape) != 3:
            raise errors.UsageError(
                f"{network} makes images, height x width x channels, not "
                f"points of shape {tuple(image_shape)}; the architecture mlp "
                f"makes both."
            )
        height, width, channels = image_shape
        if (
            min(height, width) < self.minimum
            or max(height, width) > self.maximum
            or height % self.multiple
            or width % self.multiple
        ):
            steps = f" in steps of {self.multiple}" if self.multiple > 1 else ""
            raise errors.UsageError(
                f"{network} makes images of {self.minimum} to {self.maximum} "
                f"pixels a side{steps}, not of {height} x {width}."
            )
        errors.check_positive(channels=channels)


def refuse_batch_norm(network: str, batch_norm: bool) -> None:
    """Raises UsageError where a critic never normalizes over the batch."""
    if batch_norm:
        raise errors.UsageError(
            f"The critic of {network} has no batch normalisation: leave it "
            "out.",
            setting="critic_batch_norm",
        )


def stage_sizes(size: int, stages: int) -> list[int]:
    """The image side before each stage and after the last: 28, 14, 7, 4, 2."""
    return [math.ceil(size / 2**stage) for stage in range(stages + 1)]


def stage_shapes(
    image_shape: tuple[int, ...], stages: int
) -> list[tuple[int, int]]:
    """Height and width before each stage and after the last."""
    sides = (stage_sizes(side, stages) for side in image_shape[:2])
    return list(zip(*sides, strict=True))


@dataclasses.dataclass(frozen=True)
class LayerFactory:
    """Makes the layers of a network that have weights to be multiplied by.

    Attributes:
      hidden_weights: makes the initializer of a hidden layer. With deviations
        of .02, as DCGAN's critics had them, activations are so small that an
        L2 penalty on them outweighs all else and leads the critic to zero,
        where every gradient vanishes; with He's, activations keep their size.
      output_weights: makes the initializer of the layers after the last
        activation.
      shortcut_weights: makes the initializer of the 1 x 1 convolutions beside
        residual blocks.
      spectral_norm: wraps every layer made here.
    """

    hidden_weights: Weights = keras.initializers.HeNormal
    output_weights: Weights = keras.initializers.GlorotUniform
    shortcut_weights: Weights = keras.initializers.GlorotUniform
    spectral_norm: SpectralNorm | None = None

    def conv(
        self,
        channels: int,
        kernel_size: int,
        strides: int = 1,
        **kwargs: Any,
    ) -> keras.layers.Layer:
        """A hidden convolution, by default with TensorFlow's SAME padding."""
        kwargs.setdefault("kernel_initializer", self.hidden_weights())
        settings = {"padding": "same", **kwargs}
        layer = keras.layers.Conv2D(channels, kernel_size, strides, **settings)
        return self._normalized(layer)

    def hidden(self, units: int, **kwargs: Any) -> keras.layers.Layer:
        """A fully connected hidden layer."""
        weights = self.hidden_weights()
        return self._normalized(
            keras.layers.Dense(units, kernel_initializer=weights, **kwargs)
        )

    def linear(self, units: int, **kwargs: Any) -> keras.layers.Layer:
        """A fully connected layer with no activation after it."""
        weights = self.output_weights()
        return self._normalized(
            keras.layers.Dense(units, kernel_initializer=weights, **kwargs)
        )

    def table(self, units: int, **kwargs: Any) -> keras.layers.Layer:
        """A layer on one-hot labels, whose kernel is a table of the classes."""
        return self.linear(units, **kwargs)

    def _normalized(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        if self.spectral_norm is None:
            return layer
        return self.spectral_norm.wrap(layer)


def generator_inputs(
    options: GeneratorOptions,
) -> tuple[Inputs, Normalization]:
    """The inputs of a generator, and what normalizes its layers.

    Raises:
      UsageError: for spectral normalisation, which no generator of one input
        for all layers has, and for projection without batch normalization.
    """
    if options.spectral_norm is not None:
        raise errors.UsageError(
            "This generator has no spectral normalisation: leave it out, or "
            "take the architecture biggan or sagan.",
            setting="generator_spectral_norm",
        )
    inputs = Inputs((options.latent_size,), "latents", options.conditioning)
    normalize = inputs.normalization(
        options.batch_norm, options.batch_statistics
    )
    return inputs, normalize


def base(inputs: Inputs, shape: tuple[int, int, int]) -> keras.KerasTensor:
    """The start of a generator: latents, and labels, to [b, h, w, c]."""
    linear = keras.layers.Dense(
        math.prod(shape), kernel_initializer=NORMAL_01(), name="linear"
    )
    x = linear(inputs.with_labels(inputs.data))
    return keras.layers.Reshape(shape, name="base")(x)


def deconv(
    channels: int, target: tuple[int, int], name: str
) -> keras.layers.Layer:
    """A transposed 5 x 5 convolution of stride 2, to `target` rows, columns."""
    return keras.layers.Conv2DTranspose(
        channels,
        kernel_size=5,
        strides=2,
        padding="same",
        # A side of 2 s - 1 pixels, which halves to s as 2 s does, is what
        # Keras makes of s without a row of padding.
        output_padding=tuple(1 - side % 2 for side in target),
        kernel_initializer=NORMAL_02(),
        name=name,
    )


def to_images(x: keras.KerasTensor) -> keras.KerasTensor:
    """The end of a generator: any numbers to float32 images in [-1, 1].

    They are float32 under any policy, because half precision has too few
    levels. The published sigmoid makes images in [0, 1]; in [-1, 1] that is
    2 sigmoid(x) - 1 = tanh(x / 2).
    """
    x = keras.layers.Rescaling(0.5, dtype="float32", name="half")(x)
    return keras.layers.Activation("tanh", dtype="float32", name="images")(x)


def unit_range(images: keras.KerasTensor) -> keras.KerasTensor:
    """The start of a critic: from [-1, 1] to [0, 1].

    Published critics are for images in [0, 1]: the scale of their weights and
    their penalties on gradients and activations are chosen for that range.
    """
    return keras.layers.Rescaling(0.5, offset=0.5, name="unit_range")(images)


def critic_inputs(
    image_shape: tuple[int, ...], options: CriticOptions
) -> tuple[Inputs, keras.KerasTensor]:
    """The inputs of a critic, and what its first layer is given."""
    inputs = Inputs(image_shape, "images", options.conditioning)
    return inputs, inputs.with_labels(unit_range(inputs.data))


def critic_model(
    inputs: Inputs,
    phi: keras.KerasTensor,
    options: CriticOptions,
    activations: list[keras.KerasTensor],
    make: LayerFactory,
    name: str,
) -> keras.Model:
    """The end of a critic: features linear in phi, [b, p], and its outputs.

    phi, with what a `MinibatchDiscrimination` appends to it, is the output
    "penultimate".
    """
    if options.minibatch_kernels:
        near = MinibatchDiscrimination(
            options.minibatch_kernels, dtype="float32", name="minibatch"
        )
        phi = near(phi)
    # In float32 under any policy: losses and penalties are computed from them.
    linear = make.linear(
        options.output_width,
        use_bias=options.output_bias,
        dtype="float32",
        name="features",
    )
    features = inputs.project(linear(phi), phi, make.table)
    outputs = {
        "features": features,
        "activations": activations,
        "penultimate": phi,
    }
    return keras.Model(inputs.tensors, outputs, name=name)
