"""Images of twice and half the size, by the filter 1, 3, 3, 1.

As in the networks of T. Karras et al., "Analyzing and Improving the Image
Quality of StyleGAN", CVPR 2020, arXiv:1912.04958, in whose code
(https://github.com/NVlabs/stylegan2) this is `upfirdn`. Beyond the border is
zero, so a constant image stays constant inside alone.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

_TAPS = (1.0, 3.0, 3.0, 1.0)


def blur(
    x: tf.Tensor, before: int, after: Sequence[int], gain: float = 1.0
) -> tf.Tensor:
    """The weighted mean of each 4 x 4 pixels, by 1, 3, 3, 1 along both axes.

    Args:
      x: [b, h, w, c].
      before: zeros above and to the left.
      after: zeros below, and to the right.
      gain: that the mean is multiplied by.

    Returns:
      [b, h + before + after[0] - 3, w + before + after[1] - 3, c].
    """
    padding = [[before, end] for end in after]
    x = tf.pad(x, [[0, 0], *padding, [0, 0]])
    scale = gain**0.5 / sum(_TAPS)
    rows = x.shape[1] - 3
    x = tf.add_n(
        [tap * scale * x[:, i : i + rows] for i, tap in enumerate(_TAPS)]
    )
    columns = x.shape[2] - 3
    return tf.add_n(
        [tap * scale * x[:, :, i : i + columns] for i, tap in enumerate(_TAPS)]
    )


def up(x: tf.Tensor, target: Sequence[int]) -> tf.Tensor:
    """Images of twice the size, cut to `target` rows and columns.

    The same as `blur` of the image with zeros between its pixels, times 4:
    along each axis (x[i - 1] + 3 x[i]) / 4 and (3 x[i] + x[i + 1]) / 4.
    """
    for axis, size in enumerate(target, start=1):
        padding = [[0, 0]] * x.shape.rank
        padding[axis] = [1, 1]
        padded = tf.pad(x, padding)
        length = x.shape[axis]
        neighbours = (
            tf.gather(padded, tf.range(start, start + length), axis=axis)
            for start in (0, 2)
        )
        pair = [0.25 * other + 0.75 * x for other in neighbours]
        shape = [-1, *x.shape[1:]]
        shape[axis] = 2 * length
        x = tf.reshape(tf.stack(pair, axis=axis + 1), shape)
        x = x[:, :size] if axis == 1 else x[:, :, :size]
    return x


@keras.saving.register_keras_serializable("tf_mmdgan")
class Blur(keras.layers.Layer):
    """`blur` before a convolution of stride 2 without padding.

    The two together halve the size, rounded up.

    Args:
      kernel_size: of that convolution, odd.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, kernel_size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Images of one row and column less than the convolution's size."""
        before = (self.kernel_size + 1) // 2
        return blur(x, before, [before + side % 2 for side in x.shape[1:3]])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, h + kernel_size - 2, w + kernel_size - 2, c], of even sides."""
        added = self.kernel_size - 2
        sides = [side + added + side % 2 for side in input_shape[1:3]]
        return (input_shape[0], *sides, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable("tf_mmdgan")
class Up(keras.layers.Layer):
    """`up` as a layer.

    Args:
      target: rows and columns.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, target: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.target = tuple(target)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """[b, *target, c]."""
        return up(x, self.target)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, *target, c]."""
        return (input_shape[0], *self.target, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"target": self.target}
