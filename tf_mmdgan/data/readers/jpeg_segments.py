"""JPEG files without the parts that say nothing of their pixels."""

import struct
from typing import IO

SIGNATURE = b"\xff\xd8"
SCAN = b"\xff\xda"  # begins the pixels
_APPLICATION = range(0xE0, 0xF0)
_COMMENT = 0xFE
_BYTES_AT_A_TIME = 2**20
_ALONE = (0x01, *range(0xD0, 0xD9))  # markers without content
# What is kept of applications' segments, where it is whole: what colours mean
# (ITU-T T.871, section 10.1; Adobe technical note 5116, section 18), and which
# side is up. How they begin, and the fewest bytes that they have.
_KEPT = {
    0xE0: (b"JFIF\0", 14),
    0xE1: (b"Exif\0\0", 14),
    0xEE: (b"Adobe", 12),
}


def without_metadata(content: bytes) -> bytes | None:
    """A JPEG file without comments, colour profiles and the like.

    EXIF data stay, because they tell which side is up; and so does what tells
    the meaning of colours. Of these too, segments that are cut short go.

    Returns:
      The shorter file; None for what is no JPEG.
    """
    if not content.startswith(SIGNATURE):
        return None
    parts, start = [SIGNATURE], len(SIGNATURE)
    while start + 4 <= len(content) and content[start] == 0xFF:
        marker = content[start + 1]
        if marker == SCAN[1]:
            break
        if marker == 0xFF or marker in _ALONE:  # may be filled with 0xFF
            start += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", content, start + 2)
        segment = content[start : start + 2 + length]
        if _is_kept(marker, segment[4:]):
            parts.append(segment)
        start += 2 + length
    return b"".join([*parts, content[start:]])


def _is_kept(marker: int, payload: bytes) -> bool:
    if marker in _KEPT:
        beginning, least = _KEPT[marker]
        return payload.startswith(beginning) and len(payload) >= least
    return marker not in _APPLICATION and marker != _COMMENT


def count_scans(file: IO[bytes]) -> int:
    """How many scans there are at most from where a file stands on."""
    count, last = 0, b""
    while piece := file.read(_BYTES_AT_A_TIME):
        count += (last + piece).count(SCAN)
        last = piece[-1:]
    return count
