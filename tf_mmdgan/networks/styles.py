"""Layers of style-based generators.

T. Karras, S. Laine and T. Aila, "A Style-Based Generator Architecture for
Generative Adversarial Networks", CVPR 2019, arXiv:1812.04948 (**1**), and
T. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR
2020, arXiv:1912.04958 (**2**). A mapping network makes a vector w of latents;
each layer of the synthesis network is told its style, which is w or another
vector of that kind.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal

import keras
import tensorflow as tf

from tf_mmdgan.latents import Latents
from tf_mmdgan.networks import keyed

# What is drawn for an example: see `keyed.uniforms`.
_NOISE, _OTHER_LATENTS, _MIXING = 1, 2, 3
# How far the mean of w moves in a pass; that of the code of (2).
_MEAN_SHARE = 0.005
_EPSILON = 1e-8


def mixed(
    first: tf.Tensor, second: tf.Tensor, cutoff: int | tf.Tensor
) -> tf.Tensor:
    """Styles of one image up to a layer, those of another from there on.

    Args:
      first: [b, layers, width], coarse ones.
      second: [b, layers, width], or as many axes of size 1, fine ones.
      cutoff: number of the first layer with a style of `second`, of each row
        [b] or of all.
    """
    rows = tf.reshape(cutoff, [-1, 1, 1])
    own = tf.range(first.shape[1])[tf.newaxis, :, tf.newaxis] < rows
    return tf.where(own, first, second)


def truncated(
    styles: tf.Tensor, mean: tf.Tensor, truncation: float | tf.Tensor
) -> tf.Tensor:
    """Styles nearer to their mean: mean + psi (w - mean). (1), appendix B.

    Args:
      styles: w of each layer, [b, layers, width].
      mean: of w, [width].
      truncation: psi, of each row [b] or of all; 1 changes nothing.
    """
    share = tf.reshape(tf.cast(truncation, styles.dtype), [-1, 1, 1])
    moved = mean + share * (styles - mean)
    return tf.where(share == 1.0, styles, moved)


@keras.saving.register_keras_serializable("tf_mmdgan")
class UnitMeanSquare(keras.layers.Layer):
    """x / sqrt(mean(x^2) + 1e-8), the mean being over the columns."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """[b, n], of the shape of x."""
        squares = tf.reduce_mean(tf.square(x), axis=1, keepdims=True)
        return x * tf.math.rsqrt(squares + _EPSILON)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the inputs."""
        return input_shape


@keras.saving.register_keras_serializable("tf_mmdgan")
class OtherLatents(keras.layers.Layer):
    """For each row of latents another one of the same law, by its signs.

    Args:
      distribution: that of the latents, see `Latents`.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(
        self, distribution: Literal["uniform", "normal"], **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.distribution = distribution

    def call(self, latents: tf.Tensor) -> tf.Tensor:
        """[b, z], as independent of `latents` as `keyed` can make it."""
        law = Latents(latents.shape[1], self.distribution)
        return keyed.drawn(keyed.keys(latents), _OTHER_LATENTS, law)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the latents."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"distribution": self.distribution}


@keras.saving.register_keras_serializable("tf_mmdgan")
class Styles(keras.layers.Layer):
    """The style of each layer: w, and in training sometimes that of another.

    In training, an image has with probability `mixing` the styles of a second w
    from a random layer on, so that layers do not come to rely on each other's
    styles: mixing regularisation, (1), section 3.1. Training also moves the
    mean of the first w, for truncation.

    Args:
      layers: how many there are.
      mixing: probability in [0, 1].
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, layers: int, mixing: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.layers = layers
        self.mixing = mixing

    def build(self, w_shape: Any, *more: Any, **others: Any) -> None:
        """Makes the mean of w, [width]."""
        self.mean = self.add_weight(
            name="mean",
            shape=(w_shape[-1],),
            initializer="zeros",
            trainable=False,
            aggregation="mean",
            autocast=False,
        )
        self.built = True

    def call(
        self,
        w: tf.Tensor,
        second: tf.Tensor | None = None,
        latents: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> tf.Tensor:
        """Styles [b, layers, width].

        Args:
          w: of each image, [b, width].
          second: the same, of others; needed for mixing.
          latents: by whose signs mixing is drawn, [b, z].
          training: whether styles are mixed, and the mean moves.
        """
        if training and self.trainable:
            mean = tf.reduce_mean(tf.stop_gradient(w), axis=0)
            mean = tf.cast(mean, self.mean.dtype)
            self.mean.assign_add(_MEAN_SHARE * (mean - self.mean))
        own = self._repeated(w)
        if not training or second is None or not self.mixing:
            return own
        cutoff = _cutoffs(latents, self.layers, self.mixing)
        return mixed(own, self._repeated(second), cutoff)

    def _repeated(self, w: tf.Tensor) -> tf.Tensor:
        return tf.repeat(w[:, tf.newaxis], self.layers, axis=1)

    def compute_output_shape(
        self, w_shape: Any, *more: Any, **others: Any
    ) -> Any:
        """[b, layers, width]."""
        return (w_shape[0], self.layers, w_shape[1])

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {
            "layers": self.layers,
            "mixing": self.mixing,
        }


def _cutoffs(latents: tf.Tensor, layers: int, mixing: float) -> tf.Tensor:
    """The first layer with another style, 1 ... layers - 1; `layers`: none."""
    draws = keyed.uniforms(keyed.keys(latents), _MIXING, 1)
    chance, place = (0.5 * (draw[:, 0] + 1.0) for draw in draws)
    first = 1 + tf.cast(place * (layers - 1), tf.int32)
    return tf.where(chance < mixing, first, layers)


@keras.saving.register_keras_serializable("tf_mmdgan")
class LearntConstant(keras.layers.Layer):
    """The same trained maps for every example, from N(0, 1) at the start.

    Args:
      shape: [h, w, c].
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.shape = tuple(shape)

    def build(self, input_shape: Any) -> None:
        """Makes the maps."""
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.maps = self.add_weight(
            name="maps", shape=self.shape, initializer=normal
        )
        self.built = True

    def call(self, rows: tf.Tensor) -> tf.Tensor:
        """[b, h, w, c] for any rows [b, ...]."""
        return tf.repeat(self.maps[tf.newaxis], tf.shape(rows)[0], axis=0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, h, w, c]."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"shape": self.shape}


@keras.saving.register_keras_serializable("tf_mmdgan")
class KeyedNoise(keras.layers.Layer):
    """Maps of N(0, 1), a pure function of the signs of latents.

    Args:
      sizes: height and width of each of the maps.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, sizes: Sequence[Sequence[int]], **kwargs: Any):
        super().__init__(**kwargs)
        self.sizes = [tuple(size) for size in sizes]

    def call(self, latents: tf.Tensor) -> list[tf.Tensor]:
        """[b, h, w, 1] of each size."""
        areas = [math.prod(size) for size in self.sizes]
        law = Latents(sum(areas), "normal")
        rows = keyed.drawn(keyed.keys(latents), _NOISE, law)
        return [
            tf.reshape(part, [-1, *size, 1])
            for part, size in zip(
                tf.split(rows, areas, axis=1), self.sizes, strict=True
            )
        ]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, h, w, 1] of each size."""
        return [(input_shape[0], *size, 1) for size in self.sizes]

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"sizes": self.sizes}


@keras.saving.register_keras_serializable("tf_mmdgan")
class NoiseInput(keras.layers.Layer):
    """x + strength noise, with one trained strength, 0 at the start."""

    def build(self, x_shape: Any, noise_shape: Any) -> None:
        """Makes the strength."""
        self.strength = self.add_weight(
            name="strength", shape=(), initializer="zeros"
        )
        self.built = True

    def call(self, x: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Of the shape of x [b, h, w, c], for noise [b, h, w, 1]."""
        return x + self.strength * noise

    def compute_output_shape(self, x_shape: Any, noise_shape: Any) -> Any:
        """That of x."""
        return x_shape


@keras.saving.register_keras_serializable("tf_mmdgan")
class InRange(keras.layers.Layer):
    """Images as they are in training, clipped to [-1, 1] otherwise."""

    def call(
        self, images: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        """Of the shape of `images`."""
        return images if training else tf.clip_by_value(images, -1.0, 1.0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the inputs."""
        return input_shape
