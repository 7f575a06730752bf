"""A run goes on with the images that it was trained on, or not at all."""

import dataclasses
import json
import os
import pathlib
import shutil
import warnings

import loading
import numpy as np
import PIL.Image
import pytest
import tfds_builds

from tf_mmdgan import config, data, errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.data.readers import decode, folder_scan
from tf_mmdgan.training import run, run_data, run_directory


@pytest.fixture
def pictures(tmp_path, rng):
    """Sixty grey pictures of two classes."""
    root = tmp_path / "pictures"
    for number in range(60):
        path = root / ("cats", "dogs")[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (16, 16), dtype=np.uint8)
        PIL.Image.fromarray(pixels).save(path)
    return root


def settings(tmp_path, root, **changes):
    return config.TrainConfig(
        run_dir=str(tmp_path / "run"),
        dataset="folder",
        data_dir=str(root),
        cache_dir=str(tmp_path / "cache"),
        image_size=16,
        strategy="one_device",
        **changes,
    )


def load(chosen):
    reading = config.DataConfig.of(
        chosen, dataset=chosen.dataset, image_size=chosen.image_size
    )
    return loading.data.load(reading, "train")


def record(chosen, train):
    """Begins a run on some images."""
    run_directory.claim(pathlib.Path(chosen.run_dir))
    run_directory.write_config(
        chosen,
        {},
        train.image_shape,
        train.condition,
        data=run_data.record(chosen, train),
    )


@pytest.fixture
def begun(tmp_path, pictures):
    """The settings of a run that has begun on the pictures."""
    chosen = settings(tmp_path, pictures)
    record(chosen, load(chosen))
    return chosen


def colour_one(root):
    PIL.Image.new("RGB", (16, 16)).save(root / "dogs" / "zz.png")


def longer_one(root):
    path = root / "dogs" / "01.png"
    path.write_bytes(path.read_bytes() + b"\0")


CHANGES = {
    "renamed": (
        lambda root: (root / "cats").rename(root / "felines"),
        "lacks the class cats and has the class felines besides",
    ),
    "new class": (
        lambda root: shutil.copytree(root / "cats", root / "apes"),
        "trained on 2 classes; .*pictures has the class apes besides",
    ),
    "no classes": (
        lambda root: shutil.copy(root / "cats" / "00.png", root),
        "trained on the classes cats, dogs, .*pictures has no classes",
    ),
    "in colour": (
        colour_one,
        "run was trained on 16 x 16 x 1, .*pictures has 16 x 16 x 3: "
        r"dogs/zz\.png is in colour",
    ),
    "one more": (
        lambda root: shutil.copy(root / "dogs" / "01.png", root / "dogs/x.png"),
        "trained on 60 files, .* has 61 files",
    ),
    "longer file": (longer_one, "files of other names or sizes"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_files_are_refused_before_any_picture_is_decoded(
    begun, pictures, monkeypatch, change
):
    act, words = CHANGES[change]
    act(pictures)
    monkeypatch.setattr(decode, "decode", None)
    with pytest.raises(errors.UsageError, match=words) as caught:
        run.prepare(begun)
    assert "\n" not in str(caught.value)
    assert "--run_dir" in str(caught.value)


def test_folder_that_was_moved_or_copied_passes(begun, tmp_path, pictures):
    copied = shutil.copytree(pictures, tmp_path / "elsewhere")
    os.utime(copied / "cats" / "00.png", (0, 0))
    shutil.rmtree(pictures)
    moved = dataclasses.replace(begun, data_dir=str(copied))
    run_data.check_files(moved)
    run_data.check_images(moved, load(moved))


def test_other_pixels_under_equal_names_and_sizes_are_refused(
    begun, tmp_path, pictures
):
    run_data.check_images(begun, load(begun))
    files = sorted((pictures / "cats").iterdir())
    size = max(file.stat().st_size for file in files)
    for file in files:
        file.write_bytes(file.read_bytes().ljust(size, b"\0"))
    chosen = dataclasses.replace(begun, run_dir=str(tmp_path / "second"))
    train = load(chosen)
    run_directory.claim(tmp_path / "second")
    run_directory.write_config(
        chosen, {}, (16, 16, 1), Classes(2), data=run_data.record(chosen, train)
    )
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, reversed(contents), strict=True):
        file.write_bytes(content)
    run_data.check_files(chosen)
    with pytest.raises(errors.UsageError, match="other images or labels"):
        run_data.check_images(chosen, load(chosen))


def test_arrays_are_told_apart_by_what_they_hold(tmp_path, rng):
    path = tmp_path / "images.npz"
    images = rng.integers(0, 256, (40, 16, 16), dtype=np.uint8)
    labels = np.arange(40) % 3

    def saved(**arrays):
        np.savez(path, **arrays)
        chosen = dataclasses.replace(
            settings(tmp_path, path), dataset="npz", image_size=None
        )
        return chosen, load(chosen)

    chosen, train = saved(images=images, labels=labels)
    run_directory.claim(tmp_path / "run")
    run_directory.write_config(
        chosen, {}, (16, 16, 1), Classes(3), data=run_data.record(chosen, train)
    )
    run_data.check_images(*saved(images=images, labels=labels))
    for words, arrays in (
        ("other images or labels", {"labels": (labels + 1) % 3}),
        ("trained on 3 classes, .* has 4 classes", {"labels": labels + 1}),
        (
            "16 x 16 x 1, .* 16 x 16 x 3",
            {"images": images[..., None].repeat(3, 3)},
        ),
        ("images, .* images", {"images": images[1:], "labels": labels[1:]}),
    ):
        with pytest.raises(errors.UsageError, match=words):
            run_data.check_images(
                *saved(**{"images": images, "labels": labels, **arrays})
            )


def test_another_build_is_refused_before_its_images_are_decoded(
    tmp_path, rng, monkeypatch
):
    def built(count):
        images = [
            (rng.integers(0, 256, (96, 96, 3)).astype(np.uint8), number % 10)
            for number in range(count)
        ]
        splits = {"train": images, "test": images[:4]}
        root = tmp_path / f"{count}"
        tfds_builds.write(root, "stl10", splits)
        chosen = settings(tmp_path, root, batch_size=4)
        return dataclasses.replace(chosen, dataset="stl10_labelled")

    chosen, other = built(20), built(21)
    assert data.preview(chosen, "train").count == 20
    train = load(chosen)
    record(chosen, train)
    moved = shutil.copytree(tmp_path / "20", tmp_path / "moved")
    moved = dataclasses.replace(chosen, data_dir=str(moved), cache="off")
    for same in (chosen, moved):
        run_data.check_preview(same, data.preview(same, "train"))
        run_data.check_images(same, load(same))
    monkeypatch.setattr(decode, "decode", None)
    with pytest.raises(errors.UsageError, match=r"on 20 images, .* 21 images"):
        run.prepare(other)
    # What is published says nothing of the user's files.
    nowhere = dataclasses.replace(chosen, data_dir=str(tmp_path / "none"))
    run_data.check_preview(nowhere, data.preview(nowhere, "train"))


def test_other_held_out_images_are_refused(tmp_path, rng):
    images = rng.integers(0, 256, (12, 16, 16, 1), dtype=np.uint8)
    chosen = settings(tmp_path, tmp_path, batch_size=4)
    chosen = dataclasses.replace(chosen, dataset="npz")
    run_directory.claim(tmp_path / "run")
    told = run_data.record(chosen, data.ImageSet(images), images[:5])
    run_directory.write_config(chosen, {}, (16, 16, 1), data=told)
    run_data.check_held_out(chosen, images[:5].copy())
    with pytest.raises(errors.UsageError, match="by other held-out images"):
        run_data.check_held_out(chosen, images[1:6])


def test_run_below_its_own_pictures_is_refused(tmp_path, pictures):
    below = dataclasses.replace(
        settings(tmp_path, pictures), run_dir=str(pictures / "runs" / "a")
    )
    with pytest.raises(errors.UsageError, match="sample grids would be read"):
        run.prepare(below)
    assert not (pictures / "runs").exists()
    hidden = dataclasses.replace(below, run_dir=str(pictures / ".runs" / "a"))
    run_data.check_files(hidden)


def test_scores_against_other_files_warn_and_of_classes_are_refused(
    begun, pictures
):
    run_data.check_scored(begun, per_class=True)
    (pictures / "cats").rename(pictures / "felines")
    with pytest.warns(UserWarning, match="lacks the class cats"):
        run_data.check_scored(begun)
    with pytest.raises(errors.UsageError, match="lacks the class cats"):
        run_data.check_scored(begun, per_class=True)


def exchange(root, first, second):
    """Exchanges two pictures, of one size, in place of each other."""
    size = max(path.stat().st_size for path in root.glob("*/*.png"))
    contents = [
        (root / name).read_bytes().ljust(size, b"\0")
        for name in (second, first)
    ]
    for name, content in zip((first, second), contents, strict=True):
        (root / name).write_bytes(content)


def test_pixels_that_changed_under_their_names_are_told(tmp_path, pictures):
    names = [os.path.relpath(p, pictures) for p in pictures.glob("*/*.png")]
    held_out = sorted(filter(folder_scan.is_held_out, names))
    seen = sorted(set(names) - set(held_out))
    assert len(held_out) > 1
    for pair in (held_out[:2], seen[:2]):
        exchange(pictures, *pair)  # which makes them equally long
    chosen = settings(tmp_path, pictures)
    reading = config.DataConfig.of(
        chosen, dataset="folder", image_size=chosen.image_size
    )

    def sets():
        return [data.load(reading, split) for split in data.SPLITS]

    train, test = sets()
    run_directory.claim(tmp_path / "run")
    told = run_data.record(chosen, train, test.images)
    run_directory.write_config(chosen, {}, (16, 16, 1), Classes(2), data=told)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_data.warn_of_pixels(chosen, reading, train, test.images)
    exchange(pictures, *held_out[:2])
    train, test = sets()
    run_data.check_scored(chosen)
    words = "by other held-out images than .* same names and sizes"
    with pytest.warns(UserWarning, match=words) as caught:
        run_data.warn_of_pixels(chosen, reading, train, test.images)
    assert len(caught) == 1
    with pytest.raises(errors.UsageError, match=words):
        run_data.check_held_out(chosen, test.images)
    exchange(pictures, *seen[:2])
    train, test = sets()
    with pytest.warns(UserWarning, match="on other images or labels than"):
        run_data.warn_of_pixels(chosen, reading, train)
    # Pixels of another size are none to compare.
    small = dataclasses.replace(reading, image_size=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_data.warn_of_pixels(chosen, small, data.load(small, "train"))


def test_columns_of_other_names_or_units_are_refused(tmp_path, rng):
    path = tmp_path / "table.csv"
    rows = rng.normal(size=(40, 2))

    def loaded(names, unit=1.0):
        np.savetxt(path, unit * rows, delimiter=",", header=names, comments="")
        return data.load(reading, "train")

    reading = config.DataConfig(dataset="rows", data_dir=str(path))
    chosen = config.TrainConfig(
        run_dir=str(tmp_path / "run"), dataset="rows", data_dir=str(path)
    )
    train = loaded("a,b")
    record(chosen, train)
    run_data.check_images(chosen, loaded("a,b"))
    for names, unit in (("b,a", 1.0), ("a,b", 1024.0)):
        other = loaded(names, unit)
        assert other.digest == train.digest
        with pytest.raises(errors.UsageError, match="other names or units"):
            run_data.check_images(chosen, other)


@pytest.mark.parametrize(
    "told",
    [
        [1], {"count": "<b>"}, {"classes": [1]}, {"files": {}}, {"images": 5},
        {"num_files": "1"}, {"held_out": [1]},
    ],
)  # fmt: skip
def test_what_a_record_says_of_its_data_has_its_types(tmp_path, told):
    chosen = config.TrainConfig(run_dir=str(tmp_path), dataset="digits")
    run_directory.write_config(chosen, {}, (16, 16, 1), Classes(10))
    path = tmp_path / run_directory.CONFIG_FILE
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"data": told}))
    with pytest.raises(errors.DataError, match=r"its \w+ of the data is"):
        run_data.check_files(chosen)
