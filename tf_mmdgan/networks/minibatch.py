"""Layers by which a critic compares the images of a batch."""

from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.networks.layers import ShownArguments


@keras.saving.register_keras_serializable("tf_mmdgan")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends to each row how many rows of the batch are near to it.

    M_b(i) = x_i T_b,   o_b(i) = sum_j exp(-|M_b(i) - M_b(j)|_1),   [x_i, o(i)]

    for each of the kernels b, with learnt matrices T_b and the L1 norm. The sum
    is over all rows of all replicas, i itself included: o is 1 for a row far
    from all others, and n for n rows that are alike. A critic with this layer
    sees that a generator makes one image over and over. It takes real and
    generated images in batches of their own. T. Salimans, I. Goodfellow, W.
    Zaremba, V. Cheung, A. Radford and X. Chen, "Improved Techniques for
    Training GANs", NeurIPS 2016, arXiv:1606.03498, section 3.2.

    Time and memory grow with n^2 kernels dimensions.

        >>> layer = tm.MinibatchDiscrimination(kernels=3)
        >>> layer(tf.ones([4, 2])).numpy()[0].tolist()
        [1.0, 1.0, 4.0, 4.0, 4.0]

    Args:
      kernels: number of matrices, >= 1.
      dimensions: columns of each; 5 in the code of the authors.
      **kwargs: of `keras.layers.Layer`.

    Raises:
      UsageError: for numbers below 1.
    """

    __signature__ = ShownArguments()

    def __init__(self, kernels: int, dimensions: int = 5, **kwargs: Any):
        super().__init__(**kwargs)
        errors.check_count(1, kernels=kernels, dimensions=dimensions)
        self.kernels = kernels
        self.dimensions = dimensions

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes T, [p, kernels * dimensions], at first of columns of norm 1.

        That is the norm of their mean squares, over draws.
        """
        self.matrices = self.add_weight(
            name="matrices",
            shape=(input_shape[-1], self.kernels * self.dimensions),
            initializer="lecun_normal",
        )
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """From rows [b, p] to [b, p + kernels]."""
        shape = [-1, self.kernels, self.dimensions]
        own = tf.reshape(tf.matmul(inputs, self.matrices), shape)
        others = _of_all_replicas(own)
        # Kernel by kernel and column by column the differences of all pairs
        # would not be held at once; their sum over columns is.
        distances = tf.add_n(
            [
                tf.abs(own[:, None, :, column] - others[None, :, :, column])
                for column in range(self.dimensions)
            ]
        )
        near = tf.reduce_sum(tf.exp(-distances), axis=1)
        return tf.concat([inputs, near], axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, p + kernels]."""
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {
            "kernels": self.kernels,
            "dimensions": self.dimensions,
        }


@keras.saving.register_keras_serializable("tf_mmdgan")
class MinibatchDeviation(keras.layers.Layer):
    """Appends to maps a channel that says how images of a group differ.

    Over the images of a group the standard deviation is taken at each position
    of each channel, sqrt(variance + 1e-8); the mean of them all is the value of
    the new channel, for every image of the group. T. Karras et al.,
    "Progressive Growing of GANs for Improved Quality, Stability, and
    Variation", ICLR 2018, arXiv:1710.10196, section 3, in groups as in the code
    of StyleGAN2.

    A batch of b images has b / g groups of g neighbours (that code takes images
    that stand b / g apart). A batch whose size is no multiple of g is one
    group. A replica makes groups of its share: where its size is a multiple of
    g, they are those of one device.

        >>> layer = tm.MinibatchDeviation(group=2)
        >>> layer(tf.reshape([1.0, 5.0], [2, 1, 1, 1])).numpy().ravel().tolist()
        [1.0, 2.0, 5.0, 2.0]

    Args:
      group: g, images of a group, >= 2.
      **kwargs: of `keras.layers.Layer`.

    Raises:
      UsageError: for smaller groups.
    """

    __signature__ = ShownArguments()

    def __init__(self, group: int, **kwargs: Any):
        super().__init__(**kwargs)
        errors.check_count(2, group=group)
        self.group = group

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """From maps [b, h, w, c] to [b, h, w, c + 1]."""
        count, shape = tf.shape(maps)[0], maps.shape[1:]
        members = tf.where(count % self.group == 0, self.group, count)
        groups = tf.reshape(maps, [count // members, members, *shape])
        variances = tf.math.reduce_variance(groups, axis=1)
        deviations = tf.sqrt(variances + 1e-8)
        of_groups = tf.reduce_mean(deviations, axis=[1, 2, 3])
        column = tf.repeat(of_groups, members)[:, None, None, None]
        channel = tf.broadcast_to(column, [count, *shape[:2], 1])
        return tf.concat([maps, channel], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, h, w, c + 1]."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"group": self.group}


def _of_all_replicas(rows: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return rows
    return context.all_gather(rows, axis=0)
