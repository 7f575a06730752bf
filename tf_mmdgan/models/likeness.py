"""What it means that generated images are like given ones."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.features import extract, get_extractor
from tf_mmdgan.features.frozen import Matched
from tf_mmdgan.kernels import (
    RationalQuadratic,
    some_numbers,
    squared_distances,
)
from tf_mmdgan.mmd import embeddings

# Images at a time.
_BATCH = 256
# (1 + |x - y|^2)^(-1/2), the inverse multiquadric of Jitkrittum et al. 2019, of
# rows in units of the median distance between draws and examples.
_KERNEL = RationalQuadratic((0.5,))


def check_images(
    name: str, given: np.ndarray, shape: tuple[int | None, ...]
) -> None:
    """Refuses what the generator makes nothing like.

    Args:
      name: of the images, for the message.
      given: uint8 [n, h, w, c], one image or more.
      shape: of a generated image.

    Raises:
      UsageError: for no images, another type, size or number of channels, and
        for a generator of points.
    """
    if len(shape) != 3:
        raise errors.UsageError(
            f"{name}: the generator makes points, and no images to compare."
        )
    if not hasattr(given, "dtype"):
        raise errors.UsageError(
            f"{name}: need an array uint8 [n, h, w, c], not a "
            f"{type(given).__name__}."
        )
    if not given.shape or len(given) == 0:
        raise errors.UsageError(f"{name}: there is no image.")
    if given.dtype != np.uint8 or given.shape[1:] != shape:
        raise errors.UsageError(
            f"{name}: {given.dtype} of shape {list(given.shape[1:])}; the "
            f"generator makes uint8 of shape {list(shape)}, and only such can "
            "be compared."
        )


def parts(*arrays: tf.Tensor | None) -> Iterator[list[tf.Tensor | None]]:
    """Rows of some arrays, so many at a time as networks are called with."""
    (count,) = {len(a) for a in arrays if a is not None}
    for first in range(0, count, _BATCH):
        rows = slice(first, first + _BATCH)
        yield [None if a is None else a[rows] for a in arrays]


class Embedding(NamedTuple):
    """Features that images are alike in.

    Attributes:
      find: of uint8 images [n, h, w, c], float32 [n, d].
      matched: of images in [-1, 1]; it can be differentiated, unless `find` is
        all that is asked for.
    """

    find: Callable[[np.ndarray], np.ndarray]
    matched: Matched


def embedding(features: object, differentiable: bool) -> Embedding:
    """What likeness is of.

    Args:
      features: an extractor, or its name.
      differentiable: whether latents are moved by its gradient.

    Raises:
      UsageError: for an extractor that is unknown or has no gradient.
      DataError: for weights that cannot be used.
    """
    extractor = get_extractor(features)
    if not differentiable:
        found = functools.partial(extract, extractor)
        return Embedding(lambda given: found(given).features, tf.identity)
    matched = extractor.frozen()

    def find(given: np.ndarray) -> np.ndarray:
        some = [matched(images.from_uint8(x)) for (x,) in parts(given)]
        return np.concatenate([x.numpy() for x in some])

    return Embedding(find, matched)


class Herded(NamedTuple):
    """Draws that are, as a set, like the examples.

    Attributes:
      rows: their numbers, int [count].
      mmd2: their distance from the examples.
    """

    rows: np.ndarray
    mmd2: float


@dataclasses.dataclass(frozen=True, eq=False)
class Target:
    """A mean embedding to match: sum_i shares_i k(examples_i, .).

    Attributes:
      examples: features, float64 [m, d], in units of `unit`.
      draws: those of the draws, float64 [n, d].
      shares: weights of the examples, float64 [m], of sum 1.
      unit: the median distance between examples and draws that differ.
    """

    examples: np.ndarray
    draws: np.ndarray
    shares: np.ndarray
    unit: float

    @classmethod
    def of(
        cls,
        examples: np.ndarray,
        draws: np.ndarray,
        shares: Sequence[float] | None,
    ) -> "Target":
        """The target of features as they are.

        Raises:
          UsageError: for weights of another number, negative ones, and none
            above 0.
        """
        count = len(examples)
        weights = np.ones(count)
        if shares is not None:
            weights = np.array(some_numbers(shares))
        usable = weights.shape == (count,) and weights.min() >= 0
        if not usable or not 0 < weights.sum() < np.inf:
            raise errors.UsageError(
                f"shares: need {count} numbers >= 0, one for each example, and "
                "one above 0."
            )
        x, y = np.float64(examples), np.float64(draws)
        squares = squared_distances(x, y).numpy()
        apart = squares[squares > 0.0]
        # Where all are alike any unit does.
        unit = float(np.sqrt(np.median(apart))) if apart.size else 1.0
        return cls(x / unit, y / unit, weights / weights.sum(), unit)

    def herd(self, count: int) -> Herded:
        """The draws that are taken greedily: `mmd.embeddings.greedy_match`."""
        wanted = _KERNEL(self.draws, self.examples).numpy() @ self.shares
        rows = embeddings.greedy_match(
            lambda row: _KERNEL(self.draws[row : row + 1], self.draws)[
                0
            ].numpy(),
            _KERNEL.diagonal(self.draws).numpy(),
            wanted,
            count,
        )
        return Herded(rows, float(self._mmd2(tf.constant(self.draws[rows]))))

    def mmd2(self, features: tf.Tensor) -> tf.Tensor:
        """MMD^2 of images with these features, the same for each: [n]."""
        rows = tf.cast(features, tf.float64) / self.unit
        return tf.fill(
            tf.shape(rows)[:1], tf.cast(self._mmd2(rows), tf.float32)
        )

    def _mmd2(self, rows: tf.Tensor) -> tf.Tensor:
        shares = tf.constant(self.shares)
        within = tf.reduce_mean(_KERNEL(rows, rows))
        across = tf.linalg.matvec(_KERNEL(rows, self.examples), shares)
        examples = tf.linalg.matvec(
            _KERNEL(self.examples, self.examples), shares
        )
        own = tf.tensordot(shares, examples, 1)
        return within - 2.0 * tf.reduce_mean(across) + own


@dataclasses.dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures to make again: their distances in pixels and in features.

    Attributes:
      embed: finds the features.
      targets: pixels in [-1, 1] and features, float32 [n, d] each.
      units: mean squared distances of the draws from each picture, [n] each.
      nearest: the nearest draw of each picture, int [n].
    """

    embed: Embedding
    targets: Sequence[np.ndarray]
    units: Sequence[np.ndarray]
    nearest: np.ndarray

    @classmethod
    def of(
        cls, pictures: np.ndarray, draws: np.ndarray, embed: Embedding
    ) -> "Pictures":
        """Of 8-bit images [n, h, w, c] each."""
        targets, units = [], []
        total = np.zeros([len(pictures), len(draws)])
        for look in (_pixels, embed.find):
            rows, pool = look(pictures), look(draws)
            squares = squared_distances(
                np.float64(rows), np.float64(pool)
            ).numpy()
            unit = np.mean(squares, axis=1)
            # Of draws that are all like the picture any unit does.
            unit = np.where(unit > 0.0, unit, 1.0)
            total += squares / unit[:, np.newaxis]
            targets.append(np.float32(rows))
            units.append(np.float32(unit))
        return cls(embed, targets, units, total.argmin(axis=1))

    def distances(self, made: tf.Tensor) -> tf.Tensor:
        """Of images in [-1, 1] from the pictures, row by row: [n]."""
        flat = tf.reshape(made, self.targets[0].shape)
        looks = (flat, self.embed.matched(made))
        terms = [
            tf.reduce_sum(tf.square(rows - target), axis=1) / unit
            for rows, target, unit in zip(
                looks, self.targets, self.units, strict=True
            )
        ]
        return tf.add_n(terms)


def _pixels(given: np.ndarray) -> np.ndarray:
    return images.from_uint8(given).numpy().reshape(len(given), -1)
