import os

import pytest
import tfds_builds
from limits import within

from tf_mmdgan import errors


def one(folder, pattern):
    (path,) = folder.glob(pattern)
    return path


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda b: one(b, "*train*").unlink(), "lacks mnist-train"),
        (lambda b: one(b, "features.json").unlink(), "has no features.json"),
        (
            lambda b: one(b, "dataset_info.json").write_text("{"),
            "cannot be opened",
        ),
        (
            lambda b: one(b, "*train*").write_bytes(
                one(b, "*train*").read_bytes()[:-700]
            ),
            "cannot be read|ends too early|a record claims",
        ),
        (
            lambda b: one(b, "*train*").write_bytes(bytes(5) + b"\1" * 999),
            "a record claims [0-9,]{20,} bytes, and 1,004 are left",
        ),
        (lambda b: one(b, "*train*").write_bytes(b""), "9 examples in 0 b"),
    ],
    ids=["file", "features", "info", "truncated", "claim", "empty"],
)
def test_damaged_builds_are_named(build, load_tfds, damage, words):
    damage(build)
    with pytest.raises(errors.DataError, match=words) as caught:
        load_tfds("mnist", "train", 28)
    assert str(build) in str(caught.value) and "Delete" in str(caught.value)


@pytest.mark.parametrize("name", ["label.labels.txt", "dataset_info.json"])
def test_pipes_in_a_build_are_refused(build, load_tfds, name):
    (build / name).unlink(missing_ok=True)
    os.mkfifo(build / name)
    with (
        within(seconds=10),
        pytest.raises(errors.DataError, match=f"{name}( is no plain file|)"),
    ):
        load_tfds("mnist", "train", 28)


def _rewrite(build, name, old, new):
    path = one(build, name)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "name, old, new, words",
    [
        (
            "features.json",
            '"tensorflow_datasets.core.features.image_feature.Image"',
            '"chosen_by_a_file.Image"',
            "features of the class chosen_by_a_file",
        ),
        (
            "features.json",
            '"pythonClassName": "tensorflow_datasets',
            '"python_class_name": "chosen_by_a_file',
            "features of the class chosen_by_a_file",
        ),
        ("dataset_info.json", '"9"', '"1099511627776"', "claims 1,099,511,627"),
        ("dataset_info.json", "{DATASET}", "../../{DATASET}", "is elsewhere"),
        (
            "dataset_info.json", 'Lengths": [', 'Lengths": [' + '"9",' * 2**18,
            "claims 262,145 files of 4",
        ),
        (
            "dataset_info.json", 'splits": [', 'splits": [' + "{}," * 2**18,
            "claims 262,146 files of 4",
        ),
    ],
    ids=["class", "other name", "count", "path", "shards", "splits"],
)  # fmt: skip
def test_builds_are_not_believed(
    build, load_tfds, tmp_path, monkeypatch, name, old, new, words
):
    (tmp_path / "chosen_by_a_file.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    _rewrite(build, name, old, new)
    with (
        within(seconds=20, megabytes=200),
        pytest.raises(errors.DataError, match=words) as caught,
    ):
        load_tfds("mnist", "train", 28)
    assert "\n" not in str(caught.value)


def test_half_made_build_is_named(build, load_tfds):
    unfinished = build.parent / f"incomplete.ABCDEF_{build.name}"
    build.rename(unfinished)
    with pytest.raises(errors.DataError, match="interrupted") as caught:
        load_tfds("mnist", "train", 28)
    assert str(unfinished) in str(caught.value)
    assert "--download" in str(caught.value)


def test_build_of_something_else_is_refused(load_tfds, rng, tmp_path):
    written = tfds_builds.noise(rng, (64, 64, 3), 3)
    folder = tfds_builds.write(
        tmp_path, "imagenet_resized/64x64",
        {"train": written, "validation": written},
    )  # fmt: skip
    (tmp_path / "cifar10").mkdir()
    folder.rename(tmp_path / "cifar10" / "3.0.2")
    with pytest.raises(errors.DataError, match=r"\(64, 64, 3\) and 1000 cla"):
        load_tfds("cifar10", "train", 32)
