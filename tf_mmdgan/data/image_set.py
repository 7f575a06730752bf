"""Images with their labels, which every data set is loaded as."""

import dataclasses
import functools
import hashlib
import os
from collections.abc import Sequence

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.class_names import MOST_CLASSES
from tf_mmdgan.conditions import (
    MOST_NUMBERS,
    Classes,
    Condition,
    Numbers,
    check_numbers,
)
from tf_mmdgan.data.table import Table

# In bytes. TensorFlow shares memory that begins at a multiple of it with NumPy,
# and copies other memory.
ALIGNMENT = 64
_HASHED = 1024  # images at a time, because a set may be larger than memory


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """Images, and their labels if there are any.

        >>> images, labels = np.zeros((6, 4, 4, 1), np.uint8), np.arange(6) % 2
        >>> tm.ImageSet(images, labels, num_classes=2).image_shape
        (4, 4, 1)

    Attributes:
      images: uint8, [n, h, w, c], in memory or memory-mapped; or the
        standardised rows of a table, float32 [n, d].
      labels: classes, int64 in 0 .. num_classes - 1, [n]; or k numbers of each
        image, float32 [n, k]; or None.
      num_classes: number of classes, or None without classes.
      class_names: the name of each class, where the data give them names.
      levels: the images with all their digits, float32 [n, h, w, c] in
        [0, 255], where `images` are these rounded: what is trained on. None
        where `images` have all.
      known_digest: what `digest` is, where it is known without reading.
      table: the columns of rows; None of images.

    Raises:
      UsageError: for what is no array.
      DataError: for another rank or type, no image, labels of another length
        or out of range, and for classes or num_classes without the other.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    num_classes: int | None = None
    class_names: tuple[str, ...] | None = None
    levels: np.ndarray | None = None
    known_digest: str | None = None
    table: Table | None = None

    def __post_init__(self):
        errors.check_type("images", self.images, np.ndarray)
        if self.labels is not None:
            errors.check_type("labels", self.labels, np.ndarray)
        if self.table is not None:
            self._check_rows(len(self.table.columns))
        elif self.images.dtype != np.uint8 or self.images.ndim != 4:
            raise errors.DataError(
                f"Images are {self.images.dtype} {list(self.images.shape)}; "
                "need uint8 [n, h, w, c]."
            )
        if 0 in self.images.shape:
            raise errors.DataError(
                f"Images of shape {list(self.images.shape)} hold no pixel."
            )
        if self.levels is not None and (
            self.levels.dtype != np.float32
            or self.levels.shape != self.images.shape
        ):
            raise errors.DataError(
                f"Levels are {self.levels.dtype} {list(self.levels.shape)}; "
                f"need float32 {list(self.images.shape)}."
            )
        if self.labels is not None and self.labels.dtype == np.float32:
            self._check_numbers(self.labels)
        elif (self.labels is None) != (self.num_classes is None):
            raise errors.DataError(
                "Labels and the number of classes come together or not at all."
            )
        if not 0 < (self.num_classes or 1) <= MOST_CLASSES:
            raise errors.DataError(
                f"{self.num_classes} classes: need 1 to {MOST_CLASSES:,}."
            )
        if self.labels is not None and self.num_classes is not None:
            self._check_labels(self.labels, self.num_classes)

    def _check_rows(self, width: int) -> None:
        shape = list(self.images.shape)
        if self.images.dtype != np.float32 or shape[1:] != [width]:
            raise errors.DataError(
                f"Rows are {self.images.dtype} {shape}; need float32 "
                f"[n, {width}]."
            )

    def _check_labels(self, labels: np.ndarray, num_classes: int) -> None:
        shape = list(labels.shape)
        if labels.dtype != np.int64 or shape != [len(self.images)]:
            raise errors.DataError(
                f"Labels are {labels.dtype} {shape}; need int64 "
                f"[{len(self.images)}], one per image."
            )
        low, high = labels.min(), labels.max()
        if low < 0 or high >= num_classes:
            raise errors.DataError(
                f"Labels run from {low} to {high}; need 0 to {num_classes - 1}."
            )

    def _check_numbers(self, labels: np.ndarray) -> None:
        n, shape = len(self.images), list(labels.shape)
        wide = len(shape) == 2 and 0 < shape[1] <= MOST_NUMBERS
        if not wide or shape[0] != n or self.num_classes is not None:
            raise errors.DataError(
                f"Labels are float32 {shape}; need [{n}, k], k of 1 to "
                f"{MOST_NUMBERS} numbers, and no number of classes."
            )
        check_numbers(labels, "The labels")

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.images)

    @property
    def condition(self) -> Condition | None:
        """What the labels are, and how often each is there; None without."""
        if self.labels is None:
            return None
        if self.num_classes is None:
            return Numbers.of(self.labels)
        return Classes(self.num_classes, self.class_shares, self.class_names)

    @property
    def class_shares(self) -> np.ndarray | None:
        """Share of each class, float64 [num_classes], of sum 1.

        None without labels, and where all shares are equal.
        """
        if self.labels is None or self.num_classes is None:
            return None
        counts = np.bincount(self.labels, minlength=self.num_classes)
        return None if np.ptp(counts) == 0 else counts / counts.sum()

    @property
    def empty_classes(self) -> tuple[str, ...]:
        """Names, or numbers, of the classes that no image is of."""
        return missing_classes(self.labels, self.num_classes, self.class_names)

    @functools.cached_property
    def digest(self) -> str:
        """A hash of all pixels and labels: 16 hexadecimal digits."""
        if self.known_digest is not None:
            return self.known_digest
        pixels = self.images if self.levels is None else self.levels
        return digest(pixels, self.labels)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width and channels; of rows, the number of columns."""
        return self.images.shape[1:]


def missing_classes(
    labels: np.ndarray | None,
    num_classes: int | None,
    class_names: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Names, or numbers, of the classes that none of some labels is of."""
    if labels is None or num_classes is None:
        return ()
    counts = np.bincount(labels, minlength=num_classes)
    names = class_names or range(num_classes)
    found = zip(names, counts, strict=True)
    return tuple(str(name) for name, count in found if not count)


def digest(images: np.ndarray, labels: np.ndarray | None = None) -> str:
    """A hash of all pixels and labels: 16 hexadecimal digits."""
    total = hashlib.sha256(str(images.shape).encode())
    for start in range(0, len(images), _HASHED):
        chunk = images[start : start + _HASHED]
        total.update(np.ascontiguousarray(chunk).data)
    if labels is not None:
        total.update(np.ascontiguousarray(labels).data)
    return total.hexdigest()[:16]


@dataclasses.dataclass(frozen=True)
class Preview:
    """What is known of a split before its images are decoded.

    Attributes:
      image_shape: height, width and channels.
      count: number of images, if none has to be left out.
      num_classes: number of classes, or None without labels.
      in_colour: name of the first file that is in colour, where the files
        decide on the number of channels; None if there is none.
      empty_classes: as of `ImageSet`.
      counted: whether it is known of the user's own files, of which none will
        be left out, and not what is published.
      label_width: how many numbers a label has; None of others.
    """

    image_shape: tuple[int, int, int]
    count: int
    num_classes: int | None = None
    in_colour: str | None = None
    empty_classes: tuple[str, ...] = ()
    counted: bool = False
    label_width: int | None = None

    @property
    def condition(self) -> Condition | None:
        """What the labels are, if there are any; their law is open."""
        if self.label_width is not None:
            return Numbers(self.label_width)
        return None if self.num_classes is None else Classes(self.num_classes)

    def is_of(self, image_set: ImageSet) -> bool:
        """Whether images have this shape and labels of this kind."""
        own, other = self.condition, image_set.condition
        alike = own is other if own is None else own.has_labels_of(other)
        return alike and image_set.image_shape == self.image_shape


def check_classes(found: ImageSet | Preview, place: object) -> None:
    """Refuses training images that lack some of their classes.

    Args:
      found: the images, or what is known of them.
      place: where they are, for the message.

    Raises:
      DataError: naming the classes.
    """
    empty = found.empty_classes
    if not empty:
        return
    word = "classes" if len(empty) > 1 else "class"
    raise errors.DataError(
        f"{place} has no training image of the {word} "
        f"{errors.listed(empty)}. Add images (of a folder, about one in ten is "
        "held out), take the class out, or number the labels from 0 without "
        "gaps."
    )


def check_labels(
    labels: np.ndarray,
    num_classes: int,
    path: str | os.PathLike[str],
    remedy: str,
) -> None:
    """Refuses labels of a file, uint8 [n], that are not 0 .. num_classes - 1.

    Raises:
      DataError: for such a label; the message names `path` and ends in
        `remedy`.
    """
    if labels.max() >= num_classes:
        raise errors.DataError(
            f"{path} holds the label {labels.max()}, of 0 to "
            f"{num_classes - 1}. {remedy}"
        )
