"""Latent noise, the generator's input, as a pure function of seed and row.

Row i of a draw depends on the seed and on i alone: not on how many rows are
drawn with it, so batches, replicas and repeated calls can share out one
sequence without overlap and without drawing the rows of the others.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors

# Philox makes four 32-bit words per counter (Salmon et al., SC 2011).
_WORDS_PER_COUNTER = 4
_PHILOX = 1  # tf.random.Algorithm.PHILOX, as the raw operation names it.
# A multiple of every SIMD width that TensorFlow uses on float32. Its log and
# cos treat the elements behind the last full vector by other code, which
# rounds differently: rows would then depend on the number of rows.
_LANES = 16
# The second half of the seeds of samples. No training run uses it, so that the
# random numbers of a run and of its samples differ at equal first halves.
_SAMPLING = 0x5A3D
# Changes the second half of a seed, for labels.
_LABELS = 0x1ABE << 16
_SHARES_ERROR = 1e-6  # of the sum of all


@dataclasses.dataclass(frozen=True)
class Latents:
    """The distribution of the latents [n, size], independent elements.

        >>> latents = tm.Latents(8, "normal")
        >>> latents.sample((0, 1), 4).shape
        TensorShape([4, 8])

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
        errors.check_count(1, size=self.size)

    def sample(
        self,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor = 0,
        truncation: float | tf.Tensor | None = None,
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
          truncation: the central share of the distribution that elements are
            drawn from, in (0, 1]; may be a scalar tensor. With F the
            distribution function, z becomes F^-1(1/2 + t (F(z) - 1/2)): t z of
            uniform latents, sqrt(2) erfinv(t erf(z / sqrt(2))) of normal ones.
            So each element moves towards 0 and none is drawn again. 1 is no
            truncation, bit for bit; None does not even compute it.

        Returns:
          float32 [count, size].

        Raises:
          UsageError: for another seed, and for a number that is no truncation.
        """
        seed = tf.cast(seed, tf.int64)
        if not seed.shape.is_compatible_with([2]):
            raise errors.UsageError(
                f"seed: need two integers, such as (0, 1), not an array "
                f"{seed.shape}."
            )
        if isinstance(truncation, float | int) and not 0 < truncation <= 1:
            raise errors.UsageError(
                f"truncation={truncation}: a share, need above 0 and 1 at most."
            )
        draw = _DISTRIBUTIONS[self.distribution]
        return draw(seed, count, start, self.size, truncation)

    def truncation(self, threshold: float) -> float:
        """The truncation of `sample` by which no element exceeds a threshold.

        Elements then have the law that they would have if each of magnitude
        above c were drawn again until it is not, as A. Brock, J. Donahue and K.
        Simonyan, ICLR 2019, arXiv:1809.11096, section 3.1 truncate: c of
        uniform latents, 2 F(c) - 1 = erf(c / sqrt(2)) of normal ones.

            >>> round(tm.Latents(8, "normal").truncation(2.0), 4)
            0.9545

        Args:
          threshold: c > 0, the largest magnitude.

        Raises:
          UsageError: for another threshold.
        """
        if not threshold > 0.0:
            raise errors.UsageError(f"threshold={threshold}, need > 0.")
        if self.distribution == "uniform":
            return min(threshold, 1.0)
        return math.erf(threshold / math.sqrt(2.0))

    def interpolate(
        self, first: tf.Tensor, last: tf.Tensor, steps: int | tf.Tensor
    ) -> tf.Tensor:
        """Latents on the way from one row to another, both ends included.

        A straight line for uniform latents. For normal ones a great circle
        (Shoemake 1985; White 2016), whose points are as long as normal latents
        are; the middle of a straight line is shorter.

        Args:
          first: [size], the first row.
          last: [size], the last one.
          steps: rows, 2 or more; may be a scalar tensor.

        Returns:
          float32 [steps, size].

        Raises:
          UsageError: for fewer rows.
        """
        if not tf.is_tensor(steps):
            errors.check_count(2, steps=steps)
        steps = tf.convert_to_tensor(steps)
        share = tf.range(steps) / (steps - 1)
        share = tf.cast(share, tf.float32)[:, tf.newaxis]
        return _PATHS[self.distribution](first, last, share)


def sampling_seed(seed: int | tf.Tensor) -> tf.Tensor:
    """The seed [2] for sampling a trained generator, from one number."""
    seed = tf.cast(seed, tf.int64)
    return tf.stack([seed, tf.constant(_SAMPLING, tf.int64)])


def draw_labels(
    seed: tf.Tensor,
    count: int | tf.Tensor,
    start: int | tf.Tensor,
    num_classes: int | tf.Tensor,
    shares: tf.Tensor | None = None,
) -> tf.Tensor:
    """Class labels for the rows of a seed's sequence: int32 [count].

    As in `Latents.sample`, row i depends on the seed and on i alone. Labels
    and latents of one seed are independent.

    Args:
      seed: [2].
      count: of labels.
      start: number of the first row.
      num_classes: k, an integer or a scalar float32.
      shares: probability of each class, [k], of sum 1, as `checked_shares`
        gives them; None for equal ones.
    """
    first, second = tf.unstack(tf.cast(seed, tf.int64))
    own = tf.stack(
        [first, tf.bitwise.bitwise_xor(second, tf.constant(_LABELS, tf.int64))]
    )
    unit = 0.5 * (_uniform(own, count, start, 1)[:, 0] + 1.0)
    if shares is None:
        return tf.cast(unit * num_classes, tf.int32)
    bounds = tf.cumsum(tf.cast(shares, tf.float64))[:-1]
    # The class begins where the shares before it end.
    return tf.searchsorted(bounds, tf.cast(unit, tf.float64), side="right")


def checked_shares(
    shares: object, num_classes: int | None
) -> np.ndarray | None:
    """The law that classes are drawn by, float64 [num_classes]; None: equally.

    Args:
      shares: probability of each class, or None.
      num_classes: k; None of a generator without classes, which has no shares.

    Raises:
      UsageError: for what are no k numbers >= 0 of sum 1.
    """
    if shares is None or not num_classes:
        return None
    found = np.empty(0)
    with contextlib.suppress(ValueError):  # of lists of unequal lengths
        found = np.asarray(shares)
    if found.shape == (num_classes,) and found.dtype.kind in "fiu":
        law = found.astype(np.float64)
        inside = law.min() >= 0.0 and law.max() <= 1.0 + _SHARES_ERROR
        # Of numbers near the largest one, there is no sum.
        if inside and abs(math.fsum(law) - 1.0) <= _SHARES_ERROR:
            return law
    raise errors.UsageError(
        f"class shares {errors.excerpt(shares, 60)}: need {num_classes} "
        "numbers >= 0, the probability of each class, whose sum is 1."
    )


def check_label(label: object, num_classes: int | None) -> None:
    """Refuses a class that a generator does not have.

    Args:
      label: number of the class; None for any.
      num_classes: number of classes of the generator; None: it has none.

    Raises:
      UsageError: for such a label.
    """
    if label is None:
        return
    number = int(label) if isinstance(label, int | np.integer) else -1
    if 0 <= number < (num_classes or 0):
        return
    if not num_classes:
        raise errors.UsageError(
            f"label={label!r}: this generator has no classes; leave the label "
            "out."
        )
    raise errors.UsageError(
        f"label={label!r}: this generator has {num_classes} classes; give 0 to "
        f"{num_classes - 1}."
    )


def _uniform(
    seed: tf.Tensor,
    count: int | tf.Tensor,
    start: int | tf.Tensor,
    size: int,
    truncation: float | tf.Tensor | None = None,
) -> tf.Tensor:
    """Multiples of 2^-23 in [-1, 1), float32 [count, size], scaled."""
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
    unit = tf.cast(bits, tf.float32) * 2.0**-23
    return unit if truncation is None else truncation * unit


def _normal(
    seed: tf.Tensor,
    count: int | tf.Tensor,
    start: int | tf.Tensor,
    size: int,
    truncation: float | tf.Tensor | None = None,
) -> tf.Tensor:
    """N(0, 1), float32 [count, size], truncated."""
    half = normal_pairs(size)
    both = normals(*tf.split(_uniform(seed, count, start, 2 * half), 2, axis=1))
    # Before the columns are cut: erf too has other code behind full vectors.
    if truncation is not None:
        both = _truncate_normal(both, truncation)
    return both[:, :size]


def normal_pairs(size: int) -> int:
    """How many pairs of uniform numbers `normals` needs for so many columns.

    With as many, a row of normal numbers does not depend on the number of rows.
    """
    return math.ceil(size / (2 * _LANES)) * _LANES


def normals(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Independent N(0, 1) of independent uniform numbers in [-1, 1).

    Box and Muller 1958: sqrt(-2 log u) (cos, sin)(angle). Where the uniform
    numbers are multiples of 2^-23, u is in [2^-24, 1], hence the largest
    magnitude is sqrt(48 log 2) = 5.77.

    Args:
      first: float32 [n, k], of the radius.
      second: float32 [n, k], of the angle.

    Returns:
      [n, 2 k].
    """
    u = 0.5 * (first + (1.0 + 2.0**-23))  # exact in float32, never 0
    radius = tf.sqrt(-2.0 * tf.math.log(u))
    angle = math.pi * second
    return tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)


def _truncate_normal(
    values: tf.Tensor, truncation: float | tf.Tensor
) -> tf.Tensor:
    # In float32, erf rounds to 1 from 3.9 on, and the tails would be one value.
    share = tf.cast(truncation, tf.float64)
    scaled = tf.cast(values, tf.float64) / math.sqrt(2.0)
    inner = math.sqrt(2.0) * tf.math.erfinv(share * tf.math.erf(scaled))
    return tf.where(share < 1.0, tf.cast(inner, tf.float32), values)


def _line(first: tf.Tensor, last: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    return (1.0 - share) * first + share * last


def _great_circle(
    first: tf.Tensor, last: tf.Tensor, share: tf.Tensor
) -> tf.Tensor:
    norms = tf.norm(first) * tf.norm(last)
    cosine = tf.math.divide_no_nan(tf.reduce_sum(first * last), norms)
    angle = tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))
    sine = tf.sin(angle)
    # Divided first, the weights of the ends are 1 exactly.
    weights = [tf.sin(part * angle) / sine for part in (1.0 - share, share)]
    arc = weights[0] * first + weights[1] * last
    # Parallel rows, such as a row and itself, have no circle of their own.
    return tf.where(sine < 1e-6, _line(first, last, share), arc)


_DISTRIBUTIONS: dict[str, Callable[..., tf.Tensor]] = {
    "uniform": _uniform,
    "normal": _normal,
}
_PATHS: dict[str, Callable[..., tf.Tensor]] = {
    "uniform": _line,
    "normal": _great_circle,
}
