import io
import os
import sys

import lmdb
import loading
import numpy as np
import PIL.Image
import pytest
from limits import within

from tf_mmdgan import config, data, errors
from tf_mmdgan.data.cache import build
from tf_mmdgan.data.sets import lsun


def picture(rng, number):
    """WebP, as LSUN's, but for some; losslessly."""
    height, width = (70, 90) if number % 2 else (100, 64)
    pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    form, options = (("WEBP", {"lossless": True}), ("PNG", {}))[number % 3 == 0]
    PIL.Image.fromarray(pixels).save(buffer, form, **options)
    return pixels, buffer.getvalue()


@pytest.fixture
def pictures(rng, tmp_path):
    """Thirty images in the order of their keys, and a folder of them."""
    made = {
        f"{rng.integers(2**60):015x}".encode(): picture(rng, number)
        for number in range(30)
    }
    folder = tmp_path / "sets" / lsun.FOLDER
    folder.parent.mkdir()
    file = lmdb.open(str(folder), map_size=2**24)
    with file, file.begin(write=True) as transaction:
        for key, (_, content) in made.items():
            transaction.put(key, content)
    return [pixels for _, (pixels, _) in sorted(made.items())]


@pytest.fixture
def load(tmp_path):
    def run(split, size=64, **options):
        return loading.load(
            "lsun_bedroom",
            split,
            image_size=size,
            data_dir=tmp_path / "sets",
            cache_dir=tmp_path / "cache",
            **options,
        )

    return run


def check(images, pictures):
    """Each is a square of its picture, shrunk to a short side of 64."""
    for image, pixels in zip(images, pictures, strict=True):
        height, width = pixels.shape[:2]
        scale = 64 / min(height, width)
        size = round(width * scale), round(height * scale)
        shrunk = PIL.Image.fromarray(pixels).resize(size, PIL.Image.BICUBIC)
        windows = np.lib.stride_tricks.sliding_window_view(
            np.asarray(shrunk), (64, 64, 3)
        )
        assert (image == windows).all((3, 4, 5)).any()


def test_images_come_in_the_order_of_keys(pictures, load, tmp_path):
    reading = config.DataConfig(
        dataset="lsun_bedroom", data_dir=str(tmp_path / "sets"), cache="off"
    )
    found = data.preview(reading, "train")
    assert (found.count, found.image_shape) == (27, (64, 64, 3))
    train, test = load("train"), load("test")
    assert train.labels is None
    check(train.images, pictures[:27])
    check(test.images, pictures[27:])


def test_shards_begin_where_they_should(pictures, load, monkeypatch, tmp_path):
    monkeypatch.setattr(build, "_SHARD_IMAGES", 7)
    whole = load("train")
    check(whole.images, pictures[:27])
    opened = lsun.LmdbImages(tmp_path / "sets" / lsun.FOLDER)
    rest = opened.examples(range(13, 16), ["image"])
    for found, pixels in zip(rest, pictures[13:16], strict=True):
        image = PIL.Image.open(io.BytesIO(found["image"])).convert("RGB")
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_named_mode_takes_the_middle(pictures, load):
    loaded = load("train", 32, resize="nearest")
    first = PIL.Image.fromarray(pictures[0])
    side = min(first.size)
    left, top = ((length - side) // 2 for length in first.size)
    square = first.crop((left, top, left + side, top + side))
    expected = square.resize((32, 32), PIL.Image.NEAREST)
    np.testing.assert_array_equal(loaded.images[0], np.asarray(expected))
    with pytest.raises(errors.UsageError, match="256 pixels"):
        load("train", 300)


@pytest.mark.parametrize("kept", [0, 100, 9000])
def test_truncated_file_is_told(pictures, load, tmp_path, kept):
    path = tmp_path / "sets" / lsun.FOLDER / "data.mdb"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(errors.DataError, match=r"truncated|cannot be opened"):
        load("train")


def test_package_is_asked_for(pictures, load, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(errors.DataError, match=r"tf_mmdgan\[lsun\]"):
        load("train")


def test_download_is_not_begun(load, tmp_path):
    (tmp_path / "sets").mkdir()
    with pytest.raises(errors.DataError) as caught:
        load("train", download=True)
    for part in ("No lsun_bedroom", "bedroom_train_lmdb.zip", "folder"):
        assert part in str(caught.value)
    assert "--download" not in str(caught.value)


def test_a_pipe_is_no_data(pictures, load, tmp_path):
    path = tmp_path / "sets" / lsun.FOLDER / "data.mdb"
    path.unlink()
    os.mkfifo(path)
    with (
        within(seconds=10),
        pytest.raises(errors.DataError, match="no plain file"),
    ):
        load("train")
