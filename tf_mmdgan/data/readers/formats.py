"""Formats of pictures, and how their files are called."""

import functools
import math

import PIL.Image

# What the names of pictures end in; the format is told by the content.
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif",
    ".jp2", ".j2k", ".jpx", ".mpo",
)  # fmt: skip
# Pictures of formats that are not read.
OTHER_SUFFIXES = (
    ".heic", ".heif", ".jxl", ".jfif", ".jpe", ".ppm", ".pgm", ".pnm", ".tga",
    ".psd", ".svg", ".ico", ".dng", ".cr2", ".nef", ".arw", ".raw",
)  # fmt: skip
TOLD = "PNG, JPEG, BMP, GIF, WebP, TIFF, AVIF or JPEG 2000"

_KNOWN = (
    "PNG", "JPEG", "MPO", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000",
)  # fmt: skip
# A file of several pictures; not MPO: a photograph with its own preview is one.
_ANIMATED = {
    "PNG": "is an animation",
    "GIF": "is an animation",
    "WEBP": "is an animation",
    "AVIF": "is an animation",
    "TIFF": "has more than one page",
}
# Of a picture whose decoder holds several copies of it, in wide numbers: with
# fewer pixels these take 500 MB at most.
MOST_PIXELS = {"WEBP": 2**25, "AVIF": 2**25, "JPEG2000": 25_000_000}
# Of a tile of TIFF, which is decoded whole, however small the picture is.
_TILE_PIXELS = 2**24
_TILE_SIDES = (322, 323)  # the tags
# Of TIFF: levels that have no range to be brought to 8 bits by.
_WIDE = {"F": "floats", "I": "32 bits"}


@functools.cache
def known() -> tuple[str, ...]:
    """Pillow's names of the formats that are read, as far as it has them.

    AVIF is in Pillow since version 11.3.
    """
    PIL.Image.init()
    return tuple(name for name in _KNOWN if name in PIL.Image.OPEN)


def fault(image: PIL.Image.Image) -> str | None:
    """What makes a picture of a known format no usable one; None: nothing."""
    told = _ANIMATED.get(image.format or "")
    if told is not None and getattr(image, "is_animated", False):
        return told
    if image.format == "TIFF" and image.mode in _WIDE:
        return (
            f"has levels of {_WIDE[image.mode]}, which no range brings to 8 "
            "bits"
        )
    if image.format == "TIFF":
        return _fault_of_tiles(image)
    return None


def _fault_of_tiles(image: PIL.Image.Image) -> str | None:
    tags = getattr(image, "tag_v2", {})
    sides = [tags.get(tag, 1) for tag in _TILE_SIDES]
    most = max(_TILE_PIXELS, image.width * image.height)
    if not all(isinstance(s, int) for s in sides) or math.prod(sides) > most:
        return f"has tiles of {' x '.join(map(str, sides))} pixels"
    return None
