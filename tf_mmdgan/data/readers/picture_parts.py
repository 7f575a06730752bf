"""The file of a picture, looked at before Pillow reads it.

Pillow keeps what stands beside the pixels, makes an object of each part, and
copies some parts once for each that follows: a megabyte could take minutes, and
a hundred megabytes all memory.
"""

import io
import os
import struct
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

from tf_mmdgan import errors, files
from tf_mmdgan.data.readers import jpeg_segments, png_chunks

# Of a file: more than so many pixels take, which decoders may hold at once.
_MOST_BYTES = 2**29
# Of fewer bytes, no parts take seconds or megabytes.
_SMALL_BYTES = 2**18
_PIXELS = b"IDAT"  # of a PNG file
# Markers of a JPEG file that Pillow passes over without what follows.
_ALONE = (0, 0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE))
_FILLING_BYTES = 2**12  # between its segments, that count as one
_EXTENSION, _IMAGE, _END = b"!", b",", b";"  # of a GIF file
_COLOURS = 0x80  # flag of a GIF file: a table of colours follows
# Of TIFF: bytes of the numbers of each type; texts and bytes stay as they are.
_NUMBERS = {
    3: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8,
    18: 8,
}  # fmt: skip


class _Limit(NamedTuple):
    """How a format begins, and what its files may have.

    Attributes:
      beginnings: first bytes of a file.
      parts: yields the bytes of each part that Pillow keeps; 0 of others.
      most_parts: the most parts.
      most_bytes: of all parts.
    """

    beginnings: tuple[bytes, ...]
    parts: Callable[[IO[bytes]], Iterator[int]]
    most_parts: int
    most_bytes: int


def fault(source: str | os.PathLike[str] | bytes) -> str | None:
    """What makes a file one that Pillow should not read; None: nothing.

    Args:
      source: a picture's file, or its content.

    Raises:
      OSError: for a file that cannot be read.
    """
    if isinstance(source, bytes):
        return _fault_of_parts(io.BytesIO(source))
    size = os.path.getsize(source)
    if not size:
        return "is empty"
    if size > _MOST_BYTES:
        return f"has {size:,} bytes, more than {_MOST_BYTES:,}"
    try:
        with files.open_plain(source) as file:
            return _fault_of_parts(file)
    except errors.DataError as error:
        return str(error).removeprefix(f"{source} ").rstrip(".")


def _fault_of_parts(file: IO[bytes]) -> str | None:
    if file.seek(0, os.SEEK_END) <= _SMALL_BYTES:
        return None
    file.seek(0)
    beginning = file.read(8)
    for limit in _LIMITS:
        if beginning.startswith(limit.beginnings):
            return _over(file, limit)
    return None


def _over(file: IO[bytes], limit: _Limit) -> str | None:
    total = 0
    for number, size in enumerate(limit.parts(file), 1):
        total += size
        if number > limit.most_parts:
            return f"has more than {limit.most_parts:,} parts"
        if total > limit.most_bytes:
            return f"has more than {limit.most_bytes:,} bytes beside its pixels"
    return None


def _of_jpeg(file: IO[bytes]) -> Iterator[int]:
    """Segments before the pixels, and what fills the places between them."""
    place = len(jpeg_segments.SIGNATURE)
    while True:
        file.seek(place)
        head = file.read(_FILLING_BYTES)
        if len(head) < 4 or head.startswith(jpeg_segments.SCAN):
            return
        size = 0
        if head[0] != 0xFF:
            place += len(head.partition(b"\xff")[0])
        elif head[1] == 0xFF:
            place += len(head) - len(head.lstrip(b"\xff")) - 1
        elif head[1] in _ALONE:
            place += 2
        else:
            (size,) = struct.unpack_from(">H", head, 2)
            place += 2 + max(size, 2)
        yield size


def _of_png(file: IO[bytes]) -> Iterator[int]:
    place = len(png_chunks.SIGNATURE)
    while True:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head)
        yield 0 if kind == _PIXELS else size
        place += 12 + size


def _of_gif(file: IO[bytes]) -> Iterator[int]:
    """Blocks of extensions and of images, each of up to 255 bytes."""
    file.seek(10)
    _pass_colours(file, file.read(3)[:1])
    while (kind := file.read(1)) not in (b"", _END):
        yield 0
        if kind == _IMAGE:
            _pass_colours(file, file.read(9)[8:])
        if kind in (_IMAGE, _EXTENSION):
            file.read(1)
            while (size := file.read(1)) not in (b"", b"\0"):
                yield 0
                file.seek(size[0], os.SEEK_CUR)


def _pass_colours(file: IO[bytes], flags: bytes) -> None:
    if flags and flags[0] & _COLOURS:
        file.seek(3 << (flags[0] & 7) + 1, os.SEEK_CUR)


def _of_tiff(file: IO[bytes]) -> Iterator[int]:
    """The numbers of the first directory, each of which becomes an object."""
    file.seek(0)
    head = file.read(16)
    order, big = "<>"[head[0] == ord("M")], 43 in head[2:4]
    number = struct.Struct(order + ("Q" if big else "I"))
    counted = struct.Struct(order + ("Q" if big else "H"))
    entry = struct.Struct(order + ("HHQ8x" if big else "HHI4x"))
    (place,) = number.unpack_from(head, 8 if big else 4)
    if place + counted.size > file.seek(0, os.SEEK_END):
        return
    file.seek(place)
    (count,) = counted.unpack(file.read(counted.size))
    for _ in range(count):
        part = file.read(entry.size)
        if len(part) < entry.size:
            return
        _, kind, numbers = entry.unpack(part)
        yield numbers * _NUMBERS.get(kind, 0)


_LIMITS = (
    # Of each segment with EXIF data, Pillow copies those before it.
    _Limit((jpeg_segments.SIGNATURE,), _of_jpeg, 1000, 2**25),
    _Limit((png_chunks.SIGNATURE,), _of_png, 2**17, 2**25),
    _Limit((b"GIF8",), _of_gif, 2**18, 0),
    _Limit((b"II", b"MM"), _of_tiff, 2**12, 2**21),
)
