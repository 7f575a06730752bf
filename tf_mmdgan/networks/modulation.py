"""Normalization whose scale and offset follow a vector of each example."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.networks import layers
from tf_mmdgan.networks.layers import Normalization


@keras.saving.register_keras_serializable("tf_mmdgan")
class ClassTable(keras.layers.Layer):
    """A trained vector for each class, which several layers share.

    Of labels of numbers, whose rows are none of zeros and a one, it makes
    vectors between.

    Neither spectral normalization nor penalties on kernels are for it.

    Args:
      width: of a vector.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, width: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.width = width

    def build(self, one_hot_shape: Any) -> None:
        """Makes the table, [num_classes, width], orthogonal."""
        self.table = self.add_weight(
            name="table",
            shape=(one_hot_shape[-1], self.width),
            initializer=keras.initializers.Orthogonal(),
        )
        self.built = True

    def call(self, one_hot: tf.Tensor) -> tf.Tensor:
        """The vectors of labels [b, num_classes]: [b, width]."""
        # A product, where a look-up would have sparse gradients.
        return tf.matmul(one_hot, self.table)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"width": self.width}


@keras.saving.register_keras_serializable("tf_mmdgan")
class Modulation(keras.layers.Layer):
    """x (1 + gain) + offset, a gain and an offset for each channel."""

    def call(
        self, x: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor
    ) -> tf.Tensor:
        """Modulates x [b, ..., c] by gain and offset [b, c]."""
        shape = [-1, *[1] * (len(x.shape) - 2), x.shape[-1]]
        return x * (1.0 + tf.reshape(gain, shape)) + tf.reshape(offset, shape)

    def compute_output_shape(
        self, x_shape: Any, gain_shape: Any, offset_shape: Any
    ) -> Any:
        """That of x."""
        return x_shape


def modulated_batch_norm(
    condition: keras.KerasTensor,
    linear: Callable[..., keras.layers.Layer],
    batch_statistics: bool,
) -> Normalization:
    """Batch normalization with gains and offsets linear in a vector.

    (x - mean) / sqrt(variance + epsilon) (1 + A c) + B c, where A and B belong
    to each layer, without bias. A. Brock, J. Donahue and K. Simonyan, ICLR
    2019, arXiv:1809.11096, appendix C.

    Args:
      condition: c of each example, [b, n].
      linear: linear(units, **kwargs) -> a layer, A or B.
      batch_statistics: see `layers.BatchNormalization`.
    """

    def normalize(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        norm = layers.batch_norm(
            name, batch_statistics=batch_statistics, affine=False
        )
        gain, offset = (
            linear(x.shape[-1], use_bias=False, name=f"{name}_{part}")
            for part in ("gain", "offset")
        )
        modulation = Modulation(name=f"{name}_modulation")
        return modulation(norm(x), gain(condition), offset(condition))

    return normalize


def latent_chunks(
    latents: keras.KerasTensor, count: int
) -> list[keras.KerasTensor]:
    """Latents [b, z] in parts, one for each place where they enter a network.

    All parts have z // count elements, but for the first, which has what is
    left over too.

    Raises:
      UsageError: for fewer elements than parts.
    """
    size = latents.shape[-1]
    if size < count:
        raise errors.UsageError(
            f"This generator takes its latents in {count} parts: need "
            f"{count} latents or more, not {size}.",
            setting="latent_size",
        )
    chunk = size // count
    ends = [size - chunk * left for left in range(count - 1, -1, -1)]
    starts = [0, *ends[:-1]]
    return [
        latents[:, start:end] for start, end in zip(starts, ends, strict=True)
    ]
