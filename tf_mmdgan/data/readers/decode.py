"""Reading image files of all kinds, as 8-bit grey or colour.

Those of `formats` are known by their content, not by their names.
Images are turned upright, as EXIF says, if it can be read: metadata that cannot
be is passed over, whatever it is. Transparent pixels are laid over white, as a
browser shows them, unless they are asked for. Grey of 16 bits is scaled; of
16-bit colour Pillow keeps the high byte. CMYK becomes RGB; colour profiles are
not applied.
"""

import contextlib
import functools
import io
import os
import pathlib
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import PIL.ExifTags
import PIL.Image

from tf_mmdgan import errors, images
from tf_mmdgan.data.readers import (
    formats,
    jpeg_segments,
    picture_parts,
    png_chunks,
)

# 256 MiB as RGB. A file of a few bytes can ask for more than the memory.
MAXIMUM_PIXELS = 256 * 2**20 // 3
_BAND_PIXELS = 2**20

Source = str | os.PathLike[str] | bytes  # a file, or its content

_GREY = ("1", "L", "LA", "La", "I")
# Of a JPEG file. Each takes a few bytes, and the time of the whole picture.
_SCANS = 100
_REREAD_BYTES = 2**28  # of a file that is read again without its metadata
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
# Filters of warnings are those of all threads.
_WARNINGS = threading.Lock()
_TRANSPARENT = ("LA", "La", "PA", "RGBA", "RGBa")
_ORIENTATION = PIL.ExifTags.Base.Orientation
_TURNED = (5, 6, 7, 8)  # values of it that exchange width and height


class UnreadableError(Exception):
    """A file that is no image, or no usable one; the message says why."""


class Header(NamedTuple):
    """What is known of an image before its pixels are decoded.

    Attributes:
      width: in pixels, before the image is turned upright.
      height: in pixels, before the image is turned upright.
      grey: whether the image has no colour.
      transparent: whether the image may have transparent pixels.
      turned: whether width and height are exchanged in the upright image.
    """

    width: int
    height: int
    grey: bool
    transparent: bool = False
    turned: bool = False

    @property
    def upright(self) -> tuple[int, int]:
        """Height and width of the upright image."""
        if self.turned:
            return self.width, self.height
        return self.height, self.width


def inspect(source: Source) -> Header:
    """Reads the header of an image file.

    Args:
      source: the file, or its content.

    Raises:
      UnreadableError: for a file that is missing, empty, not of a known
        format, an animation, of more than 512 MiB, holes, or more parts than
        `picture_parts` allows, or of more than `MAXIMUM_PIXELS`, or of those
        that `formats.MOST_PIXELS` has for its format.
    """
    try:
        with open_image(source) as image:
            grey = image.mode in _GREY or image.mode.startswith("I;16")
            # Of TIFF Pillow tells how many pixels the upright image has.
            width, height = getattr(image, "_tile_size", image.size)
            transparent, turned = _is_transparent(image), _is_turned(image)
            return Header(width, height, grey, transparent, turned)
    except UnreadableError:
        raise
    except Exception as error:
        raise _unreadable(error) from error


def _is_transparent(image: PIL.Image.Image) -> bool:
    return image.mode in _TRANSPARENT or "transparency" in image.info


def _is_turned(image: PIL.Image.Image) -> bool:
    # Of a PNG file Pillow's own `getexif` decodes all pixels, to look for what
    # is behind them.
    known = functools.partial(PIL.Image.Image.getexif, image)
    return _orientation(known, lambda text: None) in _TURNED


def decode(
    source: Source,
    mode: str,
    remark: Callable[[str], None] = lambda text: None,
) -> PIL.Image.Image:
    """Reads an image file.

    Args:
      source: the file, or its content.
      mode: "L" for grey, "RGB" for colour, "RGBA" to keep transparency.
      remark: is told of metadata that could not be read.

    Raises:
      UnreadableError: for whatever `inspect` refuses, and for truncated or
        damaged pixels.
    """
    try:
        return _with_or_without_metadata(
            source,
            lambda image: _in_mode(_plain(_upright(image, remark), mode), mode),
            remark,
        )
    except UnreadableError:
        raise
    except Exception as error:
        raise _unreadable(error) from error


def open_image(source: Source) -> PIL.Image.Image:
    """Opens a picture of a known format and size; no pixel is decoded yet.

    Args:
      source: the file, or its content.

    Raises:
      UnreadableError: for an empty file, an animation, or too many pixels.
      Exception: of many kinds, from Pillow, for what is no such picture.
    """
    return _with_or_without_metadata(source, lambda image: image)


def stored(content: bytes, mode: str) -> PIL.Image.Image:
    """A picture as it is stored, neither turned nor laid over white.

    Args:
      content: of its file.
      mode: "L" for grey, "RGB" for colour.

    Raises:
      UnreadableError: for an empty file, an animation, or too many pixels.
      Exception: of many kinds, from Pillow, for what is no such picture.
    """
    return _with_or_without_metadata(
        content, lambda image: _in_mode(image, mode)
    )


def _with_or_without_metadata(
    source: Source,
    use: Callable[[PIL.Image.Image], PIL.Image.Image],
    remark: Callable[[str], None] = lambda text: None,
) -> PIL.Image.Image:
    """What `use` makes of a picture, if need be of one without metadata."""
    try:
        return _used(_opened(source, remark), use)
    except UnreadableError:
        raise
    except Exception as error:
        bare = _without_metadata(source)
        if bare is None:
            raise
        try:
            used = _used(_opened(bare, remark), use)
        except UnreadableError:
            raise
        except Exception:
            # Not the metadata are at fault.
            raise error from None
        remark(_unread(error))
        return used


def _used(
    image: PIL.Image.Image, use: Callable[[PIL.Image.Image], PIL.Image.Image]
) -> PIL.Image.Image:
    """What `use` makes of a picture, whose file is closed if it is another."""
    try:
        made = use(image)
    except Exception:
        image.close()
        raise
    if made is not image:
        image.close()
    return made


def _without_metadata(source: Source) -> bytes | None:
    """A PNG or JPEG file without metadata; None for others, and huge ones."""
    if not isinstance(source, bytes):
        if not 0 < os.path.getsize(source) <= _REREAD_BYTES:
            return None
        source = pathlib.Path(source).read_bytes()
    bare = png_chunks.without_metadata(source)
    return jpeg_segments.without_metadata(source) if bare is None else bare


def _opened(source: Source, remark: Callable[[str], None]) -> PIL.Image.Image:
    fault = picture_parts.fault(source)
    if fault is not None:
        raise UnreadableError(fault)
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with _quiet() as kept:
        image = PIL.Image.open(file, formats=formats.known())
    if kept:
        remark(_unread(kept[0].message))
    width, height = image.size
    fault = formats.fault(image)
    most = formats.MOST_PIXELS.get(image.format or "", MAXIMUM_PIXELS)
    if width * height > most:
        fault = f"has {width} x {height} pixels, more than {most:,}"
    if fault is not None:
        image.close()
        raise UnreadableError(fault)
    return image


@contextlib.contextmanager
def _quiet() -> Iterator[list[warnings.WarningMessage]]:
    """Keeps warnings, which do not name the file."""
    with _WARNINGS, warnings.catch_warnings(record=True) as kept:
        warnings.simplefilter("always")
        yield kept


def _unread(reason: object) -> str:
    # Pillow says no more of a file that it does not open.
    known = not isinstance(reason, PIL.UnidentifiedImageError)
    said = f" ({errors.excerpt(reason)})" if known else ""
    return f"has metadata that cannot be read{said}"


def _orientation(
    read: Callable[[], PIL.Image.Exif], remark: Callable[[str], None]
) -> int:
    """What EXIF says of how an image is held; 1, upright, if it does not.

    Args:
      read: gives the EXIF data, or raises what it likes.
      remark: is told what could not be read.
    """
    fault: Exception | None = None
    orientation = 1
    with _quiet() as kept:
        try:
            orientation = read().get(_ORIENTATION, 1)
        except Exception as error:  # of many kinds
            fault = error
    if fault or kept:
        remark(_unread(fault or kept[0].message))
    return orientation if isinstance(orientation, int) else 1


def _load(image: PIL.Image.Image) -> None:
    """Decodes the pixels of a picture, unless that has been done."""
    file = getattr(image, "fp", None)
    if image.format in ("JPEG", "MPO") and file is not None:
        place = file.tell()
        file.seek(0)
        scans = jpeg_segments.count_scans(file)
        file.seek(place)
        if scans > _SCANS:
            raise UnreadableError(f"has {scans:,} scans, more than {_SCANS}")
    image.load()


def _upright(
    image: PIL.Image.Image, remark: Callable[[str], None]
) -> PIL.Image.Image:
    _load(image)
    turn = _TURNS.get(_orientation(image.getexif, remark))
    return image if turn is None else image.transpose(turn)


def _plain(image: PIL.Image.Image, mode: str) -> PIL.Image.Image:
    """The image without 16-bit levels, and without transparency but for RGBA.

    Pillow converts these to L and RGB in other ways than promised above.
    """
    if image.mode.startswith("I"):
        return _in_bands(image, "L", _of_16_bits)
    if mode != "RGBA" and _is_transparent(image):
        return _in_bands(image, "RGB", images.over_white)
    return image


def _in_mode(image: PIL.Image.Image, mode: str) -> PIL.Image.Image:
    with image:  # Only its file is closed.
        _load(image)
    # To the same mode, `convert` would make one more copy.
    return image if image.mode == mode else image.convert(mode)


def _of_16_bits(image: PIL.Image.Image) -> PIL.Image.Image:
    levels = np.asarray(image).astype(np.int64)
    return PIL.Image.fromarray(((levels + 128) // 257).astype(np.uint8))


def _in_bands(
    image: PIL.Image.Image,
    mode: str,
    convert: Callable[[PIL.Image.Image], PIL.Image.Image],
) -> PIL.Image.Image:
    """Converts rows after rows, for `convert` needs several copies of them."""
    width, height = image.size
    result = PIL.Image.new(mode, image.size)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(top + rows, height)))
        result.paste(convert(band), (0, top))
    return result


# Pillow's decoders raise errors of many kinds.
def _unreadable(error: Exception) -> UnreadableError:
    if isinstance(error, PIL.UnidentifiedImageError):
        return UnreadableError(f"is no {formats.TOLD} image")
    if isinstance(error, PIL.Image.DecompressionBombError):
        return UnreadableError(f"has more than {MAXIMUM_PIXELS:,} pixels")
    reason = getattr(error, "strerror", None) or str(error)
    return UnreadableError(reason or type(error).__name__)
