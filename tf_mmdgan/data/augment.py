"""Random changes of a batch, each a pure function of the images and a seed.

To add one, write its function here and give it a line in `AUGMENTATIONS`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_mmdgan import errors

_CROP_PADDING = 8  # an image is padded by this part of its side


class Place(NamedTuple):
    """Where some images stand in the batch that they are changed as part of.

    Attributes:
      first: row of the first of them.
      batch_size: rows of the whole batch.
    """

    first: int
    batch_size: int


def flip(
    images: tf.Tensor, seed: tf.Tensor, place: Place | None = None
) -> tf.Tensor:
    """Mirrors each image left to right with probability 1/2.

    Args:
      images: [b, h, w, c], of any type.
      seed: integers, [2].
      place: of these images; by default they are the batch.
    """
    coins = _uniform(
        images, [], seed, place, minval=0, maxval=2, dtype=tf.int32
    )
    count = tf.shape(images)[0]
    # [::-1] and tf.where together take ten times as long.
    both = tf.concat([images, tf.reverse(images, [2])], axis=0)
    return tf.gather(both, coins * count + tf.range(count))


def crop(
    images: tf.Tensor, seed: tf.Tensor, place: Place | None = None
) -> tf.Tensor:
    """Shifts each image by up to an eighth of its side, either way.

    That is a random crop after padding by reflection, which does not repeat
    the border; every place is as probable. The eighth is rounded down: of
    fewer than 8 pixels nothing is changed.

    Args:
      images: [b, h, w, c], of any type.
      seed: integers, [2].
      place: of these images; by default they are the batch.
    """
    for axis in (1, 2):
        side = images.shape[axis]
        padding = side // _CROP_PADDING
        shift = _uniform(
            images,
            [1],
            tf.random.experimental.stateless_fold_in(seed, axis, alg="philox"),
            place,
            minval=-padding,
            maxval=padding + 1,
            dtype=tf.int32,
        )
        # Reflecting the numbers of the pixels saves the padded copy.
        places = tf.abs(tf.range(side) + shift)
        places = side - 1 - tf.abs(side - 1 - places)
        images = tf.gather(images, places, axis=axis, batch_dims=1)
    return images


def dequantize(
    images: tf.Tensor, seed: tf.Tensor, place: Place | None = None
) -> tf.Tensor:
    """Spreads each level over its share of 0..255: a density, not 256 points.

    255 (x + u) / 256, u uniform in [0, 1) for each pixel and channel; Theis,
    van den Oord and Bethge, "A note on the evaluation of generative models",
    ICLR 2016, section 3.1.

    Args:
      images: levels 0..255, [b, h, w, c].
      seed: integers, [2].
      place: of these images; by default they are the batch.

    Returns:
      float32 levels in [0, 255].
    """
    noise = _uniform(images, images.shape[1:], seed, place)
    return (tf.cast(images, tf.float32) + noise) * (255.0 / 256.0)


def _uniform(
    images: tf.Tensor,
    shape: Sequence[int],
    seed: tf.Tensor,
    place: Place | None,
    **law: Any,
) -> tf.Tensor:
    """Numbers [b, *shape] for the images, of those of the whole batch."""
    count = tf.shape(images)[0]
    first, total = place or (0, count)
    numbers = tf.random.stateless_uniform(
        [total, *shape], seed, alg="philox", **law
    )
    return numbers[first : first + count]


# In the order in which they are applied: uint8 as long as possible.
AUGMENTATIONS = {"flip": flip, "crop": crop, "dequantize": dequantize}


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Some of `AUGMENTATIONS`, one after the other, in the order there.

    Attributes:
      names: which.

    Raises:
      UsageError: for an unknown name.
    """

    names: tuple[str, ...] = ()

    def __post_init__(self):
        for name in self.names:
            errors.pick(AUGMENTATIONS, name, "augmentation")

    @classmethod
    def parse(cls, text: str) -> "Augmentation":
        """Reads names with commas between them, or none."""
        names = (name.strip() for name in text.split(","))
        return cls(tuple(name for name in names if name))

    def __call__(
        self, images: tf.Tensor, seed: tf.Tensor, place: Place | None = None
    ) -> tf.Tensor:
        """Changed levels, 0..255, of uint8 images [b, h, w, c]."""
        for stream, (name, function) in enumerate(AUGMENTATIONS.items()):
            if name in self.names:
                key = tf.random.experimental.stateless_fold_in(
                    seed, stream, alg="philox"
                )
                images = function(images, key, place)
        return images


NONE = Augmentation()
