"""What images the network of a file takes: told before any is given to it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_mmdgan import errors

_MOST_PIXELS = 4096  # of a side; its layers take gigabytes


class ImageInput(NamedTuple):
    """The only input of a network of images [n, h, w, c].

    Attributes:
      size: height and width; None for any.
      channels: number of channels, c.
      dtype: type of the pixels; integers are levels, 0 to 255.
    """

    size: tuple[int | None, int | None]
    channels: int
    dtype: tf.DType

    @property
    def image_shape(self) -> tuple[int | None, int | None, int]:
        """[h, w, c]."""
        return (*self.size, self.channels)


def takes_channels(given: int, channels: int) -> bool:
    """Whether images of so many channels suit a network of `channels`.

    Grey ones are repeated for a network of colours, and for no other.
    """
    return given == channels or (given == 1 and channels == 3)


ANY_COLOUR = ImageInput((None, None), 3, tf.float32)


def image_input(owner: object, inputs: Sequence[Any]) -> ImageInput:
    """Reads what a network takes.

    Args:
      owner: the network or its file, for the message.
      inputs: all of its inputs, each with a shape and a dtype.

    Raises:
      DataError: if these are not one array of images [n, h, w, c], for any n.
    """
    if len(inputs) != 1:
        raise errors.DataError(
            f"{owner} takes {len(inputs)} inputs: need a network whose only "
            "input is images [n, h, w, c]."
        )
    shape, dtype = tf.TensorShape(inputs[0].shape), tf.as_dtype(inputs[0].dtype)
    if not (dtype.is_floating or dtype.is_integer):
        raise errors.DataError(
            f"{owner} takes inputs of type {dtype.name}: need a network of "
            "pixels, such as float32."
        )
    if shape.rank is None:
        return ANY_COLOUR._replace(dtype=dtype)
    if shape.rank != 4:
        raise errors.DataError(
            f"{owner} takes inputs of shape {_text(shape)}: need a network of "
            "images [n, h, w, c]."
        )
    count, height, width, channels = shape.as_list()
    if count is not None:
        raise errors.DataError(
            f"{owner} takes batches of {count} alone, {_text(shape)}: save it "
            "for any number of images, [None, h, w, c]."
        )
    if channels not in (1, 3, None) and height in (1, 3):
        raise errors.DataError(
            f"{owner} takes inputs of shape {_text(shape)}, with channels "
            "first: save it for images [n, h, w, c]."
        )
    return ImageInput((height, width), channels or 3, dtype)


def _text(shape: tf.TensorShape) -> str:
    sizes = ("n" if size is None else str(size) for size in shape.as_list())
    return f"[{', '.join(sizes)}]"


def check_size(owner: object, image_shape: Sequence[int | None]) -> None:
    """Checks the images that a network says it takes, [h, w, c].

    Raises:
      DataError: for sides of more than 4,096 pixels, or less than one.
    """
    sides = [side for side in image_shape[:2] if side is not None]
    if not all(1 <= side <= _MOST_PIXELS for side in sides):
        raise errors.DataError(
            f"{owner} takes images of {sides[0]} x {sides[-1]} pixels: need "
            f"sides of 1 to {_MOST_PIXELS:,}."
        )


def chosen_size(
    owner: object, given: Any, known: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    """Height and width of the images of a network.

    Args:
      owner: the network or its file, for the message.
      given: both, as a user has set them; None for what the network says.
      known: what the network says; None for any height or width.

    Raises:
      UsageError: for what is no number of pixels up to 4,096, and for one that
        the network does not take.
    """
    if given is None:
        return known
    if not isinstance(given, int) or not 1 <= given <= _MOST_PIXELS:
        raise errors.UsageError(
            f"size={errors.excerpt(given, 20)}: need a number of pixels up to "
            f"{_MOST_PIXELS:,}, such as size=224."
        )
    if any(side not in (None, given) for side in known):
        raise errors.UsageError(
            f"size={given}: {owner} takes images of {known[0]} x {known[1]} "
            "pixels alone; leave size out."
        )
    return given, given
