import os

import loading
import numpy as np
import PIL.Image
import pytest
import tensorflow_datasets as tfds
import tfds_builds
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.data.cache import build as cache_build
from tf_mmdgan.data.readers import tfds_build
from tf_mmdgan.data.readers.example_reader import ExampleReader
from tf_mmdgan.data.sets import tfds as tfds_sets


@pytest.fixture
def load(tmp_path):
    """load(name, split, size, ...) from builds in `tmp_path`."""

    def run(name, split, size, **settings):
        settings = {
            "data_dir": tmp_path, "cache_dir": tmp_path / "cache", **settings,
        }  # fmt: skip
        return loading.load(name, split, image_size=size, **settings)

    return run


def noise(rng, shape, count, classes=10):
    return [
        (rng.integers(0, 256, shape).astype(np.uint8), number % classes)
        for number in range(count)
    ]


def pairs(images, labels):
    """What is there, whatever the order: TFDS shuffles as it writes."""
    return sorted(
        (image.tobytes(), int(label))
        for image, label in zip(images, labels, strict=True)
    )


@pytest.mark.parametrize(
    "name", ["mnist", "fashion_mnist", "cifar10", "cifar100", "imagenet64"]
)
def test_published_pixels_and_labels_are_kept(name, load, rng, tmp_path):
    source = tfds_sets.SOURCES[name]
    shape = tfds_builds.SHAPES[source.name]
    written = {
        split: noise(rng, shape, count, source.num_classes)
        for split, count in zip(
            tfds_builds.splits_of(source.name), (30, 20), strict=True
        )
    }
    tfds_builds.write(tmp_path, source.name, written)
    for split, own in (("train", "train"), ("test", source.test)):
        loaded = load(name, split, shape[0])
        assert loaded.num_classes == source.num_classes
        assert pairs(loaded.images, loaded.labels) == pairs(
            *zip(*written[own], strict=True)
        )


@pytest.mark.parametrize("name", ["stl10", "stl10_labelled"])
def test_stl10_takes_the_images_without_labels(name, load, rng, tmp_path):
    written = {
        "train": noise(rng, (96, 96, 3), 4),
        "test": noise(rng, (96, 96, 3), 5),
        "unlabelled": [(image, -1) for image, _ in noise(rng, (96, 96, 3), 6)],
    }
    tfds_builds.write(tmp_path, "stl10", written)
    labelled = name == "stl10_labelled"
    for split, own in (
        ("train", "train" if labelled else "unlabelled"),
        ("test", "test"),
    ):
        loaded = load(name, split, 48)
        expected = [
            PIL.Image.fromarray(image).resize((48, 48), PIL.Image.LANCZOS)
            for image, _ in written[own]
        ]
        labels = [label * labelled for _, label in written[own]]
        found = loaded.labels if labelled else [0] * len(loaded.images)
        assert pairs(loaded.images, found) == pairs(expected, labels)


def test_celeb_a_is_cropped_from_its_jpegs(load, rng, tmp_path):
    """Each image is 160 rows and columns of the centre of one file."""
    files = [
        tfds_builds.jpeg(image) for image, _ in noise(rng, (218, 178, 3), 6)
    ]
    examples = [(content, 0) for content in files]
    tfds_builds.write(
        tmp_path, "celeb_a",
        {"train": examples[:4], "test": examples[4:]},
    )  # fmt: skip
    for split, own in (("train", files[:4]), ("test", files[4:])):
        loaded = load("celeb_a", split, 160)
        assert loaded.labels is None and len(loaded.images) == len(own)
        windows = [
            np.lib.stride_tricks.sliding_window_view(
                tfds_builds.decoded(content)[20:198], (160, 160, 3)
            )
            for content in own
        ]
        for image in loaded.images:
            assert any((image == w).all((3, 4, 5)).any() for w in windows)


def test_last_lsun_images_are_held_out(load, rng, tmp_path):
    files = [
        tfds_builds.jpeg(image) for image, _ in noise(rng, (70, 90, 3), 30)
    ]
    folder = tfds_builds.write(
        tmp_path, "lsun/bedroom",
        {"train": [(content, 0) for content in files]},
    )  # fmt: skip
    order = tfds.builder_from_directory(folder).as_dataset(
        split="train", decoders={"image": tfds.decode.SkipDecoding()}
    )
    thumbnails = [
        PIL.Image.fromarray(tfds_builds.decoded(example["image"])).resize(
            (82, 64), PIL.Image.BICUBIC
        )
        for example in order.as_numpy_iterator()
    ]
    train, test = (
        load("lsun_bedroom", "train", 64),
        load("lsun_bedroom", "test", 64),
    )
    assert (len(train.images), len(test.images)) == (27, 3)
    images = np.concatenate([train.images, test.images])
    for image, thumbnail in zip(images, thumbnails, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(
            np.asarray(thumbnail), (64, 64, 3)
        )
        assert (image == windows).all((3, 4, 5)).any()


def test_other_sizes_are_resized(load, rng, tmp_path):
    written = noise(rng, (28, 28, 1), 3)
    tfds_builds.write(tmp_path, "mnist", {"train": written, "test": written})
    loaded = load("mnist", "train", 16)
    expected = [
        PIL.Image.fromarray(image[..., 0].astype(np.float32)).resize(
            (16, 16), PIL.Image.BICUBIC
        )
        for image, _ in written
    ]
    levels = [
        np.rint(np.clip(np.asarray(image), 0, 255)).astype(np.uint8)
        for image in expected
    ]
    labels = [label for _, label in written]
    assert pairs(loaded.images, loaded.labels) == pairs(levels, labels)


def test_named_mode_replaces_what_is_published(load, rng, tmp_path):
    written = noise(rng, (96, 96, 3), 3)
    tfds_builds.write(
        tmp_path, "stl10", {"unlabelled": written, "test": written}
    )
    assert load("stl10", "train", 48).image_shape == (48, 48, 3)
    loaded = load("stl10", "train", 48, resize="area")
    means = [
        image.reshape(48, 2, 48, 2, 3).mean((1, 3)) for image, _ in written
    ]
    for image in loaded.images:
        # Bytes are rounded after either axis.
        assert min(np.abs(image - mean).max() for mean in means) < 1.01


def test_interrupted_cache_goes_on_with_the_same_images(
    load, rng, tmp_path, monkeypatch
):
    monkeypatch.setattr(cache_build, "_SHARD_IMAGES", 4)
    written = noise(rng, (28, 28, 1), 18)
    tfds_builds.write(tmp_path, "mnist", {"train": written, "test": written})
    whole = load("mnist", "train", 28, cache_dir=tmp_path / "whole")
    read = ExampleReader.__call__

    def interrupted(self, start, stop):
        if start == 12:
            raise KeyboardInterrupt
        return read(self, start, stop)

    with monkeypatch.context() as patch:
        patch.setattr(ExampleReader, "__call__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load("mnist", "train", 28)
    starts = []

    def counted(self, start, stop):
        starts.append(start)
        return read(self, start, stop)

    monkeypatch.setattr(ExampleReader, "__call__", counted)
    resumed = load("mnist", "train", 28)
    assert 0 not in starts and starts[-1] == 16
    np.testing.assert_array_equal(whole.images, resumed.images)
    np.testing.assert_array_equal(whole.labels, resumed.labels)
    load("mnist", "train", 28)
    assert starts[-1] == 16  # from the cache


def test_newest_build_is_read(load, rng, tmp_path):
    for version, count in (("9.0.0", 3), ("10.0.0", 5), ("2.0.0", 7)):
        written = noise(rng, (28, 28, 1), count)
        tfds_builds.write(
            tmp_path, "mnist", {"train": written, "test": written}, version
        )
    assert len(load("mnist", "train", 28).images) == 5


def test_absent_set_names_folder_command_and_alternatives(load, tmp_path):
    with pytest.raises(errors.DataError) as caught:
        load("celeb_a", "train", 64)
    for part in (
        f"No celeb_a in {tmp_path}",
        f"prepare_data --dataset=celeb_a --data_dir={tmp_path} --download",
        "--dataset=folder",
    ):
        assert part in str(caught.value)


def test_folder_of_tfds_is_the_default(load, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "mine"))
    with pytest.raises(errors.DataError, match=str(tmp_path / "mine")):
        load("celeb_a", "train", 64, data_dir=None)


@pytest.fixture
def build(rng, tmp_path):
    """The folder of a sound build of MNIST."""
    written = noise(rng, (28, 28, 1), 9)
    return tfds_builds.write(
        tmp_path, "mnist", {"train": written, "test": written}
    )


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
def test_damaged_builds_are_named(build, load, damage, words):
    damage(build)
    with pytest.raises(errors.DataError, match=words) as caught:
        load("mnist", "train", 28)
    assert str(build) in str(caught.value) and "Delete" in str(caught.value)


@pytest.mark.parametrize("name", ["label.labels.txt", "dataset_info.json"])
def test_pipes_in_a_build_are_refused(build, load, name):
    (build / name).unlink(missing_ok=True)
    os.mkfifo(build / name)
    with (
        within(seconds=10),
        pytest.raises(errors.DataError, match=f"{name}( is no plain file|)"),
    ):
        load("mnist", "train", 28)


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
    build, load, tmp_path, monkeypatch, name, old, new, words
):
    (tmp_path / "chosen_by_a_file.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    _rewrite(build, name, old, new)
    with (
        within(seconds=20, megabytes=200),
        pytest.raises(errors.DataError, match=words) as caught,
    ):
        load("mnist", "train", 28)
    assert "\n" not in str(caught.value)


def test_half_made_build_is_named(build, load):
    unfinished = build.parent / f"incomplete.ABCDEF_{build.name}"
    build.rename(unfinished)
    with pytest.raises(errors.DataError, match="interrupted") as caught:
        load("mnist", "train", 28)
    assert str(unfinished) in str(caught.value)
    assert "--download" in str(caught.value)


def test_build_of_something_else_is_refused(load, rng, tmp_path):
    written = noise(rng, (64, 64, 3), 3)
    folder = tfds_builds.write(
        tmp_path, "imagenet_resized/64x64",
        {"train": written, "validation": written},
    )  # fmt: skip
    (tmp_path / "cifar10").mkdir()
    folder.rename(tmp_path / "cifar10" / "3.0.2")
    with pytest.raises(errors.DataError, match=r"\(64, 64, 3\) and 1000 cla"):
        load("cifar10", "train", 32)


def test_image_that_is_none_is_named(load, rng, tmp_path):
    examples = [(b"no image", 0)]
    tfds_builds.write(
        tmp_path, "celeb_a",
        {"train": examples, "test": examples},
    )  # fmt: skip
    with pytest.raises(
        errors.DataError, match="image that cannot be decoded, 0"
    ):
        load("celeb_a", "train", 64)


@pytest.mark.parametrize(
    ("name", "size", "known"),
    [("celeb_a", 161, 160), ("stl10", 97, 96), ("lsun_bedroom", 257, 256)],
)
def test_images_are_not_enlarged_unless_asked_for(
    name, size, known, load, rng, tmp_path
):
    with pytest.raises(errors.UsageError, match=f"={size}.* {known} pixels"):
        load(name, "train", size)
    with pytest.raises(errors.UsageError, match="--resize=enlarge"):
        load(name, "train", size, resize="lanczos")
    source = tfds_sets.SOURCES[name]
    written = noise(rng, tfds_builds.SHAPES[source.name], 10)
    splits = dict.fromkeys(tfds_builds.splits_of(source.name), written)
    tfds_builds.write(tmp_path, source.name, splits)
    loaded = load(name, "train", size, resize="enlarge")
    assert loaded.image_shape == (size, size, 3)


def test_unknown_mode_is_refused_before_anything_is_read(load):
    with pytest.raises(errors.UsageError, match="Unknown resize mode 'cubic'"):
        load("celeb_a", "train", 64, resize="cubic")


def test_cached_set_needs_no_tfds(build, load, monkeypatch):
    first = load("mnist", "train", 28)
    monkeypatch.setattr(tfds_build, "Split", None)
    again = load("mnist", "train", 28)
    np.testing.assert_array_equal(first.images, again.images)
