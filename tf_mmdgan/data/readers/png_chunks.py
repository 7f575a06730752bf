"""PNG files without the parts that say nothing of their pixels."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Of the parts that a reader may pass over (PNG specification, section 4.7),
# those that change pixels, or say that the file is an animation.
_KEPT = (b"tRNS", b"acTL", b"fcTL", b"fdAT")
_ORIENTATION = b"eXIf"


def without_metadata(content: bytes) -> bytes | None:
    """A PNG file without texts, colour profiles and the like.

    EXIF data stay if they are undamaged, because they tell which side is up.

    Returns:
      The shorter file; None for what is no PNG.
    """
    if not content.startswith(SIGNATURE):
        return None
    parts, start = [SIGNATURE], len(SIGNATURE)
    while start + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, start)
        stop = start + 12 + length
        part = content[start:stop]
        critical = not kind[0] & 0x20
        if critical or kind in _KEPT or (kind == _ORIENTATION and _sound(part)):
            parts.append(part)
        start = stop
    return b"".join(parts)


def _sound(part: bytes) -> bool:
    """Whether a part has the checksum that it says."""
    return struct.pack(">I", zlib.crc32(part[4:-4])) == part[-4:]
