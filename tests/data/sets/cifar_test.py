import numpy as np
import pytest
from loading import load

from tf_mmdgan import data, errors
from tf_mmdgan.data import resize

FILES = {
    "cifar10": {
        "train": [f"data_batch_{number}.bin" for number in range(1, 6)],
        "test": ["test_batch.bin"],
    },
    "cifar100": {"train": ["train.bin"], "test": ["test.bin"]},
}


def write(path, images, labels):
    """One record after the other: label bytes, red, green and blue planes."""
    with open(path, "wb") as file:
        for image, label in zip(images, labels, strict=True):
            file.write(bytes(label))
            for channel in range(3):
                file.write(image[..., channel].tobytes())


@pytest.fixture(params=["cifar10", "cifar100"])
def written(request, rng, tmp_path):
    """Name of the set, and images and labels that its files hold."""
    content = {}
    for split, files in FILES[request.param].items():
        n = 3 * len(files)
        images = rng.integers(0, 256, (n, 32, 32, 3)).astype(np.uint8)
        fine = rng.integers(0, 10 if request.param == "cifar10" else 100, n)
        for number, name in enumerate(files):
            rows = slice(3 * number, 3 * number + 3)
            labels = [
                (label,) if request.param == "cifar10" else (7, label)
                for label in fine[rows]
            ]
            write(tmp_path / name, images[rows], labels)
        content[split] = images, fine
    return request.param, content


@pytest.mark.parametrize("split", data.SPLITS)
def test_planes_become_pixels(written, split, tmp_path):
    name, content = written
    loaded = load(name, split, data_dir=tmp_path)
    images, labels = content[split]
    np.testing.assert_array_equal(loaded.images, images)
    np.testing.assert_array_equal(loaded.labels, labels)
    assert loaded.num_classes == {"cifar10": 10, "cifar100": 100}[name]


def test_folder_of_the_archive_is_found(written, tmp_path):
    name, content = written
    folder = {"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"}
    parent = tmp_path.with_name(tmp_path.name + "_above")
    parent.mkdir()
    tmp_path.rename(parent / folder[name])
    loaded = load(name, "test", data_dir=parent)
    np.testing.assert_array_equal(loaded.images, content["test"][0])


def test_other_sizes_are_resized(written, tmp_path):
    name, content = written
    loaded = load(name, "test", image_size=16, data_dir=tmp_path)
    red = resize.resize_grey(content["test"][0][..., 0], 16)
    np.testing.assert_array_equal(loaded.images[..., 0], red)
    with pytest.raises(errors.UsageError, match="image_size=4"):
        load(name, "test", image_size=4, data_dir=tmp_path)


def test_truncated_file_is_named(written, tmp_path):
    name, _ = written
    path = tmp_path / FILES[name]["train"][-1]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(errors.DataError, match="truncated") as caught:
        load(name, "train", data_dir=tmp_path)
    assert str(path) in str(caught.value) and "-binary" in str(caught.value)
    path.write_bytes(b"")
    with pytest.raises(errors.DataError, match="0 bytes"):
        load(name, "train", data_dir=tmp_path)


def test_missing_file_is_named(written, tmp_path):
    name, _ = written
    path = tmp_path / FILES[name]["test"][0]
    path.unlink()
    with pytest.raises(errors.DataError, match=f"{path} cannot be read"):
        load(name, "test", data_dir=tmp_path)


def test_label_out_of_range_is_damage(tmp_path):
    image = np.zeros((1, 32, 32, 3), np.uint8)
    write(tmp_path / "test_batch.bin", image, [(10,)])
    with pytest.raises(errors.DataError, match="label 10, of 0 to 9"):
        load("cifar10", "test", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cifar10", "cifar-10-batches-py"),
        ("cifar10", "cifar-10-python.tar.gz"),
        ("cifar100", "cifar-100-python"),
    ],
)
def test_pickled_version_is_refused(name, found, tmp_path):
    (tmp_path / found).mkdir()
    for data_dir in (tmp_path, tmp_path / found):
        with pytest.raises(errors.DataError, match="are not read") as caught:
            load(name, "train", data_dir=data_dir)
        assert "-binary.tar.gz" in str(caught.value)


def test_absent_files_lead_to_tfds(tmp_path):
    with pytest.raises(errors.DataError, match=r"prepare_data"):
        load("cifar10", "train", data_dir=tmp_path)
