"""Convolutions that are told a style."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan.networks import resampling
from tf_mmdgan.networks.equalized import EqualizedDense, fan_in_scale

_EPSILON = 1e-8


@keras.saving.register_keras_serializable("tf_mmdgan")
class ModulatedConv2D(keras.layers.Layer):
    """A convolution whose input channels are scaled by a style.

      s = style W_s + b_s,  y = d conv(s x) + b,
      d_o = 1 / sqrt(sum_i s_i^2 sum_k W_kio^2 + 1e-8)

    d keeps the size of what is about white noise, whatever the style. T.
    Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR
    2020, arXiv:1912.04958, section 2.2. Scaling what a convolution is given,
    and what it makes, equals a kernel of its own for each image. Rates are
    equalised.

    Args:
      filters: channels of the output.
      kernel_size: odd.
      target: rows and columns of the output, of a layer that doubles the size;
        None: it keeps the size. Doubling is a transposed convolution of stride
        2, and then a blur.
      demodulate: whether there is d; 1 otherwise.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        target: Sequence[int] | None = None,
        demodulate: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.target = target if target is None else tuple(target)
        self.demodulate = demodulate

    def build(self, x_shape: Any, style_shape: Any) -> None:
        """Makes the kernel, the bias, and the layer of the style."""
        channels = x_shape[-1]
        wide = "float64" if self.variable_dtype == "float64" else "float32"
        self.style = EqualizedDense(
            channels, bias_initializer="ones", dtype=wide, name="style"
        )
        self.style.build(style_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, channels, self.filters),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            autocast=False,
        )
        self.bias = self.add_weight(
            name="bias", shape=(self.filters,), initializer="zeros"
        )
        self.built = True

    @property
    def kernel_scale(self) -> float:
        """What the kernel is multiplied by."""
        return fan_in_scale(self.kernel.shape)

    def call(self, x: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
        """Maps [b, ..., filters].

        Args:
          x: [b, h, w, channels].
          style: [b, width].
        """
        scales = self.style(style)
        kernel = self.kernel * self.kernel_scale
        y = self._convolved(
            x * tf.cast(scales, x.dtype)[:, tf.newaxis, tf.newaxis],
            tf.cast(kernel, x.dtype),
        )
        if self.demodulate:
            # In float32 under any policy: squares overflow half precision.
            squares = tf.reduce_sum(tf.square(kernel), axis=[0, 1])
            sums = tf.matmul(tf.square(scales), tf.cast(squares, scales.dtype))
            factors = tf.math.rsqrt(sums + _EPSILON)
            y *= tf.cast(factors, y.dtype)[:, tf.newaxis, tf.newaxis]
        return y + self.bias

    def _convolved(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        if self.target is None:
            return tf.nn.conv2d(x, kernel, 1, "SAME")
        rows, columns = (2 * side + 1 for side in x.shape[1:3])
        y = tf.nn.conv2d_transpose(
            x,
            tf.transpose(kernel, [0, 1, 3, 2]),
            [tf.shape(x)[0], rows, columns, self.filters],
            2,
            "VALID",
        )
        y = resampling.blur(y, 1, (1, 1), gain=4.0)
        return y[:, : self.target[0], : self.target[1]]

    def compute_output_shape(self, x_shape: Any, style_shape: Any) -> Any:
        """[b, h, w, filters], or [b, *target, filters]."""
        return (x_shape[0], *(self.target or x_shape[1:3]), self.filters)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        names = ("filters", "kernel_size", "target", "demodulate")
        return super().get_config() | {n: getattr(self, n) for n in names}
