"""Images that NumPy saved: those that a program made."""

import hashlib
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from tf_mmdgan import errors, files
from tf_mmdgan.class_names import MOST_CLASSES
from tf_mmdgan.conditions import check_numbers
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.config.sizes import Size, bounds
from tf_mmdgan.data import image_set, resize
from tf_mmdgan.data.readers import links

SPLITS = ("train", "test")
_CHANNELS = (1, 3, 4)
_REMEDY = (
    "Save uint8 images [n, h, w, c] or [n, h, w], 0 to 255, and labels, if "
    "there are any, integers [n] of classes or floats [n, k]: "
    "numpy.savez(FILE, images=..., labels=...); "
    "or say the range of other numbers, --value_range=LOW,HIGH."
)


def load(
    split: str, image_size: Size | None, reading: ReadConfig
) -> image_set.ImageSet:
    """Images of FILE.npz or FILE.npy, or of a folder's train.npz and test.npz.

    A tenth of the images of a single file is held out for the test, chosen by
    a hash of their number: a longer file with the same beginning holds out the
    same ones.

    Args:
      split: "train" or "test".
      image_size: height and width in pixels; None for that of the file. Other
        sizes are resized, by default by an antialiased bicubic filter.
      reading: `data_dir`, the file or the folder; how to resize, and to come
        to another shape; and the range of numbers that are no levels of 8 bits.

    Returns:
      Images [n, height, width, c], with labels if the files have some: of
      integers the number of classes is one more than the largest; floats
      [n, k] are k numbers for each image.

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
    ends = _range(reading)
    if path.is_dir():
        links.check(reading, *(path / f"{name}.npz" for name in SPLITS))
        images, labels, num_classes = _of_folder(path, split, ends)
    else:
        images, labels, num_classes = _of_file(path, split, ends)
    if image_size is not None:
        resized = resize.resize_levels if ends else resize.resize_images
        images = resized(
            images,
            image_size,
            reading.resize,
            reading.memory_budget,
            reading.fit,
        )
    if not ends:
        return image_set.ImageSet(images, labels, num_classes)
    rounded = np.rint(images).astype(np.uint8)
    return image_set.ImageSet(rounded, labels, num_classes, levels=images)


_Range = tuple[float, float]


def _range(reading: ReadConfig) -> _Range | None:
    given = reading.value_range
    return None if given is None else bounds(given)


def read_uint8(
    path: str | os.PathLike[str], reading: ReadConfig
) -> tuple[np.ndarray, str]:
    """The images of an .npz or .npy file, rounded to levels of 8 bits.

    Those of uint8 are levels, whatever the range of other files is.

    Returns:
      uint8 [n, h, w, c], and what was done to their numbers, in words.

    Raises:
      DataError: as of `read`.
    """
    arrays = _arrays(path)
    found = arrays.get("images")
    if found is not None and found.dtype == np.uint8:
        return _images(path, arrays, None), ""
    levels = np.rint(_images(path, arrays, _range(reading)))
    return levels.astype(np.uint8), in_steps(reading.value_range)


def in_steps(value_range: str | None) -> str:
    """Words for what is done to numbers of a range."""
    return (
        "" if value_range is None else f"numbers of {value_range} in 256 steps"
    )


def read(
    path: str | os.PathLike[str], value_range: _Range | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads the arrays `images` and, if it is there, `labels` of an .npz file.

    Or the images that are an .npy file.

    Args:
      path: of the file.
      value_range: lowest and highest number of its images, where they are no
        levels of 8 bits.

    Returns:
      Images uint8 [n, h, w, c], or with a range float32 in [0, 255]; and labels
      int64 >= 0 [n], float32 [n, k] or None.

    Raises:
      DataError: for a missing or damaged file, pickled objects, other arrays,
        and a range of what are levels of 8 bits.
    """
    arrays = _arrays(path)
    images = _images(path, arrays, value_range)
    return images, labels_of(path, arrays, len(images))


def _arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    try:
        if pathlib.Path(path).suffix == ".npy":
            return {"images": files.read_npy(path)}
        return files.read_npz(path, ("images", "labels"))
    except errors.DataError as error:
        if not pathlib.Path(path).exists():
            raise
        raise errors.DataError(f"{error} {_REMEDY}") from None


def _images(
    path: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray],
    value_range: _Range | None,
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
    ranged = value_range is not None
    images = images.reshape(
        whole_shape(path, images.shape, images.dtype, ranged)
    )
    if value_range is not None:
        return _levels(path, images, *value_range)
    if images.max() == 1:
        raise errors.DataError(
            f"{path} holds no level above 1, which is black: were these images "
            f"from 0 to 1? {_REMEDY}"
        )
    return images


def whole_shape(
    path: str | os.PathLike[str],
    shape: tuple[int, ...],
    dtype: np.dtype,
    ranged: bool,
) -> tuple[int, int, int, int]:
    """The shape [n, h, w, c] of images.

    Args:
      path: of their file, for messages.
      shape: of their array.
      dtype: of their array.
      ranged: whether a range of their numbers is named.

    Raises:
      DataError: for an array of another kind than images.
    """
    usable = dtype == np.uint8 or (ranged and dtype.kind in "iuf")
    if not usable or len(shape) not in (3, 4) or 0 in shape:
        raise errors.DataError(
            f"{path} holds {dtype} of shape {shape}. {_REMEDY}"
        )
    count, height, width, channels = (*shape, 1)[:4]
    if height in _CHANNELS and channels not in _CHANNELS:
        raise errors.DataError(
            f"{path} holds images of shape {shape}, whose second axis "
            "looks like that of channels: save them as [n, h, w, c], by "
            "images.transpose(0, 2, 3, 1)."
        )
    if ranged and dtype == np.uint8:
        raise errors.DataError(
            f"{path} holds uint8, levels of 8 bits from 0 to 255: leave "
            "--value_range out, or save its numbers as another type."
        )
    if ranged and channels == 4:
        raise errors.DataError(
            f"{path} holds images of four channels, which are colour and "
            "opacity and have 8 bits: leave --value_range out, or give another "
            "number of channels."
        )
    return count, height, width, channels


def _levels(
    path: str | os.PathLike[str], images: np.ndarray, low: float, high: float
) -> np.ndarray:
    """Numbers of a range as levels, float32 in [0, 255].

    Raises:
      DataError: for numbers outside of the range.
    """
    outside = np.count_nonzero(~((images >= low) & (images <= high)))
    if outside:
        raise errors.DataError(
            f"{path}: {outside:,} of {images.size:,} numbers are outside of "
            f"--value_range={low:g},{high:g}; they run from {images.min():g} "
            f"to {images.max():g}."
        )
    levels = np.empty(images.shape, np.float32)
    for image, level in zip(images, levels, strict=True):
        # In float64, for float32 would lose digits of large numbers.
        level[...] = (image.astype(np.float64) - low) * (255.0 / (high - low))
    return levels


def labels_of(
    path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], count: int
) -> np.ndarray | None:
    """The labels of so many images, if the file has any; as `read` has them.

    Raises:
      DataError: as `read`.
    """
    if "labels" not in arrays:
        return None
    labels = arrays["labels"]
    if labels.dtype.kind == "f" and labels.ndim == 2 and len(labels) == count:
        check_numbers(labels, f"{path}: the labels")
        return labels.astype(np.float32)
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


def _of_folder(
    folder: pathlib.Path, split: str, value_range: _Range | None
) -> _Content:
    paths = {name: folder / f"{name}.npz" for name in SPLITS}
    for path in paths.values():
        if not path.is_file():
            raise errors.DataError(
                f"There is no file {path}: npz needs train.npz and test.npz, "
                "or the name of a single file."
            )
    content = {name: read(path, value_range) for name, path in paths.items()}
    labels = [labels for _, labels in content.values()]
    if len({found is None for found in labels}) > 1:
        raise errors.DataError(
            f"One of train.npz and test.npz in {folder} has labels and the "
            "other has none."
        )
    if len({found.shape[1:] for found in labels if found is not None}) > 1:
        raise errors.DataError(
            f"train.npz and test.npz in {folder} have labels of other kinds: "
            "need classes in both, or as many numbers."
        )
    shapes = {images.shape[1:] for images, _ in content.values()}
    if len(shapes) > 1:
        raise errors.DataError(
            f"train.npz and test.npz in {folder} differ in the shape of their "
            f"images: {' and '.join(map(str, sorted(shapes)))}."
        )
    return *content[split], count_classes(*labels)


def _of_file(
    path: pathlib.Path, split: str, value_range: _Range | None
) -> _Content:
    images, labels = read(path, value_range)
    held_out = held_out_rows(len(images))
    chosen = held_out if split == "test" else ~held_out
    if not held_out.any():
        raise errors.DataError(
            f"{path} holds {len(images)} images, too few to hold out a tenth "
            "of them: put more into it, or train.npz and test.npz into a "
            "folder."
        )
    kept = None if labels is None else labels[chosen]
    return images[chosen], kept, count_classes(labels)


def count_classes(*labels: np.ndarray | None) -> int | None:
    """One more than the largest label of all; None without classes."""
    classes = [x for x in labels if x is not None and x.dtype == np.int64]
    highest = [int(found.max()) for found in classes]
    return 1 + max(highest) if highest else None


def held_out_rows(count: int) -> np.ndarray:
    """Of each image of a file whether it is held out: bool [count]."""
    return np.fromiter(map(_is_held_out, range(count)), bool, count)


def _is_held_out(number: int) -> bool:
    digest = hashlib.blake2b(f"npz {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % 10 == 0
