"""Fashion-MNIST and MNIST: from their four IDX files, or from a TFDS build."""

import pathlib

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data import image_set, resize
from tf_mmdgan.data.readers import idx, links
from tf_mmdgan.data.sets import tfds

DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist"

_PREFIXES = {"train": "train", "test": "t10k"}
_KINDS = ("images-idx3", "labels-idx1")
_REMEDY = "Fetch or copy the files again."
_NUM_CLASSES = 10
_SHAPE = (28, 28)


def load_fashion_mnist(
    split: str, image_size: int, reading: ReadConfig
) -> image_set.ImageSet:
    """Fashion-MNIST: 60,000 images of clothes to train and 10,000 to test.

    From the IDX files in `data_dir`, by default the folder of Debian's package
    dataset-fashion-mnist; without any there, from a TFDS build in `data_dir`,
    by default TFDS' own folder.

    Args:
      split: "train" or "test".
      image_size: height and width in pixels; other than 28, the images are
        resized, by default by an antialiased bicubic filter.
      reading: `data_dir`, of the IDX files, plain or gzipped, or of TFDS'
        builds; how to resize; and what a TFDS build needs.

    Returns:
      Images [n, image_size, image_size, 1] with labels 0..9.

    Raises:
      DataError: for missing or damaged files.

    Source: H. Xiao, K. Rasul and R. Vollgraf, arXiv:1708.07747, 2017.
    """
    return _load(
        "fashion_mnist",
        split,
        image_size,
        reading,
        default_folder=DEBIAN_FOLDER,
        otherwise="run `apt-get install dataset-fashion-mnist`",
    )


def load_mnist(
    split: str, image_size: int, reading: ReadConfig
) -> image_set.ImageSet:
    """MNIST: 60,000 handwritten digits to train and 10,000 to test.

    As `load_fashion_mnist`, without a default folder of IDX files.

    Source: Y. LeCun, C. Cortes and C. Burges, 1998,
    http://yann.lecun.com/exdb/mnist/.
    """
    return _load(
        "mnist",
        split,
        image_size,
        reading,
        default_folder=None,
        otherwise="put the four IDX files there (train-images-idx3-ubyte.gz "
        "and so on)",
    )


def _load(
    name: str,
    split: str,
    image_size: int,
    reading: ReadConfig,
    default_folder: str | None,
    otherwise: str,
) -> image_set.ImageSet:
    folder = reading.data_dir or default_folder
    if folder is None or not _has_any(folder):
        return tfds.load(name, split, image_size, reading, otherwise)
    images_file, labels_file = (_path(folder, split, kind) for kind in _KINDS)
    links.check(reading, images_file, labels_file)
    images = idx.read(images_file, rank=3)
    labels = idx.read(labels_file, rank=1)
    if images.shape[1:] != _SHAPE:
        raise errors.DataError(
            f"{images_file} holds images of {images.shape[1:]} pixels, not of "
            f"{_SHAPE}. {_REMEDY}"
        )
    if len(images) != len(labels):
        raise errors.DataError(
            f"{images_file} holds {len(images)} images and {labels_file} "
            f"{len(labels)} labels. {_REMEDY}"
        )
    image_set.check_labels(labels, _NUM_CLASSES, labels_file, _REMEDY)
    return image_set.ImageSet(
        images=resize.resize_images(
            images[..., np.newaxis],
            image_size,
            reading.resize,
            reading.memory_budget,
        ),
        labels=labels.astype(np.int64),
        num_classes=_NUM_CLASSES,
    )


def _path(folder: str, split: str, kind: str) -> pathlib.Path:
    """One of the four IDX files, which must be there."""
    name = _file_name(split, kind)
    path = idx.find(folder, name)
    if path is None:
        raise errors.DataError(
            f"No {name}[.gz] in {folder}, but others of the four IDX files. "
            f"{_REMEDY}"
        )
    return path


def _file_name(split: str, kind: str) -> str:
    return f"{_PREFIXES[split]}-{kind}-ubyte"


def _has_any(folder: str) -> bool:
    return any(
        idx.find(folder, _file_name(split, kind)) is not None
        for split in _PREFIXES
        for kind in _KINDS
    )
