"""Pictures of a folder, each at its own size."""

import numpy as np
import PIL.Image
import pytest
from loading import load

from tf_mmdgan import errors
from tf_mmdgan.data.readers import pictures
from tf_mmdgan.data.readers.pictures import Square, open_folder

SIZES = [(9, 20), (9, 20), (31, 8), (9, 20), (12, 12)]


@pytest.fixture
def arrays(rng):
    """Pixels by the names of their files."""
    return {
        f"{number}.png": rng.integers(0, 256, (*size, 3), dtype=np.uint8)
        for number, size in enumerate(SIZES * 4)
    }


@pytest.fixture
def folder(tmp_path, arrays):
    (tmp_path / "pictures").mkdir()
    for name, pixels in arrays.items():
        PIL.Image.fromarray(pixels).save(tmp_path / "pictures" / name)
    return tmp_path / "pictures"


def images_of(found):
    return [image for batch in found for image in batch]


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_pictures_are_whole_and_in_the_order_of_their_names(
    folder, arrays, monkeypatch, at_once
):
    monkeypatch.setattr(pictures, "_BATCH", at_once)
    found = open_folder(folder)
    assert found.shapes == {(9, 20, 3): 12, (31, 8, 3): 4, (12, 12, 3): 4}
    images = images_of(found)
    assert len(images) == len(found) == 20
    for image, name in zip(images, sorted(arrays), strict=True):
        np.testing.assert_array_equal(image, arrays[name])
    some = images_of(found[[7, 2]])
    np.testing.assert_array_equal(some[0], images[7])
    np.testing.assert_array_equal(some[1], images[2])


@pytest.mark.parametrize("split", ["train", "test"])
def test_squares_are_those_of_the_data_set(folder, tmp_path, split):
    found = open_folder(folder, Square(8, "antialias"), split)
    expected = load(
        "folder", split, image_size=8, data_dir=folder,
        cache_dir=tmp_path / "cache",
    )  # fmt: skip
    assert found.shapes == {(8, 8, 3): len(expected.images)}
    np.testing.assert_array_equal(images_of(found), expected.images)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_sizes_are_those_of_upright_pictures(tmp_path, suffix):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    picture = PIL.Image.fromarray(np.full((9, 20), 200, np.uint8))
    picture.save(tmp_path / f"a.{suffix}", exif=exif)
    found = open_folder(tmp_path)
    assert found.shapes == {(20, 9, 1): 1}
    assert images_of(found)[0].shape == (20, 9, 1)
    assert images_of(found.in_colour())[0].shape == (20, 9, 3)


def test_whatever_changes_pixels_changes_the_digest(folder):
    found = open_folder(folder)
    kinds = [
        found, found[np.arange(19)], found[np.arange(20)[::-1]],
        open_folder(folder, split="train"), found.in_colour(),
        open_folder(folder, Square(8, "antialias")),
        open_folder(folder, Square(8, "area")),
    ]  # fmt: skip
    digests = {kind.digest for kind in kinds}
    assert len(digests) == len(kinds) - 1  # in colour it was already
    PIL.Image.new("RGB", (9, 9)).save(folder / "0.png")
    assert open_folder(folder).digest not in digests


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def test_a_file_that_cannot_be_decoded_is_named_or_left_out(folder, arrays):
    truncate(folder / "3.png")
    (folder / "4.png").write_bytes(b"")
    with pytest.raises(errors.DataError, match=r"1 of .*4\.png is empty"):
        open_folder(folder)
    with pytest.warns(UserWarning, match=r"2 of the images.*Left out"):
        found = open_folder(folder, skip_unreadable=True)
    assert len(images_of(found)) == len(found) == 18
    (folder / "4.png").unlink()
    with pytest.raises(errors.DataError, match=r"1 of .*3\.png.*--skip"):
        images_of(open_folder(folder))


def test_pictures_of_broken_metadata_are_named(folder, arrays):
    broken = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"
    PIL.Image.fromarray(arrays["7.png"]).save(folder / "7.png", exif=broken)
    with pytest.warns(UserWarning, match=r"1 of the images.*7\.png has meta"):
        images = images_of(open_folder(folder))
    number = sorted(arrays).index("7.png")
    np.testing.assert_array_equal(images[number], arrays["7.png"])


@pytest.mark.parametrize(
    "given, error, words",
    [
        ({"square": Square(4, "area")}, errors.UsageError, "image_size=4"),
        ({"square": Square(9, "cubic")}, errors.UsageError, "mode 'cubic'"),
        ({"square": Square(10, "area")}, errors.DataError, "--resize=enlarge"),
    ],
)
def test_sizes_that_cannot_be_had_are_refused(folder, given, error, words):
    with pytest.raises(error, match=words):
        open_folder(folder, **given)


def test_a_split_of_none_is_refused(tmp_path):
    PIL.Image.new("RGB", (9, 9)).save(tmp_path / "0.png")
    splits = [len(open_folder(tmp_path))]
    for split in ("train", "test"):
        try:
            splits.append(len(open_folder(tmp_path, split=split)))
        except errors.DataError as error:
            assert f"split '{split}'" in str(error)
    assert splits == [1, 1]
