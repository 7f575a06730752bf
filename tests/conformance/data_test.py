import struct

import loading
import numpy as np
import PIL.Image
import pytest
import tfds_builds

from tf_mmdgan import data, errors

# Rows of a table are none.
OF_IMAGES = [name for name in data.DATASETS if name != "rows"]
COUNTS = {"train": 30, "test": 12, "validation": 12, "unlabelled": 30}


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """load(name, split, image_size) of noise in the files of each set."""
    folder = tmp_path_factory.mktemp("sets")
    rng = np.random.default_rng(0)
    write_idx(folder, rng)
    write_npz(folder, rng)
    write_pictures(folder / "pictures", rng)
    for name in tfds_builds.SHAPES:
        splits = {
            split: [
                (noise(rng, tfds_builds.SHAPES[name]), number % 10)
                for number in range(COUNTS[split])
            ]
            for split in tfds_builds.splits_of(name)
        }
        tfds_builds.write(folder, name, splits)
    folders = {
        "fashion_mnist": folder / "idx",
        "npz": folder / "npz",
        "folder": folder / "pictures",
    }

    def run(name, split, image_size=None):
        data_dir = folders.get(name, folder)
        return loading.load(
            name,
            split,
            image_size=image_size,
            data_dir=data_dir,
            cache_dir=folder / "cache",
        )

    return run


def noise(rng, shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


def write_idx(folder, rng):
    (folder / "idx").mkdir()
    for prefix, n in (("train", 12), ("t10k", 9)):
        images = noise(rng, (n, 28, 28))
        labels = np.arange(n, dtype=np.uint8) % 10
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            shape = struct.pack(f">{array.ndim}I", *array.shape)
            content = bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()
            (folder / "idx" / f"{prefix}-{kind}-ubyte").write_bytes(content)


def write_npz(folder, rng):
    (folder / "npz").mkdir()
    for split, n in (("train", 12), ("test", 9)):
        np.savez(
            folder / "npz" / f"{split}.npz",
            images=noise(rng, (n, 24, 24, 3)),
            labels=np.arange(n) % 4,
        )


def write_pictures(folder, rng):
    for number in range(80):
        path = folder / f"class{number % 3}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(noise(rng, (64, 72, 3))).save(path)


@pytest.mark.parametrize("split", data.SPLITS)
@pytest.mark.parametrize("name", OF_IMAGES)
def test_loads_what_the_entry_says(name, split, load):
    entry = data.DATASETS[name]
    loaded = load(name, split)
    height, width, channels = loaded.image_shape
    # None: known only when it is loaded.
    assert height == width and entry.image_size in (None, height)
    assert entry.channels in (None, channels)
    assert entry.num_classes in (None, loaded.num_classes)
    assert loaded.images.dtype == np.uint8 and np.ptp(loaded.images) > 200
    again = load(name, split)
    np.testing.assert_array_equal(loaded.images, again.images)
    np.testing.assert_array_equal(loaded.labels, again.labels)
    if loaded.labels is not None:
        assert len(set(loaded.labels.tolist())) > 1


@pytest.mark.parametrize("name", OF_IMAGES)
def test_other_sizes_and_other_splits(name, load):
    train, test = (load(name, split, 20) for split in data.SPLITS)
    assert train.image_shape[:2] == test.image_shape[:2] == (20, 20)
    pictures = {image.tobytes() for image in train.images}
    shared = [image.tobytes() in pictures for image in test.images]
    assert not any(shared)
    with pytest.raises(errors.UsageError, match="image_size=4"):
        load(name, "train", 4)


@pytest.mark.parametrize("name", OF_IMAGES)
def test_feeds_the_pipeline(name, load):
    loaded = load(name, "train")
    labelled = loaded.labels is not None
    batch = next(iter(data.batches(loaded, 4, seed=0, with_labels=labelled)))
    images, labels = batch if labelled else (batch, [None] * 4)
    for image, label in zip(images.numpy(), labels, strict=True):
        levels = np.rint((image + 1.0) * 127.5).astype(np.uint8)
        found = (loaded.images == levels).all(axis=(1, 2, 3))
        assert found.any()
        assert not labelled or int(label) in loaded.labels[found]


@pytest.mark.parametrize("name", data.DATASETS)
def test_entries_are_complete(name):
    entry = data.DATASETS[name]
    assert entry.features and (entry.kid_block_size or 2) >= 2


def test_unknown_names_list_the_known():
    with pytest.raises(errors.UsageError, match="Did you mean 'digits'"):
        loading.load("digit", "train")
    with pytest.raises(errors.UsageError, match="train, test"):
        loading.load("digits", "validation")
