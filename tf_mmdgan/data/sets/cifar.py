"""CIFAR-10 and CIFAR-100 from their binary files, or from a TFDS build."""

import dataclasses
import pathlib

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data import image_set, resize
from tf_mmdgan.data.readers import links
from tf_mmdgan.data.sets import tfds

_PIXELS = 32 * 32 * 3
_MOST_IMAGES = 50_000  # in a file


@dataclasses.dataclass(frozen=True)
class _Edition:
    """One of the two sets.

    Attributes:
      name: name in `tfds.SOURCES`.
      title: its name in messages.
      archive: the file in which its binary version is published.
      folder: the folder that the archive unpacks to.
      pickles: names of the published version of Python objects, which is not
        read.
      files: names of the files of each split.
      label_bytes: bytes before the pixels of an image, of which the last one
        is its label.
      num_classes: number of classes.
    """

    name: str
    title: str
    archive: str
    folder: str
    pickles: tuple[str, ...]
    files: dict[str, tuple[str, ...]]
    label_bytes: int
    num_classes: int


_CIFAR10 = _Edition(
    name="cifar10",
    title="CIFAR-10",
    archive="cifar-10-binary.tar.gz",
    folder="cifar-10-batches-bin",
    pickles=("cifar-10-batches-py", "cifar-10-python.tar.gz"),
    files={
        "train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        "test": ("test_batch.bin",),
    },
    label_bytes=1,
    num_classes=10,
)
_CIFAR100 = _Edition(
    name="cifar100",
    title="CIFAR-100",
    archive="cifar-100-binary.tar.gz",
    folder="cifar-100-binary",
    pickles=("cifar-100-python", "cifar-100-python.tar.gz"),
    files={"train": ("train.bin",), "test": ("test.bin",)},
    label_bytes=2,  # twenty superclasses, then the class
    num_classes=100,
)


def load_cifar10(
    split: str, image_size: int, reading: ReadConfig
) -> image_set.ImageSet:
    """CIFAR-10: 50,000 photographs of ten things to train, 10,000 to test.

    From the binary files in `data_dir`, or in its cifar-10-batches-bin, if any
    is there; else from a TFDS build in `data_dir`.

    Args:
      split: "train" or "test".
      image_size: height and width in pixels.
      reading: `data_dir`, of the files or of TFDS' builds, by default that of
        TFDS; how to resize; and what a TFDS build needs.

    Returns:
      Images [n, image_size, image_size, 3] with labels 0..9.

    Raises:
      DataError: for missing or damaged files, or the archive of pickled
        objects, which is not read.

    Source: A. Krizhevsky, Learning multiple layers of features from tiny
    images, 2009, https://www.cs.toronto.edu/~kriz/cifar.html.
    """
    return _load(_CIFAR10, split, image_size, reading)


def load_cifar100(
    split: str, image_size: int, reading: ReadConfig
) -> image_set.ImageSet:
    """CIFAR-100: as `load_cifar10`, with the hundred classes as labels.

    The folder of its archive is cifar-100-binary.
    """
    return _load(_CIFAR100, split, image_size, reading)


def _load(
    edition: _Edition, split: str, image_size: int, reading: ReadConfig
) -> image_set.ImageSet:
    folder = None
    if reading.data_dir is not None:
        folder = _find(edition, pathlib.Path(reading.data_dir))
    if folder is None:
        return tfds.load(
            edition.name,
            split,
            image_size,
            reading,
            otherwise=f"unpack {edition.archive} there",
        )
    paths = [folder / name for name in edition.files[split]]
    links.check(reading, *paths)
    parts = [_read(edition, path) for path in paths]
    images, labels = map(np.concatenate, zip(*parts, strict=True))
    return image_set.ImageSet(
        resize.resize_images(
            images, image_size, reading.resize, reading.memory_budget
        ),
        labels.astype(np.int64),
        edition.num_classes,
    )


def _find(edition: _Edition, data_dir: pathlib.Path) -> pathlib.Path | None:
    """The folder that has any of the binary files; None where none has.

    Raises:
      DataError: for the archive of pickled objects, packed or not.
    """
    names = [name for files in edition.files.values() for name in files]
    for folder in (data_dir, data_dir / edition.folder):
        if any((folder / name).is_file() for name in names):
            return folder
    for found in (data_dir, *(data_dir / name for name in edition.pickles)):
        if found.exists() and found.name in edition.pickles:
            raise errors.DataError(
                f"{found} holds pickled Python objects, which are not read: "
                f"unpack {edition.title}'s binary version, "
                f"{edition.archive}, in {data_dir}."
            )
    return None


def _read(
    edition: _Edition, path: pathlib.Path
) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of one file: label bytes, then red, green, blue."""
    remedy = f"Unpack {edition.archive} again."
    record = edition.label_bytes + _PIXELS
    try:
        size = path.stat().st_size
        if size == 0 or size % record or size > _MOST_IMAGES * record:
            raise errors.DataError(
                f"{path} is truncated, or not of {edition.title}'s binary "
                f"version: {size:,} bytes, not a multiple of {record:,} up to "
                f"{_MOST_IMAGES:,}-fold. {remedy}"
            )
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise errors.DataError(
            f"{path} cannot be read ({error.strerror}). {remedy}"
        ) from None
    records = content.reshape(-1, record)
    labels = records[:, edition.label_bytes - 1]
    image_set.check_labels(
        labels,
        edition.num_classes,
        path,
        f"It is damaged, or not of {edition.title}'s binary version. {remedy}",
    )
    planes = records[:, edition.label_bytes :].reshape(-1, 3, 32, 32)
    return planes.transpose(0, 2, 3, 1), labels
