"""Latent noise, the generator's input, as a pure function of seed and row.

Row i of a draw depends on the seed and on i alone: not on how many rows are
drawn with it, so batches, replicas and repeated calls can share out one
sequence without overlap and without drawing the rows of the others.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Literal

import tensorflow as tf

from tf_mmdgan import errors

# Philox makes four 32-bit words per counter (Salmon et al., SC 2011).
_WORDS_PER_COUNTER = 4
_PHILOX = 1  # tf.random.Algorithm.PHILOX, as the raw operation names it.
# A multiple of every SIMD width that TensorFlow uses on float32. Its log and
# cos treat the elements behind the last full vector by other code, which
# rounds differently: rows would then depend on the number of rows.
_LANES = 16
# Spread over the seed pairs of the sampling tools and of exported models, so
# that they are none of those of a training run with the same seed.
_SAMPLING = 0x5A3D
_LABELS = 0x1ABE << 16


@dataclasses.dataclass(frozen=True)
class Latents:
    """The distribution of the latents [n, size], independent elements.

    Attributes:
      size: elements per row, 1 or more.
      distribution: "uniform" on [-1, 1), the published choice (Li et al. 2017,
        Binkowski et al. 2018), or "normal" with mean 0 and variance 1.

    Raises:
      UsageError: for another distribution, or a size below 1.
    """

    size: int
    distribution: Literal["uniform", "normal"]

    def __post_init__(self):
        errors.pick(_DISTRIBUTIONS, self.distribution, "latent distribution")
        if self.size < 1:
            raise errors.UsageError(
                f"The latent size must be 1 or more, not {self.size}."
            )

    def sample(
        self,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor = 0,
    ) -> tf.Tensor:
        """Draws the rows start .. start + count - 1 of the seed's sequence.

        The counters of row i start at i * (counters per row), so no earlier
        row is drawn. Uniform rows are the same bits on every device, with and
        without XLA; normal ones agree to float32 rounding, and are the same
        bits for every `count` and `start` on one device.

        Args:
          seed: [2] integers, any values. The first is the key of Philox, the
            second the upper half of its counter.
          count: rows, 0 or more; may be a scalar tensor.
          start: the first row, 0 or more; may be a scalar tensor.

        Returns:
          float32 [count, size].
        """
        return _DISTRIBUTIONS[self.distribution](seed, count, start, self.size)


def sampling_seed(seed: int | tf.Tensor) -> tf.Tensor:
    """The [2] seed of whoever samples a trained generator by one number."""
    seed = tf.cast(seed, tf.int64)
    return tf.stack([seed, tf.constant(_SAMPLING, tf.int64)])


def draw_labels(
    seed: tf.Tensor,
    count: int | tf.Tensor,
    start: int | tf.Tensor,
    num_classes: int,
) -> tf.Tensor:
    """Uniform class labels for the rows of a seed's sequence: int32 [count].

    Row by row like `Latents.sample`, and independent of those.
    """
    first, second = tf.unstack(tf.cast(seed, tf.int64))
    own = tf.stack(
        [first, tf.bitwise.bitwise_xor(second, tf.constant(_LABELS, tf.int64))]
    )
    unit = 0.5 * (_uniform(own, count, start, 1)[:, 0] + 1.0)
    return tf.cast(unit * num_classes, tf.int32)


def check_label(label: int | None, num_classes: int | None) -> None:
    """Refuses a class that a generator does not have; None means any.

    Raises:
      UsageError: for such a label.
    """
    if label is None or 0 <= label < (num_classes or 0):
        return
    if not num_classes:
        raise errors.UsageError(
            f"label={label}: this generator has no classes; leave the label "
            "out."
        )
    raise errors.UsageError(
        f"label={label}: this generator has {num_classes} classes; give 0 to "
        f"{num_classes - 1}."
    )


def _uniform(
    seed: tf.Tensor,
    count: int | tf.Tensor,
    start: int | tf.Tensor,
    size: int,
) -> tf.Tensor:
    """Multiples of 2^-23 in [-1, 1), float32 [count, size]."""
    counters = math.ceil(size / _WORDS_PER_COUNTER)
    # The public stateless functions have no offset, and they derive key and
    # counter in a way that differs between XLA and the other devices.
    key, stream = tf.unstack(tf.bitcast(tf.cast(seed, tf.int64), tf.uint64))
    first = tf.cast(tf.cast(start, tf.int64) * counters, tf.uint64)
    words = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=tf.stack([count, counters * _WORDS_PER_COUNTER]),
        key=key[tf.newaxis],
        counter=tf.stack([first, stream]),
        alg=_PHILOX,
        dtype=tf.int32,
    )
    # 24 signed bits are exact in float32; XLA keeps other bits than the
    # usual kernel where the operation itself returns floats.
    bits = tf.bitwise.right_shift(words[:, :size], 8)
    return tf.cast(bits, tf.float32) * 2.0**-23


def _normal(
    seed: tf.Tensor,
    count: int | tf.Tensor,
    start: int | tf.Tensor,
    size: int,
) -> tf.Tensor:
    """Box and Muller 1958: sqrt(-2 log u) (cos, sin)(angle).

    u is in [2^-24, 1], hence the largest magnitude is sqrt(48 log 2) = 5.77.
    """
    half = math.ceil(size / (2 * _LANES)) * _LANES
    first, second = tf.split(_uniform(seed, count, start, 2 * half), 2, axis=1)
    u = 0.5 * (first + (1.0 + 2.0**-23))  # exact in float32, never 0
    radius = tf.sqrt(-2.0 * tf.math.log(u))
    angle = math.pi * second
    both = [radius * tf.cos(angle), radius * tf.sin(angle)]
    return tf.concat(both, axis=1)[:, :size]


_DISTRIBUTIONS: dict[str, Callable[..., tf.Tensor]] = {
    "uniform": _uniform,
    "normal": _normal,
}
