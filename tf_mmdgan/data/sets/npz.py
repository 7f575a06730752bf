"""Images that NumPy saved: those that a program made."""

import hashlib
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from tf_mmdgan import errors, files
from tf_mmdgan.class_names import MOST_CLASSES
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.config.sizes import Size
from tf_mmdgan.data import image_set, resize
from tf_mmdgan.data.readers import links

_SPLITS = ("train", "test")
_CHANNELS = (1, 3, 4)
_REMEDY = (
    "Save uint8 images [n, h, w, c] or [n, h, w], 0 to 255, and integer "
    "labels [n], if there are any: numpy.savez(FILE, images=..., labels=...)."
)


def load(
    split: str, image_size: Size | None, reading: ReadConfig
) -> image_set.ImageSet:
    """The images of FILE.npz, or of train.npz and test.npz in a folder.

    A tenth of the images of a single file is held out for the test, chosen by
    a hash of their number: a longer file with the same beginning holds out the
    same ones.

    Args:
      split: "train" or "test".
      image_size: height and width in pixels; None for that of the file. Other
        sizes are resized, by default by an antialiased bicubic filter.
      reading: `data_dir`, the file or the folder; and how to resize, and to
        come to another shape.

    Returns:
      Images [n, height, width, c], with labels if the files have
      some; the number of classes is one more than the largest label.

    Raises:
      DataError: for missing or damaged files, pickled objects, other arrays.
      UsageError: without a `data_dir`.
    """
    if reading.data_dir is None:
        raise errors.UsageError(
            "npz needs a file: name it, or the folder of train.npz and "
            "test.npz, with --data_dir=..."
        )
    path = pathlib.Path(reading.data_dir)
    if path.is_dir():
        links.check(reading, *(path / f"{name}.npz" for name in _SPLITS))
        images, labels, num_classes = _of_folder(path, split)
    else:
        images, labels, num_classes = _of_file(path, split)
    if image_size is not None:
        images = resize.resize_images(
            images,
            image_size,
            reading.resize,
            reading.memory_budget,
            reading.fit,
        )
    return image_set.ImageSet(images, labels, num_classes)


def read(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads the arrays `images` and, if it is there, `labels` of an .npz file.

    Returns:
      Images uint8 [n, h, w, c], and labels int64 >= 0 [n] or None.

    Raises:
      DataError: for a missing or damaged file, pickled objects, other arrays.
    """
    try:
        arrays = files.read_npz(path, ("images", "labels"))
    except errors.DataError as error:
        if not pathlib.Path(path).exists():
            raise
        raise errors.DataError(f"{error} {_REMEDY}") from None
    images = _images(path, arrays)
    return images, _labels(path, arrays, len(images))


def _images(
    path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]
) -> np.ndarray:
    if "images" not in arrays:
        found = ", ".join(files.npz_names(path)) or "none"
        raise errors.DataError(
            f"{path} has no array named 'images' (it has: "
            f"{errors.excerpt(found)}). {_REMEDY}"
        )
    images = arrays["images"]
    if np.issubdtype(images.dtype, np.floating) and np.isnan(images).any():
        raise errors.DataError(
            f"{path} holds NaN: {np.isnan(images).sum()} of {images.size} "
            f"values. {_REMEDY}"
        )
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.dtype != np.uint8 or images.ndim != 4 or not images.size:
        raise errors.DataError(
            f"{path} holds {images.dtype} of shape {arrays['images'].shape}. "
            f"{_REMEDY}"
        )
    if images.shape[1] in _CHANNELS and images.shape[3] not in _CHANNELS:
        raise errors.DataError(
            f"{path} holds images of shape {images.shape}, whose second axis "
            "looks like that of channels: save them as [n, h, w, c], by "
            "images.transpose(0, 2, 3, 1)."
        )
    if images.max() == 1:
        raise errors.DataError(
            f"{path} holds no level above 1, which is black: were these images "
            f"from 0 to 1? {_REMEDY}"
        )
    return images


def _labels(
    path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], count: int
) -> np.ndarray | None:
    if "labels" not in arrays:
        return None
    labels = arrays["labels"]
    if labels.dtype.kind not in "iu" or labels.shape != (count,):
        raise errors.DataError(
            f"{path} holds labels {labels.dtype} of shape {labels.shape} for "
            f"{count} images. {_REMEDY}"
        )
    if labels.min() < 0:
        raise errors.DataError(
            f"{path} holds the label {labels.min()}: number classes from 0."
        )
    if labels.max() >= MOST_CLASSES:
        raise errors.DataError(
            f"{path} holds the label {labels.max()}: there can be "
            f"{MOST_CLASSES:,} classes at most, numbered from 0."
        )
    return labels.astype(np.int64)


_Content = tuple[np.ndarray, np.ndarray | None, int | None]


def _of_folder(folder: pathlib.Path, split: str) -> _Content:
    paths = {name: folder / f"{name}.npz" for name in _SPLITS}
    for path in paths.values():
        if not path.is_file():
            raise errors.DataError(
                f"There is no file {path}: npz needs train.npz and test.npz, "
                "or the name of a single file."
            )
    content = {name: read(path) for name, path in paths.items()}
    labels = [labels for _, labels in content.values()]
    if len({found is None for found in labels}) > 1:
        raise errors.DataError(
            f"One of train.npz and test.npz in {folder} has labels and the "
            "other has none."
        )
    shapes = {images.shape[1:] for images, _ in content.values()}
    if len(shapes) > 1:
        raise errors.DataError(
            f"train.npz and test.npz in {folder} differ in the shape of their "
            f"images: {' and '.join(map(str, sorted(shapes)))}."
        )
    return *content[split], _num_classes(*labels)


def _of_file(path: pathlib.Path, split: str) -> _Content:
    images, labels = read(path)
    numbers = range(len(images))
    held_out = np.fromiter(map(_is_held_out, numbers), bool, len(images))
    chosen = held_out if split == "test" else ~held_out
    if not held_out.any():
        raise errors.DataError(
            f"{path} holds {len(images)} images, too few to hold out a tenth "
            "of them: put more into it, or train.npz and test.npz into a "
            "folder."
        )
    kept = None if labels is None else labels[chosen]
    return images[chosen], kept, _num_classes(labels)


def _num_classes(*labels: np.ndarray | None) -> int | None:
    """One more than the largest label of all; None without labels."""
    highest = [int(found.max()) for found in labels if found is not None]
    return 1 + max(highest) if highest else None


def _is_held_out(number: int) -> bool:
    digest = hashlib.blake2b(f"npz {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % 10 == 0
