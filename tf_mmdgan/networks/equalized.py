"""Layers whose weights all learn at one rate.

A kernel W is drawn from N(0, 1) and used as W / sqrt(fan_in), so that the steps
of Adam, which do not depend on the scale of a gradient, change each layer's
output by as much. T. Karras, T. Aila, S. Laine and J. Lehtinen, "Progressive
Growing of GANs for Improved Quality, Stability, and Variation", ICLR 2018,
arXiv:1710.10196, section 4.1.
"""

import math
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.networks import layers

_FANS = dict.fromkeys(("in", "out"))


@keras.saving.register_keras_serializable("tf_mmdgan")
class EqualizedDense(keras.layers.Dense):
    """A fully connected layer with an equalised rate.

    x W rate / sqrt(fan) + rate b, where W starts from N(0, 1 / rate^2).

    Args:
      units: columns of the output.
      rate: of learning, over that of other layers; > 0.
      fan: rows of W ("in"), or its columns ("out"), as befits a table, of which
        an example takes one row.
      **kwargs: of `keras.layers.Dense`.
    """

    def __init__(
        self, units: int, rate: float = 1.0, fan: str = "in", **kwargs: Any
    ):
        errors.check_above(0.0, rate=rate)
        errors.pick(_FANS, fan, "fan")
        kwargs.setdefault("kernel_initializer", _normal(1.0 / rate))
        super().__init__(units, **kwargs)
        self.rate = rate
        self.fan = fan

    @property
    def kernel_scale(self) -> float:
        """What the kernel is multiplied by."""
        rows, columns = self.kernel.shape
        return self.rate / math.sqrt(rows if self.fan == "in" else columns)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[b, units]."""
        x = tf.matmul(inputs, self.kernel * self.kernel_scale)
        return x + self.bias * self.rate if self.use_bias else x

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"rate": self.rate, "fan": self.fan}


@keras.saving.register_keras_serializable("tf_mmdgan")
class EqualizedConv2D(keras.layers.Conv2D):
    """A convolution with an equalised rate."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("kernel_initializer", _normal())
        super().__init__(*args, **kwargs)

    @property
    def kernel_scale(self) -> float:
        """What the kernel is multiplied by."""
        return fan_in_scale(self.kernel.shape)

    def convolution_op(self, inputs: tf.Tensor, kernel: Any) -> tf.Tensor:
        """Keras' hook: the convolution without its bias."""
        return super().convolution_op(inputs, kernel * self.kernel_scale)


@keras.saving.register_keras_serializable("tf_mmdgan")
class ScaledLeakyReLU(layers.LeakyReLU):
    """sqrt(2) max(x, x / 5), which keeps the size of what is about normal."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The activations, of the shape of `inputs`."""
        return math.sqrt(2.0) * super().call(inputs)


def fan_in_scale(kernel_shape: Any) -> float:
    """1 / sqrt(fan_in) of a kernel [..., outputs]."""
    return 1.0 / math.sqrt(math.prod(kernel_shape[:-1]))


def _normal(deviation: float = 1.0) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=deviation)
