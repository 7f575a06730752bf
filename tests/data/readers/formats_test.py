"""Formats beside PNG, JPEG, BMP, GIF and WebP, told by their content."""

import io

import numpy as np
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
