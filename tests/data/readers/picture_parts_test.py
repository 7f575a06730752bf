"""Files of pictures of which Pillow would make hours, or gigabytes."""

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from limits import within

from tf_mmdgan.data.readers import decode, picture_parts

PIXELS = np.random.default_rng(0).integers(0, 256, (400, 500, 3), np.uint8)


def saved(format_, **options):
    content = io.BytesIO()
    PIL.Image.fromarray(PIXELS).save(content, format_, **options)
    return content.getvalue()


def segment(marker, content):
    return (
        b"\xff"
        + bytes([marker])
        + struct.pack(">H", 2 + len(content))
        + content
    )


def chunk(kind, content=b""):
    check = zlib.crc32(kind + content)
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", check)
    )


def jpeg(*parts):
    whole = saved("JPEG")
    return whole[:2] + b"".join(parts) + whole[2:]


def png(*parts):
    whole = saved("PNG")
    return whole[:33] + b"".join(parts) + whole[33:]


def gif(*parts):
    whole = saved("GIF")
    place = whole.index(b",", 13 + 768)
    return whole[:place] + b"".join(parts) + whole[place:]


def tiff(count, big=False):
    """Pixels in strips, of which each has a place of four bytes."""
    entry = "<HHQQ" if big else "<HHII"
    tags = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1),
            (262, 3, 1, 1), (273, 4, count, 1000), (277, 3, 1, 1),
            (278, 4, 1, 1), (279, 4, 1, 64)]  # fmt: skip
    head = (
        struct.pack("<2sHHHQ", b"II", 43, 8, 0, 16)
        if big
        else (struct.pack("<2sHI", b"II", 42, 8))
    )
    head += struct.pack("<Q" if big else "<H", len(tags))
    head += b"".join(struct.pack(entry, *tag) for tag in tags)
    return head.ljust(1000, b"\0") + bytes(4 * count)


EXIF = segment(0xE1, b"Exif\0\0" + bytes(60_000))


@pytest.mark.parametrize(
    "content, words",
    [
        (jpeg(EXIF * 20, segment(0xE1, b"Exif\0\0") * 30_000), "1,000 parts"),
        (jpeg(segment(0xE9, b"") * 200_000), "1,000 parts"),
        (jpeg(b"\0" * 2**23), "1,000 parts"),
        (jpeg(segment(0xE9, bytes(65_000)) * 600), "33,554,432 bytes beside"),
        (png(chunk(b"prVt") * 200_000), "131,072 parts"),
        (png(chunk(b"tEXt", b"a\0" + bytes(2**26))), "33,554,432 bytes beside"),
        (gif(b"!\xfe" + b"\1a" * 2**19 + b"\0"), "262,144 parts"),
        (tiff(2**20), "2,097,152 bytes beside"),
        (tiff(2**20, big=True), "2,097,152 bytes beside"),
    ],
    ids=range(9),
)  # fmt: skip
def test_pictures_of_more_parts_than_pictures_have(content, words):
    with (
        within(seconds=10, megabytes=20),
        pytest.raises(decode.UnreadableError, match=words),
    ):
        decode.inspect(content)


def test_files_are_looked_at_too(tmp_path):
    (tmp_path / "a").write_bytes(jpeg(segment(0xE9, b"") * 100_000))
    with pytest.raises(decode.UnreadableError, match="1,000 parts"):
        decode.decode(tmp_path / "a", "RGB")


@pytest.mark.parametrize("size", [2**28 + 2**26, 2**38])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_pictures_of_holes_are_not_read(tmp_path, kind, size):
    path = tmp_path / "a"
    path.write_bytes(saved(kind))
    with open(path, "r+b") as file:
        file.truncate(size)
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(decode.UnreadableError, match=r"holes|bytes, more than"),
    ):
        decode.decode(path, "RGB")


@pytest.mark.parametrize(
    "content",
    [
        saved("PNG"),
        saved("JPEG", quality=100, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
        saved("JPEG", quality=100, icc_profile=bytes(10**6), progressive=True),
        jpeg(EXIF * 20, b"\xff" * 9000, segment(0xFE, b"a")),
        saved("GIF", comment="a" * 10**5),
        saved("TIFF", compression="tiff_lzw", icc_profile=bytes(10**6)),
        saved("TIFF", big_tiff=True),
        saved("BMP"),
        saved("WEBP", lossless=True),
    ],
    ids=range(9),
)
def test_sound_pictures_are_read(content):
    assert picture_parts.fault(content) is None
    assert decode.decode(content, "RGB").size == (500, 400)
