"""Reading image files of all kinds, as 8-bit grey or colour.

PNG, JPEG, BMP, GIF and WebP are known by their content, not by their names.
Images are turned upright, as EXIF says. Transparent pixels are laid over
white, as a browser shows them. Grey of 16 bits is scaled; of 16-bit colour
Pillow keeps the high byte. CMYK becomes RGB; colour profiles are not applied.
"""

import os
from typing import NamedTuple

import numpy as np
import PIL.Image
import PIL.ImageOps

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
# 256 MiB as RGB. A file of a few bytes can ask for more than the memory.
MAXIMUM_PIXELS = 256 * 2**20 // 3

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
# Not MPO: a photograph with its own preview is one image all the same.
_ANIMATED = ("PNG", "GIF", "WEBP")
_GREY = ("1", "L", "LA", "La", "I")
_TRANSPARENT = ("LA", "La", "PA", "RGBA", "RGBa")


class UnreadableError(Exception):
    """A file that is no image, or no usable one; the message says why."""


class Header(NamedTuple):
    """What is known of an image before its pixels are decoded.

    Attributes:
      width: in pixels, before the image is turned upright.
      height: in pixels, before the image is turned upright.
      grey: whether the image has no colour.
    """

    width: int
    height: int
    grey: bool


def inspect(path: str | os.PathLike[str]) -> Header:
    """Reads the header of an image file.

    Raises:
      UnreadableError: for a file that is missing, empty, not of a known
        format, an animation, or of more than `MAXIMUM_PIXELS`.
    """
    try:
        with _open(path) as image:
            grey = image.mode in _GREY or image.mode.startswith("I;16")
            width, height = image.size
            return Header(width, height, grey)
    except UnreadableError:
        raise
    except Exception as error:
        raise _unreadable(error) from error


def decode(path: str | os.PathLike[str], mode: str) -> PIL.Image.Image:
    """Reads an image file.

    Args:
      path: the file.
      mode: "L" for grey, "RGB" for colour.

    Raises:
      UnreadableError: for whatever `inspect` refuses, and for truncated or
        damaged pixels.
    """
    try:
        with _open(path) as image:
            PIL.ImageOps.exif_transpose(image, in_place=True)
            return _opaque(image).convert(mode)
    except UnreadableError:
        raise
    except Exception as error:
        raise _unreadable(error) from error


def _open(path: str | os.PathLike[str]) -> PIL.Image.Image:
    if not os.path.getsize(path):
        raise UnreadableError("is empty")
    image = PIL.Image.open(path, formats=_FORMATS)
    width, height = image.size
    fault = None
    if width * height > MAXIMUM_PIXELS:
        fault = f"has {width} x {height} pixels, more than {MAXIMUM_PIXELS:,}"
    elif image.format in _ANIMATED and getattr(image, "is_animated", False):
        fault = "is an animation"
    if fault is not None:
        image.close()
        raise UnreadableError(fault)
    return image


def _opaque(image: PIL.Image.Image) -> PIL.Image.Image:
    """The image without transparency or 16-bit levels.

    Pillow converts these to L and RGB in other ways than promised above.
    """
    if image.mode.startswith("I"):
        levels = np.asarray(image).astype(np.int64)
        return PIL.Image.fromarray(((levels + 128) // 257).astype(np.uint8))
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        return PIL.Image.alpha_composite(white, image).convert("RGB")
    return image


# Pillow's decoders raise errors of many kinds.
def _unreadable(error: Exception) -> UnreadableError:
    if isinstance(error, PIL.UnidentifiedImageError):
        return UnreadableError("is no PNG, JPEG, BMP, GIF or WebP image")
    if isinstance(error, PIL.Image.DecompressionBombError):
        return UnreadableError(f"has more than {MAXIMUM_PIXELS:,} pixels")
    reason = getattr(error, "strerror", None) or str(error)
    return UnreadableError(reason or type(error).__name__)
