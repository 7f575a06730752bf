import numpy as np
import PIL.Image
import pytest
import tensorflow_datasets as tfds
import tfds_builds

from tf_mmdgan import errors
from tf_mmdgan.data.cache import build as cache_build
from tf_mmdgan.data.readers import tfds_build
from tf_mmdgan.data.readers.example_reader import ExampleReader
from tf_mmdgan.data.sets import tfds as tfds_sets


def pairs(images, labels):
    """What is there, whatever the order: TFDS shuffles as it writes."""
    return sorted(
        (image.tobytes(), int(label))
        for image, label in zip(images, labels, strict=True)
    )


@pytest.mark.parametrize(
    "name", ["mnist", "fashion_mnist", "cifar10", "cifar100", "imagenet64"]
)
def test_published_pixels_and_labels_are_kept(name, load_tfds, rng, tmp_path):
    source = tfds_sets.SOURCES[name]
    shape = tfds_builds.SHAPES[source.name]
    written = {
        split: tfds_builds.noise(rng, shape, count, source.num_classes)
        for split, count in zip(
            tfds_builds.splits_of(source.name), (30, 20), strict=True
        )
    }
    tfds_builds.write(tmp_path, source.name, written)
    for split, own in (("train", "train"), ("test", source.test)):
        loaded = load_tfds(name, split, shape[0])
        assert loaded.num_classes == source.num_classes
        assert pairs(loaded.images, loaded.labels) == pairs(
            *zip(*written[own], strict=True)
        )


@pytest.mark.parametrize("name", ["stl10", "stl10_labelled"])
def test_stl10_takes_the_images_without_labels(name, load_tfds, rng, tmp_path):
    written = {
        "train": tfds_builds.noise(rng, (96, 96, 3), 4),
        "test": tfds_builds.noise(rng, (96, 96, 3), 5),
        "unlabelled": [
            (image, -1) for image, _ in tfds_builds.noise(rng, (96, 96, 3), 6)
        ],
    }
    tfds_builds.write(tmp_path, "stl10", written)
    labelled = name == "stl10_labelled"
    for split, own in (
        ("train", "train" if labelled else "unlabelled"),
        ("test", "test"),
    ):
        loaded = load_tfds(name, split, 48)
        expected = [
            PIL.Image.fromarray(image).resize((48, 48), PIL.Image.LANCZOS)
            for image, _ in written[own]
        ]
        labels = [label * labelled for _, label in written[own]]
        found = loaded.labels if labelled else [0] * len(loaded.images)
        assert pairs(loaded.images, found) == pairs(expected, labels)


def test_celeb_a_is_cropped_from_its_jpegs(load_tfds, rng, tmp_path):
    """Each image is 160 rows and columns of the centre of one file."""
    files = [
        tfds_builds.jpeg(image)
        for image, _ in tfds_builds.noise(rng, (218, 178, 3), 6)
    ]
    examples = [(content, 0) for content in files]
    tfds_builds.write(
        tmp_path, "celeb_a",
        {"train": examples[:4], "test": examples[4:]},
    )  # fmt: skip
    for split, own in (("train", files[:4]), ("test", files[4:])):
        loaded = load_tfds("celeb_a", split, 160)
        assert loaded.labels is None and len(loaded.images) == len(own)
        windows = [
            np.lib.stride_tricks.sliding_window_view(
                tfds_builds.decoded(content)[20:198], (160, 160, 3)
            )
            for content in own
        ]
        for image in loaded.images:
            assert any((image == w).all((3, 4, 5)).any() for w in windows)


def test_last_lsun_images_are_held_out(load_tfds, rng, tmp_path):
    files = [
        tfds_builds.jpeg(image)
        for image, _ in tfds_builds.noise(rng, (70, 90, 3), 30)
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
        load_tfds("lsun_bedroom", "train", 64),
        load_tfds("lsun_bedroom", "test", 64),
    )
    assert (len(train.images), len(test.images)) == (27, 3)
    images = np.concatenate([train.images, test.images])
    for image, thumbnail in zip(images, thumbnails, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(
            np.asarray(thumbnail), (64, 64, 3)
        )
        assert (image == windows).all((3, 4, 5)).any()


def test_other_sizes_are_resized(load_tfds, rng, tmp_path):
    written = tfds_builds.noise(rng, (28, 28, 1), 3)
    tfds_builds.write(tmp_path, "mnist", {"train": written, "test": written})
    loaded = load_tfds("mnist", "train", 16)
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


def test_named_mode_replaces_what_is_published(load_tfds, rng, tmp_path):
    written = tfds_builds.noise(rng, (96, 96, 3), 3)
    tfds_builds.write(
        tmp_path, "stl10", {"unlabelled": written, "test": written}
    )
    assert load_tfds("stl10", "train", 48).image_shape == (48, 48, 3)
    loaded = load_tfds("stl10", "train", 48, resize="area")
    means = [
        image.reshape(48, 2, 48, 2, 3).mean((1, 3)) for image, _ in written
    ]
    for image in loaded.images:
        # Bytes are rounded after either axis.
        assert min(np.abs(image - mean).max() for mean in means) < 1.01


def test_interrupted_cache_goes_on_with_the_same_images(
    load_tfds, rng, tmp_path, monkeypatch
):
    monkeypatch.setattr(cache_build, "_SHARD_IMAGES", 4)
    written = tfds_builds.noise(rng, (28, 28, 1), 18)
    tfds_builds.write(tmp_path, "mnist", {"train": written, "test": written})
    whole = load_tfds("mnist", "train", 28, cache_dir=tmp_path / "whole")
    read = ExampleReader.__call__

    def interrupted(self, start, stop):
        if start == 12:
            raise KeyboardInterrupt
        return read(self, start, stop)

    with monkeypatch.context() as patch:
        patch.setattr(ExampleReader, "__call__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load_tfds("mnist", "train", 28)
    starts = []

    def counted(self, start, stop):
        starts.append(start)
        return read(self, start, stop)

    monkeypatch.setattr(ExampleReader, "__call__", counted)
    resumed = load_tfds("mnist", "train", 28)
    assert 0 not in starts and starts[-1] == 16
    np.testing.assert_array_equal(whole.images, resumed.images)
    np.testing.assert_array_equal(whole.labels, resumed.labels)
    load_tfds("mnist", "train", 28)
    assert starts[-1] == 16  # from the cache


def test_newest_build_is_read(load_tfds, rng, tmp_path):
    for version, count in (("9.0.0", 3), ("10.0.0", 5), ("2.0.0", 7)):
        written = tfds_builds.noise(rng, (28, 28, 1), count)
        tfds_builds.write(
            tmp_path, "mnist", {"train": written, "test": written}, version
        )
    assert len(load_tfds("mnist", "train", 28).images) == 5


def test_absent_set_names_folder_command_and_alternatives(load_tfds, tmp_path):
    with pytest.raises(errors.DataError) as caught:
        load_tfds("celeb_a", "train", 64)
    for part in (
        f"No celeb_a in {tmp_path}",
        f"prepare_data --dataset=celeb_a --data_dir={tmp_path} --download",
        "--dataset=folder",
    ):
        assert part in str(caught.value)


def test_folder_of_tfds_is_the_default(load_tfds, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "mine"))
    with pytest.raises(errors.DataError, match=str(tmp_path / "mine")):
        load_tfds("celeb_a", "train", 64, data_dir=None)


def test_image_that_is_none_is_named(load_tfds, rng, tmp_path):
    examples = [(b"no image", 0)]
    tfds_builds.write(
        tmp_path, "celeb_a",
        {"train": examples, "test": examples},
    )  # fmt: skip
    with pytest.raises(
        errors.DataError, match="image that cannot be decoded, 0"
    ):
        load_tfds("celeb_a", "train", 64)


@pytest.mark.parametrize(
    ("name", "size", "known"),
    [("celeb_a", 161, 160), ("stl10", 97, 96), ("lsun_bedroom", 257, 256)],
)
def test_images_are_not_enlarged_unless_asked_for(
    name, size, known, load_tfds, rng, tmp_path
):
    with pytest.raises(errors.UsageError, match=f"={size}.* {known} pixels"):
        load_tfds(name, "train", size)
    with pytest.raises(errors.UsageError, match="--resize=enlarge"):
        load_tfds(name, "train", size, resize="lanczos")
    source = tfds_sets.SOURCES[name]
    written = tfds_builds.noise(rng, tfds_builds.SHAPES[source.name], 10)
    splits = dict.fromkeys(tfds_builds.splits_of(source.name), written)
    tfds_builds.write(tmp_path, source.name, splits)
    loaded = load_tfds(name, "train", size, resize="enlarge")
    assert loaded.image_shape == (size, size, 3)


def test_unknown_mode_is_refused_before_anything_is_read(load_tfds):
    with pytest.raises(errors.UsageError, match="Unknown resize mode 'cubic'"):
        load_tfds("celeb_a", "train", 64, resize="cubic")


def test_cached_set_needs_no_tfds(build, load_tfds, monkeypatch):
    first = load_tfds("mnist", "train", 28)
    monkeypatch.setattr(tfds_build, "Split", None)
    again = load_tfds("mnist", "train", 28)
    np.testing.assert_array_equal(first.images, again.images)
