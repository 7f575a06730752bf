import os
import warnings
import weakref

import loading
import numpy as np
import peaks
import PIL.Image
import pytest

from tf_mmdgan import data, errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data.cache import build
from tf_mmdgan.data.readers import decode, folder_scan, headers
from tf_mmdgan.data.sets import folder

SIZE = 16


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels).save(path)


@pytest.fixture
def pictures(tmp_path, rng):
    """Sixty PNGs and JPEGs in two folders."""
    root = tmp_path / "pictures"
    for number in range(60):
        shape = (int(rng.integers(16, 40)), int(rng.integers(16, 40)), 3)
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        suffix = "png" if number % 3 else "jpg"
        name = f"{'cats' if number % 2 else 'dogs'}/{number:02}.{suffix}"
        save(root / name, pixels)
    return root


@pytest.fixture
def load(tmp_path):
    def load(root, split="train", size=SIZE, **options):
        return loading.load(
            "folder",
            split,
            image_size=size,
            data_dir=root,
            cache_dir=tmp_path / "cache",
            **options,
        )

    return load


def held_out(root, split):
    names = [file.name for file in folder_scan.scan(root)]
    test = split == "test"
    return [name for name in names if folder_scan.is_held_out(name) == test]


@pytest.mark.parametrize("split", data.SPLITS)
def test_pictures_are_cut_resized_and_labelled(pictures, load, split):
    loaded = load(pictures, split)
    names = held_out(pictures, split)
    assert len(loaded.images) == len(names) > 2
    for name, image in zip(names, loaded.images, strict=True):
        with PIL.Image.open(pictures / name) as opened:
            width, height = opened.size
            side = min(width, height)
            left, top = (width - side) // 2, (height - side) // 2
            square = opened.crop((left, top, left + side, top + side))
        expected = square.resize((SIZE, SIZE), PIL.Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(image, expected)
    assert loaded.num_classes == 2
    assert loaded.labels.tolist() == [name[0] == "d" for name in names]


def test_second_loading_decodes_nothing(pictures, load, monkeypatch):
    first = load(pictures)
    monkeypatch.setattr(decode, "decode", None)
    monkeypatch.setattr(decode, "inspect", None)
    np.testing.assert_array_equal(load(pictures).images, first.images)


def test_changed_folder_is_read_again(pictures, load):
    before = load(pictures)
    name = held_out(pictures, "train")[0]
    save(pictures / name, np.full((20, 20, 3), 200, np.uint8))
    after = load(pictures)
    np.testing.assert_array_equal(before.images[1:], after.images[1:])
    assert abs(after.images[0].astype(int) - 200).max() <= 1
    (pictures / name).unlink()
    assert len(load(pictures).images) == len(before.images) - 1


def test_content_that_is_replaced_with_its_date_kept_is_read_again(
    pictures, load
):
    before = load(pictures)
    name = held_out(pictures, "train")[0]
    old = (pictures / name).stat()
    save(pictures / name, np.full((20, 20, 3), 200, np.uint8))
    content = (pictures / name).read_bytes()
    (pictures / name).write_bytes(content.ljust(old.st_size, b"\0"))
    os.utime(pictures / name, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert (pictures / name).stat().st_size == old.st_size
    after = load(pictures)
    assert abs(after.images[0].astype(int) - 200).max() <= 1
    np.testing.assert_array_equal(before.images[1:], after.images[1:])


def test_folders_that_look_alike_have_pixels_of_their_own(tmp_path, load):
    for folder_name, level in (("a", 10), ("b", 240)):
        for number in range(20):
            path = tmp_path / folder_name / f"{number}.bmp"
            save(path, np.full((SIZE, SIZE, 3), level, np.uint8))
            os.utime(path, ns=(10**18, 10**18))
    assert (load(tmp_path / "a").images == 10).all()
    assert (load(tmp_path / "b").images == 240).all()


@pytest.mark.parametrize("budget", [4.0, 0.0])
def test_without_a_cache_nothing_is_kept(tmp_path, pictures, load, budget):
    kept = load(pictures).images
    before = sorted((tmp_path / "cache").rglob("*"))
    off = {"cache": "off", "memory_budget_gb": budget}
    np.testing.assert_array_equal(load(pictures, **off).images, kept)
    assert (load(pictures, "test", **off).labels >= 0).all()
    assert sorted((tmp_path / "cache").rglob("*")) == before


def test_grey_pictures_stay_grey_until_one_is_not(tmp_path, rng, load):
    root = tmp_path / "grey"
    for number in range(40):
        pixels = rng.integers(0, 256, (SIZE, SIZE), dtype=np.uint8)
        save(root / f"{number}.png", pixels)
    grey = load(root)
    assert grey.image_shape == (SIZE, SIZE, 1) and grey.labels is None
    # In the other split: both have to have the same shape.
    number = next(i for i in range(99) if folder_scan.is_held_out(f"c{i}.png"))
    save(root / f"c{number}.png", np.zeros((SIZE, SIZE, 3), np.uint8))
    colour = load(root)
    np.testing.assert_array_equal(colour.images, grey.images.repeat(3, axis=3))
    assert load(root, "test").image_shape == (SIZE, SIZE, 3)


def test_small_pictures_need_a_mode_that_enlarges(pictures, load):
    with pytest.raises(errors.DataError, match=r"--resize=enlarge") as error:
        load(pictures, size=38)
    assert "of the images in" in str(error.value)
    loaded = load(pictures, size=38, resize="enlarge")
    assert loaded.image_shape == (38, 38, 3)


def test_other_mode_gives_other_pixels(pictures, load):
    one = load(pictures, resize="area").images
    other = load(pictures, resize="nearest").images
    assert (one != other).any()
    with pytest.raises(errors.UsageError, match="known: antialias, area"):
        load(pictures, resize="cubic")


def test_unreadable_files_are_all_named_before_decoding(
    pictures, load, monkeypatch
):
    (pictures / "cats" / "a.png").write_bytes(b"")
    (pictures / "cats" / "b.gif").write_bytes(b"no image")
    monkeypatch.setattr(decode, "decode", None)
    words = (
        r"2 of the images in \S*pictures cannot be used: cats/a\.png is "
        r"empty; cats/b\.gif is no PNG.*--skip_unreadable"
    )
    with pytest.raises(errors.DataError, match=words):
        load(pictures)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def test_truncated_files_are_named_and_nothing_is_published(pictures, load):
    broken = held_out(pictures, "train")[3:10]
    for name in broken:
        truncate(pictures / name)
    for _ in range(2):
        with pytest.raises(errors.DataError, match="7 of the images") as error:
            load(pictures)
        assert broken[0] in str(error.value)
        assert "and 2 more. Repair" in str(error.value)


def test_unreadable_files_are_left_out_if_asked(pictures, load):
    names = held_out(pictures, "train")
    whole = load(pictures)
    truncate(pictures / names[3])
    (pictures / names[5]).write_bytes(b"")
    with pytest.warns(UserWarning, match=r"2 of the images.*Left out"):
        loaded = load(pictures, skip_unreadable=True)
    kept = [i for i in range(len(names)) if i not in (3, 5)]
    np.testing.assert_array_equal(loaded.images, whole.images[kept])
    np.testing.assert_array_equal(loaded.labels, whole.labels[kept])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(pictures, "test", skip_unreadable=True)
    with pytest.raises(errors.DataError, match="1 of the images"):
        load(pictures)


def test_nothing_but_unreadable_files_is_refused(tmp_path, rng, load):
    for number in range(30):
        path = tmp_path / "pictures" / f"{number}.png"
        save(path, rng.integers(0, 256, (20, 20), dtype=np.uint8))
        truncate(path)
    with pytest.raises(errors.DataError, match="images in"):
        load(tmp_path / "pictures", skip_unreadable=True)


def test_interrupted_build_tells_all_faults(pictures, load, monkeypatch):
    monkeypatch.setattr(build, "_SHARD_IMAGES", 5)
    monkeypatch.setattr(headers.os, "cpu_count", lambda: 1)
    names = held_out(pictures, "train")
    truncate(pictures / names[2])
    original = decode.decode

    def interrupted(path, mode, remark):
        if path == pictures / names[40]:
            raise KeyboardInterrupt
        return original(path, mode, remark)

    with monkeypatch.context() as patches:
        patches.setattr(decode, "decode", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load(pictures)
    with pytest.raises(errors.DataError, match="1 of the images"):
        load(pictures)


def test_needs_a_folder_with_enough_pictures(tmp_path, load):
    with pytest.raises(errors.UsageError, match="needs --data_dir"):
        load(None)
    with pytest.raises(errors.UsageError, match="image_size=4"):
        load(tmp_path, size=4)
    number = next(
        i for i in range(99) if not folder_scan.is_held_out(f"{i}.png")
    )
    save(tmp_path / f"{number}.png", np.zeros((20, 20), np.uint8))
    assert len(load(tmp_path).images) == 1
    with pytest.raises(errors.DataError, match=r"split 'test'\. Add images"):
        load(tmp_path, "test")


def test_class_whose_pictures_are_all_held_out_is_known_before_decoding(
    pictures, load, monkeypatch
):
    number = next(
        i for i in range(99) if folder_scan.is_held_out(f"apes/{i}.png")
    )
    save(pictures / "apes" / f"{number}.png", np.zeros((20, 20, 3), np.uint8))
    monkeypatch.setattr(decode, "decode", None)
    reading = ReadConfig(data_dir=str(pictures), cache="off")
    found = folder.preview("train", SIZE, reading)
    assert found.empty_classes == ("apes",)
    assert found.num_classes == 3 and found.image_shape == (SIZE, SIZE, 3)
    assert found.count == len(held_out(pictures, "train"))
    with pytest.raises(errors.DataError, match="image of the class apes"):
        data.check_classes(found, pictures)


def test_class_whose_files_are_skipped_has_no_images(pictures, load):
    save(pictures / "apes" / "0.png", np.zeros((20, 20, 3), np.uint8))
    save(pictures / "apes" / "1.png", np.zeros((20, 20, 3), np.uint8))
    for path in (pictures / "apes").iterdir():
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.warns(UserWarning, match="Left out"):
        loaded = load(pictures, skip_unreadable=True)
    assert loaded.class_names == ("apes", "cats", "dogs")
    assert loaded.empty_classes == ("apes",)


def test_picture_because_of_which_there_are_no_classes_is_named(pictures, load):
    save(pictures / "zz.png", np.zeros((20, 20, 3), np.uint8))
    with pytest.warns(
        UserWarning, match=r"zz\.png lies in none of its folders"
    ):
        assert load(pictures).labels is None


def test_warnings_of_metadata_name_the_file(pictures, load):
    name = held_out(pictures, "train")[4]
    with PIL.Image.open(pictures / name) as image:
        image.load()
    broken = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01"
    image.save(pictures / name, exif=broken)
    with pytest.warns(UserWarning) as caught:
        load(pictures)
    (told,) = [str(one.message) for one in caught]
    assert "1 of the images" in told and f"{name} has metadata" in told


def test_pictures_of_other_formats_are_counted_and_named(pictures, load):
    for name in ("a.jxl", "b.HEIC", "notes.txt"):
        (pictures / "cats" / name).write_bytes(b"x")
    words = r"2 pictures in .* passed over.*: cats/a\.jxl, cats/b\.HEIC\. Con"
    with pytest.warns(UserWarning, match=words):
        load(pictures)


def test_each_picture_is_gone_before_the_next_is_decoded(
    pictures, load, monkeypatch
):
    monkeypatch.setattr(headers, "_WORKERS", 1)
    decoded, sound = [], decode.decode

    def tracked(*arguments):
        assert not any(picture() for picture in decoded)
        picture = sound(*arguments)
        decoded.append(weakref.ref(picture))
        return picture

    monkeypatch.setattr(decode, "decode", tracked)
    images = load(pictures).images
    assert len(decoded) == len(images) > 10


# Of 88 million pixels, in 260 kB; prints the peak of the memory.
DRILL = """
import sys
import numpy, PIL.Image
from tf_mmdgan.data import resize
from tf_mmdgan.data.readers import decode

PIL.Image.new("L", (8, 8)).resize((4, 4))
before = peak()
for _ in range(2):
    resize.fitted(
        decode.decode(sys.argv[1], "RGB"), 16, resize.RESIZES["antialias"]
    )
print(peak() - before)
"""


@pytest.mark.slow
def test_large_pictures_take_little_more_than_they_need(tmp_path):
    path = tmp_path / "large.png"
    PIL.Image.new("RGB", (9400, 9400)).save(path)
    assert path.stat().st_size < 2**20
    used = peaks.printed_peak(DRILL, path)
    assert 9400**2 / 2**20 < used < 3 * 9400**2 / 2**20 + 250
