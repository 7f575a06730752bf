"""Sizes and ranges of images as settings have them.

A size is 64, or 48x64, height by width; a range LOW,HIGH.

A square is an integer and a rectangle a text, whichever way it was given, so
that records and keys of caches have one spelling of each.
"""

import math
import re
from typing import Any

from tf_mmdgan import errors

Size = str | int


def sides(size: Size) -> tuple[int, int]:
    """Height and width.

        >>> sides("48x64"), sides(64)
        ((48, 64), (64, 64))

    Raises:
      UsageError: for a text that is no size, and for sides below 1.
    """
    found = re.fullmatch(r"([0-9]{1,6})(?:x([0-9]{1,6}))?", str(size))
    height, width = (found[1], found[2] or found[1]) if found else (0, 0)
    if not int(height) or not int(width):
        raise errors.UsageError(
            f"--image_size={errors.excerpt(size, 40)}: must be > 0, one "
            "number for a square or HEIGHTxWIDTH, such as 48x64."
        )
    return int(height), int(width)


def of_sides(height: int, width: int) -> Size:
    """The size that has these sides."""
    return height if height == width else f"{height}x{width}"


def settle(config: Any) -> None:
    """Gives the `image_size` of a configuration its one spelling.

    Raises:
      UsageError: as of `sides`.
    """
    if config.image_size is not None:
        settled = of_sides(*sides(config.image_size))
        object.__setattr__(config, "image_size", settled)


def bounds(value_range: str) -> tuple[float, float]:
    """The lowest and the highest number of a range.

        >>> bounds("0,65535")
        (0.0, 65535.0)

    Raises:
      UsageError: for anything but two finite numbers, the lower one first.
    """
    try:
        low, high = map(float, value_range.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    # Of infinities and NaN too, which have no finite difference.
    if not 0.0 < high - low < math.inf:
        raise errors.UsageError(
            f"--value_range={errors.excerpt(value_range, 40)}: must be two "
            "numbers, LOW,HIGH, such as 0,65535."
        )
    return low, high
