"""Self-attention of images."""

import math
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan.networks import blocks


@keras.saving.register_keras_serializable("tf_mmdgan")
class Attention(keras.layers.Layer):
    """What each position of an image takes from all others, by their likeness.

    softmax(theta phi^T) g, over the positions of phi and g; there is no factor
    under the softmax. The map is float32 under any policy.
    """

    def attention_map(self, theta: tf.Tensor, phi: tf.Tensor) -> tf.Tensor:
        """The weights, [b, positions, others], rows of sum 1.

        Args:
          theta: [b, h, w, k].
          phi: [b, h', w', k], of h' w' others.
        """
        theta, phi = (tf.cast(_rows(x), tf.float32) for x in (theta, phi))
        return tf.nn.softmax(tf.matmul(theta, phi, transpose_b=True))

    def call(self, theta: tf.Tensor, phi: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
        """Means of g [b, h', w', v] at the positions of theta: [b, h, w, v]."""
        weights = tf.cast(self.attention_map(theta, phi), g.dtype)
        _, height, width, _ = theta.shape
        means = tf.matmul(weights, _rows(g))
        return tf.reshape(means, [-1, height, width, g.shape[-1]])

    def compute_output_shape(
        self, theta_shape: Any, phi_shape: Any, g_shape: Any
    ) -> Any:
        """[b, h, w, v]."""
        return (*theta_shape[:-1], g_shape[-1])


@keras.saving.register_keras_serializable("tf_mmdgan")
class Gate(keras.layers.Layer):
    """x + gamma y, with one trained number gamma, at first 0."""

    def build(self, x_shape: Any, y_shape: Any = None) -> None:
        """Makes gamma."""
        self.gamma = self.add_weight(
            name="gamma", shape=(), initializer="zeros"
        )
        self.built = True

    def call(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """The sum, of the shape of x."""
        return x + self.gamma * y

    def compute_output_shape(self, x_shape: Any, y_shape: Any) -> Any:
        """That of x."""
        return x_shape


def self_attention(
    x: keras.KerasTensor, make: blocks.LayerFactory, name: str = "attention"
) -> keras.KerasTensor:
    """Self-attention beside the identity: [b, h, w, c] of the same shape.

      x + gamma conv(softmax(theta phi^T) g),  gamma at first 0

    theta, phi and g are 1 x 1 convolutions of c / 8, c / 8 and c / 2 channels;
    the last two keep the maximum of each 2 x 2 positions. H. Zhang, I.
    Goodfellow, D. Metaxas and A. Odena, "Self-Attention Generative Adversarial
    Networks", ICML 2019, arXiv:1805.08318, in the form of their code
    (https://github.com/brain-research/self-attention-gan), which differs from
    the paper's text. The map has (h w)^2 / 4 numbers for an image.

    Args:
      x: activations.
      make: makes the convolutions, which have no bias.
      name: of the layer; the others' names begin with it.
    """
    channels = x.shape[-1]
    few, half = max(channels // 8, 1), max(channels // 2, 1)

    def conv(depth: int, part: str) -> keras.layers.Layer:
        return make.conv(depth, 1, use_bias=False, name=f"{name}_{part}")

    def pooled(x: keras.KerasTensor, part: str) -> keras.KerasTensor:
        pool = keras.layers.MaxPooling2D(
            2, padding="same", name=f"{name}_{part}_pool"
        )
        return pool(x)

    theta = conv(few, "theta")(x)
    phi = pooled(conv(few, "phi")(x), "phi")
    g = pooled(conv(half, "g")(x), "g")
    found = Attention(name=f"{name}_map")(theta, phi, g)
    return Gate(name=name)(x, conv(channels, "out")(found))


def _rows(x: tf.Tensor) -> tf.Tensor:
    """[b, h, w, c] -> [b, h w, c]."""
    return tf.reshape(x, [-1, math.prod(x.shape[1:3]), x.shape[-1]])
