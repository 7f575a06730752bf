import struct

import numpy as np
import pytest

from tf_mmdgan import data, errors


@pytest.fixture
def folder(tmp_path, rng):
    """Four small IDX files, for the data sets that come in such files."""
    for prefix, n in (("train", 12), ("t10k", 9)):
        images = rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
        labels = np.arange(n, dtype=np.uint8) % 10
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            shape = struct.pack(f">{array.ndim}I", *array.shape)
            content = bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()
            (tmp_path / f"{prefix}-{kind}-ubyte").write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("split", data.SPLITS)
@pytest.mark.parametrize("name", data.DATASETS)
def test_loads_what_the_entry_says(name, split, folder):
    entry = data.DATASETS[name]
    loaded = data.load(name, split, data_dir=folder)
    size = (entry.image_size, entry.image_size, entry.channels)
    assert loaded.image_shape == size
    assert loaded.num_classes == entry.num_classes
    assert loaded.images.dtype == np.uint8 and np.ptp(loaded.images) > 200
    assert len(set(loaded.labels.tolist())) > 1
    again = data.load(name, split, data_dir=folder)
    np.testing.assert_array_equal(loaded.images, again.images)
    np.testing.assert_array_equal(loaded.labels, again.labels)


@pytest.mark.parametrize("name", data.DATASETS)
def test_other_sizes_and_other_splits(name, folder):
    train = data.load(name, "train", image_size=20, data_dir=folder)
    assert train.image_shape == (20, 20, data.DATASETS[name].channels)
    test = data.load(name, "test", image_size=20, data_dir=folder)
    pictures = {image.tobytes() for image in train.images}
    shared = [image.tobytes() in pictures for image in test.images]
    assert not any(shared)
    with pytest.raises(errors.UsageError, match="image_size=4"):
        data.load(name, "train", image_size=4, data_dir=folder)


@pytest.mark.parametrize("name", data.DATASETS)
def test_feeds_the_pipeline(name, folder):
    loaded = data.load(name, "train", data_dir=folder)
    images, labels = next(
        iter(data.batches(loaded, 4, seed=0, with_labels=True))
    )
    for image, label in zip(images.numpy(), labels.numpy(), strict=True):
        levels = np.rint((image + 1.0) * 127.5).astype(np.uint8)
        found = (loaded.images == levels).all(axis=(1, 2, 3))
        assert label in loaded.labels[found]


@pytest.mark.parametrize("name", data.DATASETS)
def test_entries_are_complete(name):
    entry = data.DATASETS[name]
    assert entry.features and entry.kid_block_size >= 2


def test_unknown_names_list_the_known():
    with pytest.raises(errors.UsageError, match="Did you mean 'digits'"):
        data.load("digit", "train")
    with pytest.raises(errors.UsageError, match="train, test"):
        data.load("digits", "validation")
