"""What a random change of the images that a critic sees is."""

import abc
import dataclasses
import math
from collections.abc import Callable

import tensorflow as tf

from tf_mmdgan import errors, switches

# (images [b, h, w, c], numbers [b, draws] in [0, 1)) -> images.
Function = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
# A uniform number is kept so far from 0 and 1 that its normal is finite.
_EDGE = 2.0**-24


class ImageChange(abc.ABC):
    """A random change of images, differentiable with respect to them.

    It is a pure function: its randomness is in the numbers that it is given.

        >>> cutout = tm.CRITIC_AUGMENTATIONS["cutout"]
        >>> isinstance(cutout, tm.ImageChange), cutout.draws
        (True, 3)

    Attributes:
      draws: how many uniform numbers an image takes.
      needs_chance: whether images that are all changed so could not be told
        from others, such as mirrored ones: where every image may be mirrored, a
        generator of mirrored images is as good as the right one. Such a change
        must leave some images as they are.
    """

    draws: int
    needs_chance: bool

    @abc.abstractmethod
    def __call__(
        self,
        images: tf.Tensor,
        numbers: tf.Tensor,
        probability: tf.Tensor | float = 1.0,
    ) -> tf.Tensor:
        """The changed images, [b, h, w, c].

        Args:
          images: in [-1, 1], [b, h, w, c], of static h, w and c.
          numbers: uniform in [0, 1), [b, draws], of the type of the images.
          probability: of the change of an image; with 0 all images are as they
            are, bit for bit.
        """


@dataclasses.dataclass(frozen=True)
class GatedChange(ImageChange):
    """A function of images and numbers, with a coin for each image.

        >>> darker = tm.GatedChange(lambda images, numbers: images - 0.1, 0)
        >>> numbers = tf.constant([[0.2], [0.8]])
        >>> images = darker(tf.ones([2, 1, 1, 1]), numbers, probability=0.5)
        >>> images.numpy().ravel()
        array([0.9, 1. ], dtype=float32)

    Attributes:
      function: what is done to the images.
      numbers: how many numbers the function takes of each image.
      needs_chance: see `ImageChange`.

    Raises:
      UsageError: for values of other types, and fewer numbers than none.
    """

    function: Function
    numbers: int
    needs_chance: bool = False

    def __post_init__(self):
        errors.check_function("function", self.function)
        errors.check_count(0, numbers=self.numbers)
        switches.settle(self)

    @property
    def draws(self) -> int:  # type: ignore[override]
        """The numbers of the function, and one for the coin."""
        return 1 + self.numbers

    def __call__(
        self,
        images: tf.Tensor,
        numbers: tf.Tensor,
        probability: tf.Tensor | float = 1.0,
    ) -> tf.Tensor:
        """See `ImageChange`."""
        changed = self.function(images, numbers[:, 1:])
        return gated(numbers[:, 0], probability, changed, images)


def gated(
    coins: tf.Tensor,
    probability: tf.Tensor | float,
    changed: tf.Tensor,
    unchanged: tf.Tensor,
) -> tf.Tensor:
    """Rows of `changed` where the coin is below the probability, [b, ...].

    Args:
      coins: uniform in [0, 1), [b].
      probability: scalar; 1 in Python: no coin is looked at.
      changed: [b, ...].
      unchanged: [b, ...].
    """
    if isinstance(probability, float) and probability >= 1.0:
        return changed
    heads = coins < tf.cast(probability, coins.dtype)
    return tf.where(per_image(heads, changed), changed, unchanged)


def per_image(values: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """One value for each image, [b], in a shape that broadcasts over images."""
    return tf.reshape(values, [-1] + [1] * (images.shape.rank - 1))


def normal(numbers: tf.Tensor) -> tf.Tensor:
    """N(0, 1) of uniform numbers, by the inverse of its distribution function.

    Their magnitude is at most 5.4, which cuts off 1 number in 10 million.
    """
    inside = tf.clip_by_value(numbers, _EDGE, 1.0 - _EDGE)
    return math.sqrt(2.0) * tf.math.erfinv(2.0 * inside - 1.0)


def integers(numbers: tf.Tensor, count: int) -> tf.Tensor:
    """Uniform integers 0 .. count - 1 of uniform numbers, int32."""
    return tf.minimum(tf.cast(numbers * count, tf.int32), count - 1)
