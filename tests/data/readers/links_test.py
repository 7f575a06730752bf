"""Every data set of files refuses links that lead out of its folder."""

import gzip
import struct

import numpy as np
import pytest
from loading import load

from tf_mmdgan import errors

PIXELS = np.full((20, 28, 28), 7, np.uint8)


def idx(array):
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


def arrays(path):
    with open(path, "wb") as file:
        np.savez(file, images=PIXELS, labels=np.arange(20) % 10)
    return path.read_bytes()


BATCHES = "cifar-10-batches-bin"
# The files of each, by their names in the folder.
PLACES = {
    "npz": ["train.npz", "test.npz"],
    "mnist": ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"],
    "fashion_mnist": ["t10k-images.idx3-ubyte.gz", "t10k-labels-idx1-ubyte"],
    "cifar10": [f"{BATCHES}/test_batch.bin"],
    "cifar100": ["test.bin"],
    "lsun_bedroom": ["bedroom_train_lmdb/data.mdb"],
    "celeb_a": [
        f"celeb_a/1.0.0/{name}"
        for name in ("dataset_info.json", "features.json", "x.tfrecord")
    ],
}
LOADED = ("npz", "mnist", "fashion_mnist", "cifar10", "cifar100")


def content_of(name, tmp_path):
    if name.endswith(".npz"):
        return arrays(tmp_path / "made")
    if "images" in name:
        return idx(PIXELS)
    if "labels" in name:
        return idx(np.arange(20, dtype=np.uint8) % 10)
    return bytes(1 + 3072) if "batch" in name else bytes(2 + 3072)


@pytest.mark.parametrize("linked", ["file", "folder"])
@pytest.mark.parametrize("name", PLACES)
def test_private_files_are_not_read_by_links(name, linked, tmp_path):
    private, folder = tmp_path / "private", tmp_path / "received"
    for place in PLACES[name]:
        path = private / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content_of(place, tmp_path))
    folder.mkdir()
    for place in PLACES[name]:
        top, *below = place.split("/")
        if linked == "file" or not below:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).symlink_to(private / place)
        elif not (folder / top).is_symlink():
            (folder / top).symlink_to(private / top)
    with pytest.raises(
        errors.DataError, match=rf"links in {folder} lead out of it, such as"
    ):
        load(name, "test", data_dir=folder)
    if name in LOADED:
        found = load(name, "test", data_dir=folder, follow_links=True)
        assert len(found.images) in (1, 20)
        # The folder itself may be named by a link.
        (tmp_path / "link").symlink_to(private)
        load(name, "test", data_dir=tmp_path / "link")


def test_links_within_the_folder_are_taken(tmp_path):
    arrays(tmp_path / "test.npz")
    (tmp_path / "train.npz").symlink_to("test.npz")
    assert len(load("npz", "train", data_dir=tmp_path).images) == 20
