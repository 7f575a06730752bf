"""Random changes of images, each a pure function of the images and a seed.

To add one, write its function here and give it a line in `AUGMENTATIONS`.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_mmdgan.config.expressions import Family
from tf_mmdgan.config.spelling import entries

_CROP_PADDING = 8  # an image is padded by this part of its side


class Place(NamedTuple):
    """Which rows of a batch some images are; each row has changes of its own.

    Attributes:
      first: row of the first image.
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
      place: which rows the images are; by default they are the whole batch.
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
    the border; all shifts are equally probable. The eighth is rounded down, so
    that sides of fewer than 8 pixels are not shifted.

    Args:
      images: [b, h, w, c], of any type.
      seed: integers, [2].
      place: which rows the images are; by default they are the whole batch.
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
    """Adds noise of one level, so that levels have a density.

    255 (x + u) / 256, u uniform in [0, 1) for each pixel and channel; Theis,
    van den Oord and Bethge, "A note on the evaluation of generative models",
    ICLR 2016, section 3.1.

    Args:
      images: levels 0..255, [b, h, w, c].
      seed: integers, [2].
      place: which rows the images are; by default they are the whole batch.

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
    """Random numbers [b, *shape]: the rows of the images of a whole batch's."""
    count = tf.shape(images)[0]
    first, total = place or (0, count)
    numbers = tf.random.stateless_uniform(
        [total, *shape], seed, alg="philox", **law
    )
    return numbers[first : first + count]


# (images, seed, place) -> images; other arguments are settings by name.
ImageChange = Callable[..., tf.Tensor]

# In the order of application: those that keep uint8 come first.
AUGMENTATIONS: dict[str, ImageChange] = {
    "flip": flip,
    "crop": crop,
    "dequantize": dequantize,
}

AUGMENTATION_FAMILY: Family[ImageChange] = Family(
    "augmentation", AUGMENTATIONS, Callable
)


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Some of `AUGMENTATIONS`, applied in the order of that dictionary.

    Functions of the user's own follow them, in their own order.

    Attributes:
      names: names of augmentations in any order, or functions themselves.

    Raises:
      UsageError: for what names no augmentation.
    """

    names: tuple[object, ...] = ()

    def __post_init__(self):
        AUGMENTATION_FAMILY.get_all(self.names)

    @classmethod
    def parse(cls, given: str | Sequence[object]) -> "Augmentation":
        """The augmentations of a list of names with commas; may be empty."""
        return cls(tuple(entries(given) if isinstance(given, str) else given))

    def __call__(
        self, images: tf.Tensor, seed: tf.Tensor, place: Place | None = None
    ) -> tf.Tensor:
        """Changes uint8 images [b, h, w, c]; the levels stay in 0..255."""
        for stream, function in self._streams:
            key = tf.random.experimental.stateless_fold_in(
                seed, stream, alg="philox"
            )
            images = function(images, key, place)
        return images

    @functools.cached_property
    def _streams(self) -> list[tuple[int, ImageChange]]:
        """The functions in their order, each with its number for the seed."""
        known = list(AUGMENTATIONS.values())
        chosen = AUGMENTATION_FAMILY.get_all(self.names)
        outside = [function for function in chosen if function not in known]
        ordered = [*known, *outside]
        return [(i, f) for i, f in enumerate(ordered) if f in chosen]


NONE = Augmentation()
