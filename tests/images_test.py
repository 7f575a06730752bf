"""Images at 8 bits, in grids and in PNG files."""

import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tf_mmdgan import errors, images

GAP = 2
GREY = 128


def decode(content):
    """The image of a PNG file, and the file's mode."""
    with PIL.Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "PNG"
        return np.array(picture), picture.mode


def test_levels_are_spread_evenly_over_the_range():
    got = images.from_uint8(np.arange(256, dtype=np.uint8))
    assert got.dtype == tf.float32
    np.testing.assert_allclose(got, np.linspace(-1.0, 1.0, 256), atol=1e-7)
    assert (got[0], got[255]) == (-1.0, 1.0)


def test_all_levels_come_back():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    got = images.to_uint8(images.from_uint8(levels))
    assert got.dtype == tf.uint8
    np.testing.assert_array_equal(got, levels)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_go_to_the_nearest_level(dtype):
    levels = np.arange(256)
    for offset in (-0.49, 0.49):
        values = (levels + offset) / 127.5 - 1.0
        got = images.to_uint8(tf.constant(values, dtype))
        np.testing.assert_array_equal(got, levels)


def test_half_precision_is_not_rounded_on_the_way():
    # float16 itself has steps of 1/8 of a level near the upper end.
    values = np.float16(np.linspace(-1.0, 1.0, 1001))
    expected = np.round((np.float64(values) + 1.0) * 127.5)
    np.testing.assert_array_equal(images.to_uint8(values), expected)


def test_values_out_of_range_are_clipped_not_wrapped():
    values = [-np.inf, -1e9, -3.01, -1.005, 1.005, 3.01, 1e9, np.inf]
    got = images.to_uint8(np.float32(values))
    np.testing.assert_array_equal(got, [0, 0, 0, 0, 255, 255, 255, 255])


def grid_pixel_by_pixel(pictures, columns, scale):
    n, h, w, c = pictures.shape
    rows = -(-n // columns)
    height, width = rows * (h + GAP) - GAP, columns * (w + GAP) - GAP
    expected = np.zeros((height * scale, width * scale, c), np.uint8)
    for y in range(height * scale):
        for x in range(width * scale):
            row, top = divmod(y // scale, h + GAP)
            column, left = divmod(x // scale, w + GAP)
            index = row * columns + column
            inside = top < h and left < w and index < n
            expected[y, x] = pictures[index, top, left] if inside else GREY
    return expected


@pytest.mark.parametrize(
    ("n", "columns", "taken"),
    [(1, None, 1), (5, None, 3), (9, None, 3), (5, 2, 2), (3, 4, 4)],
)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1, 2])
def test_grid_pixel_by_pixel(rng, n, columns, taken, channels, scale):
    pictures = rng.integers(0, 256, (n, 3, 4, channels)).astype(np.uint8)
    got = images.grid(pictures, columns, scale)
    assert got.dtype == np.uint8
    expected = grid_pixel_by_pixel(pictures, taken, scale)
    np.testing.assert_array_equal(got, expected)


def test_one_image_is_its_own_grid(rng):
    picture = rng.integers(0, 256, (1, 5, 3, 3)).astype(np.uint8)
    np.testing.assert_array_equal(images.grid(picture), picture[0])


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_png_keeps_every_pixel(rng, channels, mode):
    image = rng.integers(0, 256, (7, 5, channels)).astype(np.uint8)
    image[0, :2] = [[0] * channels, [255] * channels]
    decoded, decoded_mode = decode(images.encode_png(image))
    assert decoded_mode == mode
    np.testing.assert_array_equal(decoded.reshape(image.shape), image)


def test_written_grid_is_the_grid(rng, tmp_path):
    pictures = rng.integers(0, 256, (5, 3, 4, 3)).astype(np.uint8)
    path = tmp_path / "new" / "grid.png"
    images.write_grid(path, pictures, columns=2, scale=2)
    decoded, _ = decode(path.read_bytes())
    np.testing.assert_array_equal(decoded, images.grid(pictures, 2, 2))
    assert [file.name for file in path.parent.iterdir()] == ["grid.png"]


@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_goes_there_and_back(tmp_path, channels):
    levels = np.array([0, 60, 120, 180], np.uint8)
    frames = np.broadcast_to(levels[:, None, None, None], (4, 2, 3, channels))
    path = tmp_path / "way.gif"
    images.write_animation(path, frames, scale=2)
    with PIL.Image.open(path) as animation:
        assert animation.size == (6, 4) and animation.n_frames == 6
        assert animation.info["loop"] == 0
        shown = []
        for number in range(6):
            animation.seek(number)
            shown.append(np.asarray(animation.convert("L"))[0, 0])
    np.testing.assert_allclose(shown, [0, 60, 120, 180, 120, 60], atol=2)


def test_a_folder_of_images(tmp_path, rng):
    drawn = rng.integers(0, 256, (3, 4, 5, 1), np.uint8)
    images.write_folder(tmp_path / "out", drawn)
    files = sorted((tmp_path / "out").iterdir())
    assert [f.name for f in files] == ["00000.png", "00001.png", "00002.png"]
    for file, image in zip(files, drawn, strict=True):
        np.testing.assert_array_equal(PIL.Image.open(file), image[..., 0])


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "00007.png").write_bytes(b"mine")
    drawn = np.zeros((1, 2, 2, 1), np.uint8)
    with pytest.raises(errors.DataError, match="not an empty folder"):
        images.write_folder(tmp_path, drawn)
    with pytest.raises(errors.DataError, match="not an empty folder"):
        images.write_folder(tmp_path / "00007.png", drawn)
    assert [path.name for path in tmp_path.iterdir()] == ["00007.png"]


def test_pictures_larger_than_any_are_refused(tmp_path):
    few = np.zeros((4, 8, 8, 1), np.uint8)
    for write in (images.write_grid, images.write_animation):
        with pytest.raises(errors.UsageError, match="--scale=100000: a p"):
            write(tmp_path / "a.png", few, scale=100_000)
    with pytest.raises(errors.UsageError, match="--scale=100000: a p"):
        images.write_folder(tmp_path / "folder", few, scale=100_000)


def test_classes_have_folders_of_their_names(tmp_path):
    some = np.zeros((2, 3, 3, 1), np.uint8)
    names = ["Größe L", "-7", "猫"]
    images.write_classes(tmp_path / "out", dict.fromkeys(names, some))
    found = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert found == sorted(names)
    with pytest.raises(errors.DataError, match="not an empty folder"):
        images.write_classes(tmp_path / "out", {"other": some})
    with pytest.raises(errors.DataError, match="no folder can have it"):
        images.write_classes(tmp_path / "new", {"a": some, "..": some})
    assert not (tmp_path / "new").exists()
