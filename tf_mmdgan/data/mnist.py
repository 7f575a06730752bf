"""Fashion-MNIST and MNIST, from the four IDX files in which both come."""

import os

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.data import idx, image_set, resize
from tf_mmdgan.data.options import DEFAULTS, LoadOptions

DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist"

_PREFIXES = {"train": "train", "test": "t10k"}
_NUM_CLASSES = 10
_SHAPE = (28, 28)


def load_fashion_mnist(
    split: str,
    image_size: int = 28,
    data_dir: str | os.PathLike | None = None,
    options: LoadOptions = DEFAULTS,
) -> image_set.ImageSet:
    """Fashion-MNIST: 60,000 images of clothes to train and 10,000 to test.

    Args:
      split: "train" or "test".
      image_size: height and width in pixels; other than 28, the images are
        resized by an antialiased bicubic filter.
      data_dir: the folder of the IDX files, plain or gzipped; by default that
        of Debian's package dataset-fashion-mnist.
      options: not used.

    Returns:
      Images [n, image_size, image_size, 1] with labels 0..9.

    Raises:
      DataError: for missing or damaged files.
      UsageError: for an image_size under 8.

    Source: H. Xiao, K. Rasul and R. Vollgraf, arXiv:1708.07747, 2017.
    """
    del options
    return _load(
        data_dir or DEBIAN_FOLDER,
        split,
        image_size,
        remedy="Run `apt-get install dataset-fashion-mnist`, or name the "
        "folder of its IDX files with --data_dir=...",
    )


def load_mnist(
    split: str,
    image_size: int = 28,
    data_dir: str | os.PathLike | None = None,
    options: LoadOptions = DEFAULTS,
) -> image_set.ImageSet:
    """MNIST: 60,000 handwritten digits to train and 10,000 to test.

    As `load_fashion_mnist`, but `data_dir` has to be given.

    Raises:
      DataError: for missing or damaged files.
      UsageError: for an image_size under 8, or without a data_dir.

    Source: Y. LeCun, C. Cortes and C. Burges, 1998,
    http://yann.lecun.com/exdb/mnist/.
    """
    del options
    remedy = "Name the folder of MNIST's four IDX files with --data_dir=..."
    if data_dir is None:
        raise errors.UsageError(f"mnist needs a folder. {remedy}")
    return _load(data_dir, split, image_size, remedy)


def _load(
    folder: str | os.PathLike, split: str, image_size: int, remedy: str
) -> image_set.ImageSet:
    resize.check_size(image_size)  # before seconds of reading
    paths = {}
    for kind in ("images-idx3", "labels-idx1"):
        name = f"{_PREFIXES[split]}-{kind}-ubyte"
        paths[kind] = idx.find(folder, name)
        if paths[kind] is None:
            raise errors.DataError(f"No {name}[.gz] in {folder}. {remedy}")
    images = idx.read(paths["images-idx3"], rank=3)
    labels = idx.read(paths["labels-idx1"], rank=1)
    if images.shape[1:] != _SHAPE:
        raise errors.DataError(
            f"{paths['images-idx3']} holds images of {images.shape[1:]} "
            f"pixels, not of {_SHAPE}. {remedy}"
        )
    if len(images) != len(labels):
        raise errors.DataError(
            f"{paths['images-idx3']} holds {len(images)} images and "
            f"{paths['labels-idx1']} {len(labels)} labels. {remedy}"
        )
    if labels.max() >= _NUM_CLASSES:
        raise errors.DataError(
            f"{paths['labels-idx1']} holds the label {labels.max()}, of 0 to "
            f"{_NUM_CLASSES - 1}. {remedy}"
        )
    return image_set.ImageSet(
        images=resize.resize_grey(images, image_size)[..., np.newaxis],
        labels=labels.astype(np.int64),
        num_classes=_NUM_CLASSES,
    )
