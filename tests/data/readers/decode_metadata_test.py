import struct
import warnings
import zlib

import encoded
import numpy as np
import PIL.Image
import pytest

from tf_mmdgan.data.readers import decode


def with_chunk(kind, body, after=False, checksum=None):
    """A PNG file of 7 x 5 pixels with one more chunk; and its pixels."""
    pixels = np.arange(105, dtype=np.uint8).reshape(5, 7, 3)
    whole = encoded.png(
        7, 5, 8, b"".join(b"\0" + row.tobytes() for row in pixels)
    )
    check = struct.pack(">I", zlib.crc32(kind + body))
    part = struct.pack(">I", len(body)) + kind + body + (checksum or check)
    place = -12 if after else 33
    return whole[:place] + part + whole[place:], pixels


LONG = zlib.compress(bytes(3_000_000))
PROFILE = zlib.compress(np.random.default_rng(0).bytes(3_000_000))
BROKEN_EXIF = b"MM\0*\0\0\0\x08\xff\xff\x01"
METADATA = {
    "broken EXIF": (b"eXIf", BROKEN_EXIF),
    "no EXIF": (b"eXIf", b"nonsense"),
    "long text": (b"zTXt", b"a\0\0" + LONG),
    "long text of Unicode": (b"iTXt", b"a\0\1\0\0\0" + LONG),
    "long profile": (b"iCCP", b"a\0\0" + PROFILE),
    "EXIF in text": (b"tEXt", b"Raw profile type exif\0\nexif\n  20\nzzzz"),
    "truncated size": (b"pHYs", b"\0"),
    "truncated gamma": (b"gAMA", b"\0"),
}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", METADATA)
def test_pixels_are_read_whatever_the_metadata(tmp_path, name, after):
    path = tmp_path / "a.png"
    content, pixels = with_chunk(*METADATA[name], after)
    path.write_bytes(content)
    remarks = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode.inspect(path)[:3] == (7, 5, False)
        decoded = np.asarray(decode.decode(path, "RGB", remarks.append))
        stored = np.asarray(decode.stored(content, "RGB"))
    np.testing.assert_array_equal(decoded, pixels)
    np.testing.assert_array_equal(stored, pixels)
    assert all("cannot be read" in remark for remark in remarks)


def test_metadata_of_the_wrong_checksum_are_passed_over(tmp_path):
    path = tmp_path / "a.png"
    content, pixels = with_chunk(b"tEXt", b"a\0b", checksum=b"nope")
    path.write_bytes(content)
    np.testing.assert_array_equal(decode.decode(path, "RGB"), pixels)


def test_sides_are_known_though_other_metadata_cannot_be_read(tmp_path):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "a.png"
    body = exif.tobytes().removeprefix(b"Exif\0\0")
    content, pixels = with_chunk(b"eXIf", body)
    text, _ = with_chunk(b"zTXt", b"a\0\0" + LONG)
    added = text[33 : text.index(b"IDAT") - 4]
    path.write_bytes(content[:33] + added + content[33:])
    decoded = decode.decode(path, "RGB")
    np.testing.assert_array_equal(decoded, np.rot90(pixels, -1))


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_broken_exif_of_photographs_is_told_and_passed_over(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    encoded.make("RGB").save(path, exif=b"Exif\0\0" + BROKEN_EXIF)
    remarks = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode.decode(path, "RGB", remarks.append).size == (6, 4)
    assert remarks and "metadata that cannot be read" in remarks[0]


SEGMENTS = {
    "cut-off Adobe": (0xEE, b"Adobe\0"),
    "cut-off JFIF": (0xE0, b"JFIF\0"),
    "cut-off profile": (0xE2, b"ICC_PROFILE\0"),
    "comment": (0xFE, b""),
}


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("name", SEGMENTS)
def test_photographs_are_read_whatever_their_segments(tmp_path, name, mode):
    path = tmp_path / "a.jpg"
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    encoded.make("RGB", (16, 8)).convert(mode).save(path, exif=exif)
    want = np.asarray(decode.decode(path, "RGB"))
    marker, payload = SEGMENTS[name]
    length = struct.pack(">H", 2 + len(payload))
    content = path.read_bytes()
    added = bytes([0xFF, 0xFF, marker]) + length + payload
    path.write_bytes(content[:2] + added + content[2:])
    remarks = []
    decoded = decode.decode(path, "RGB", remarks.append)
    np.testing.assert_array_equal(decoded, want)
    assert decode.inspect(path).turned
    if name != "comment":
        assert remarks == ["has metadata that cannot be read"]
