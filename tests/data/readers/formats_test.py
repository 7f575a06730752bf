"""Formats beside PNG, JPEG, BMP, GIF and WebP, told by their content."""

import io
import math
import struct
import zlib

import encoded
import numpy as np
import peaks
import PIL.ExifTags
import PIL.features
import PIL.Image
import pytest

from tf_mmdgan.data.readers import decode, folder_scan, formats


def smooth(mode="RGB"):
    rows, columns = np.mgrid[:24, :32]
    levels = np.stack([4 * rows, 3 * columns, 2 * rows + 90], axis=-1)
    return PIL.Image.fromarray(levels.astype(np.uint8)).convert(mode)


@pytest.mark.parametrize(
    "name, settings, most",
    [
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("AVIF", {"quality": 95}, 8),
        ("JPEG2000", {}, 0),
        ("MPO", {"quality": 98}, 8),
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_of_a_format_come_back(tmp_path, name, settings, most, mode):
    if name not in formats.known() or (
        name == "AVIF" and not PIL.features.check("avif")
    ):
        pytest.skip(f"Pillow has no {name} here")
    picture = smooth(mode)
    path = tmp_path / "a.png"  # a wrong name does no harm
    picture.save(path, name, **settings)
    for source in (path, path.read_bytes()):
        header = decode.inspect(source)
        assert (header.width, header.height) == (32, 24)
        assert header.grey == (mode == "L")
        found = np.asarray(decode.decode(source, mode)).astype(int)
        assert np.abs(found - np.asarray(picture)).max() <= most


def test_grey_of_16_bits_is_scaled_in_tiff_too(tmp_path):
    levels = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    PIL.Image.fromarray(levels).save(tmp_path / "a.tif")
    assert decode.inspect(tmp_path / "a.tif").grey
    found = np.asarray(decode.decode(tmp_path / "a.tif", "L"))
    np.testing.assert_array_equal(found, levels // 257)


@pytest.mark.parametrize("name", ["TIFF", "PNG", "JPEG", "JPEG2000", "AVIF"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_headers_tell_the_size_of_what_is_read(tmp_path, name, orientation):
    if name not in formats.known():
        pytest.skip(f"Pillow has no {name} here")
    exif = PIL.Image.Exif()
    exif[PIL.ExifTags.Base.Orientation] = orientation
    settings = {"tiffinfo" if name == "TIFF" else "exif": exif}
    if name == "JPEG2000":
        settings = {}
    smooth().save(tmp_path / "a", name, **settings)
    header = decode.inspect(tmp_path / "a")
    assert (header.width, header.height) == (32, 24)
    found = decode.decode(tmp_path / "a", "RGB")
    assert header.upright == (found.height, found.width)
    assert header.turned == (orientation > 4 and name != "JPEG2000")


@pytest.mark.parametrize(
    "kind, words", [(np.float32, "of floats"), (np.int32, "of 32 bits")]
)
def test_levels_without_a_range_are_refused(tmp_path, kind, words):
    PIL.Image.fromarray(np.ones((9, 9), kind)).save(tmp_path / "a.tif")
    for read in (decode.inspect, lambda p: decode.decode(p, "L")):
        with pytest.raises(decode.UnreadableError, match=words):
            read(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "name, words", [("TIFF", "more than one page"), ("AVIF", "an animation")]
)
def test_files_of_several_pictures_are_refused(name, words):
    if name not in formats.known():
        pytest.skip(f"Pillow has no {name} here")
    file = io.BytesIO()
    smooth().save(file, name, save_all=True, append_images=[smooth()])
    with pytest.raises(decode.UnreadableError, match=words):
        decode.inspect(file.getvalue())


def test_they_are_found_in_folders(tmp_path):
    names = ["a.TIF", "b.tiff", "c.avif", "d.jp2", "e.j2k", "f.jpx", "g.mpo"]
    for name in names:
        (tmp_path / name).touch()
    assert [f.name for f in folder_scan.scan(tmp_path)] == names


def tiff(side, width=16):
    """A picture of 16 pixels a side, of one tile with another side."""
    content = zlib.compress(bytes(10**6))
    tags = {
        256: width, 257: width, 258: 8, 259: 8, 262: 2, 277: 3, 284: 1,
        322: side, 323: side, 324: 0, 325: len(content),
    }  # fmt: skip
    tags[324] = 8 + 2 + 12 * len(tags) + 4  # where the tile begins
    entries = (struct.pack("<HHII", k, 4, 1, v) for k, v in tags.items())
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + b"".join(entries) + bytes(4) + content


def test_tiles_are_no_larger_than_pictures():
    decode.inspect(tiff(256))
    decode.decode(tiff(256), "RGB")
    for side in (2**14, 2**16 - 16, 2**31):
        with pytest.raises(decode.UnreadableError, match="has tiles of"):
            decode.inspect(tiff(side))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["WEBP", "JPEG2000", "AVIF", "TIFF"])
def test_pictures_of_a_small_file_take_no_more_than_is_told(tmp_path, name):
    """In a process of its own, because Pillow's memory is not Python's."""
    if name not in formats.known():
        pytest.skip(f"Pillow has no {name} here")
    pixels = formats.MOST_PIXELS.get(name, decode.MAXIMUM_PIXELS)
    side, path = math.isqrt(pixels), tmp_path / "a"
    settings = {"format": name}
    if name == "TIFF":
        settings["compression"] = "tiff_lzw"
    encoded.write_black(path, "RGB", side, **settings)
    code = (
        "import sys; from tf_mmdgan.data.readers import decode\n"
        "open('/proc/self/clear_refs', 'w').write('5')\n"
        "before = peak(); decode.decode(sys.argv[1], 'RGB')\n"
        "print(peak() - before)"
    )
    assert peaks.printed_peak(code, path) < 3 * pixels / 2**20 + 520
    encoded.write_black(path, "L", side + 9, **settings)
    with pytest.raises(decode.UnreadableError, match="pixels, more than"):
        decode.inspect(path)
