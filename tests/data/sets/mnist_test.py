import gzip
import struct

import numpy as np
import pytest
import tfds_builds
from loading import load

from tf_mmdgan import data, errors
from tf_mmdgan.data import resize
from tf_mmdgan.data.sets import mnist


def write(path, array):
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


@pytest.fixture
def written(rng):
    sizes = {"train": 7, "test": 4}
    return {
        split: rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
        for split, n in sizes.items()
    }


@pytest.fixture
def folder(tmp_path, written):
    for prefix, split in (("train", "train"), ("t10k", "test")):
        images = written[split]
        write(tmp_path / f"{prefix}-images-idx3-ubyte.gz", images)
        labels = np.arange(len(images), dtype=np.uint8)
        write(tmp_path / f"{prefix}-labels-idx1-ubyte.gz", labels)
    return tmp_path


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_splits_come_from_their_own_files(folder, written, name):
    for split, n in (("train", 7), ("test", 4)):
        loaded = load(name, split, data_dir=folder)
        np.testing.assert_array_equal(loaded.images[..., 0], written[split])
        assert loaded.labels.tolist() == list(range(n))


def test_other_sizes_are_resized(folder):
    native = load("mnist", "test", data_dir=folder)
    resized = load("mnist", "test", image_size=32, data_dir=folder)
    np.testing.assert_array_equal(
        resized.images[..., 0], resize.resize_grey(native.images[..., 0], 32)
    )


def test_absent_sets_name_folder_and_remedies(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "DEBIAN_FOLDER", str(tmp_path / "debian"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    for name, remedy in (
        ("fashion_mnist", "apt-get install dataset-fashion-mnist"),
        ("mnist", "train-images-idx3-ubyte"),
    ):
        with pytest.raises(errors.DataError) as caught:
            load(name, "train")
        folder = tmp_path / "tfds"
        command = f"--dataset={name} --data_dir={folder} --download"
        for part in (f"No {name} in {folder}", command, remedy):
            assert part in str(caught.value)
    with pytest.raises(errors.DataError, match=str(tmp_path / "mine")):
        load("fashion_mnist", "test", data_dir=tmp_path / "mine")


def test_files_come_before_a_tfds_build(folder, written, rng):
    other = rng.integers(0, 256, (3, 28, 28, 1)).astype(np.uint8)
    examples = [(image, 0) for image in other]
    tfds_builds.write(folder, "mnist", {"train": examples, "test": examples})
    settings = {"data_dir": folder, "cache_dir": folder / "cache"}
    loaded = load("mnist", "test", **settings)
    np.testing.assert_array_equal(loaded.images[..., 0], written["test"])
    for path in folder.glob("*ubyte*"):
        path.unlink()
    loaded = load("mnist", "test", **settings)
    assert {x.tobytes() for x in loaded.images} == {x.tobytes() for x in other}


def test_files_and_build_hold_the_same_images(folder, written, tmp_path):
    """The sample of what was done by hand with all of Fashion-MNIST."""
    tfds = tmp_path / "tfds"
    cache = tmp_path / "cache"
    splits = {
        split: [
            (image[..., np.newaxis], number)
            for number, image in enumerate(images)
        ]
        for split, images in written.items()
    }
    tfds_builds.write(tfds, "fashion_mnist", splits)
    for split in data.SPLITS:
        of_files, of_build = (
            sorted(
                (image.tobytes(), int(label))
                for image, label in zip(
                    loaded.images, loaded.labels, strict=True
                )
            )
            for loaded in (
                load("fashion_mnist", split, data_dir=data_dir, cache_dir=cache)
                for data_dir in (folder, tfds)
            )
        )
        assert of_files == of_build and len(of_files) == len(written[split])


def test_labels_must_fit_the_images(folder):
    path = folder / "train-labels-idx1-ubyte.gz"
    write(path, np.zeros(6, np.uint8))
    with pytest.raises(errors.DataError, match=r"7 images and .* 6 labels"):
        load("mnist", "train", data_dir=folder)
    write(path, np.full(7, 10, np.uint8))
    with pytest.raises(errors.DataError, match="label 10"):
        load("mnist", "train", data_dir=folder)
    path.unlink()
    with pytest.raises(errors.DataError, match="train-labels-idx1-ubyte"):
        load("mnist", "train", data_dir=folder)


def test_images_must_have_28_pixels(folder):
    images = np.zeros((7, 27, 28), np.uint8)
    write(folder / "train-images-idx3-ubyte.gz", images)
    with pytest.raises(errors.DataError, match=r"\(27, 28\) pixels"):
        load("mnist", "train", data_dir=folder)
