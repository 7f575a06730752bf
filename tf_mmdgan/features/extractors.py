"""Feature extractors: what scores compare images by."""

import abc
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import NamedTuple, Protocol

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan import images as image_borders
from tf_mmdgan.features import frozen

# A batch of images has no more pixels than these, at the size at which the
# extractor looks at them, so that networks stay below 1 GiB.
_PIXELS = 3_000_000
_MOST_IMAGES = 500
# Of the largest feature: how much those of an image may differ with the size of
# the batch, by rounding in half precision.
_ROUNDING = 1e-2


class Stored(Protocol):
    """Images that are read when they are needed, each of its own size."""

    @property
    def digest(self) -> str:
        """Hash of what determines the pixels."""

    @property
    def shapes(self) -> Mapping[tuple[int, int, int], int]:
        """How many images have the shape [h, w, c], for each shape."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: np.ndarray) -> "Stored":
        """The images of these numbers, in their order."""

    def __iter__(self) -> Iterator[np.ndarray]:
        """Batches uint8 [b, h, w, c], each of one size."""


# Images uint8 [n, h, w, c], or such that are read when they are needed.
Images = np.ndarray | Stored


class Extracted(NamedTuple):
    """What an extractor finds in n images.

        >>> found = tm.Extracted(np.zeros((5, 3), np.float32))
        >>> found.features.shape, found.probabilities
        ((5, 3), None)

    Attributes:
      features: float32 [n, d].
      probabilities: of classes, float32 [n, k]; None from what is no
        classifier.
    """

    features: np.ndarray
    probabilities: np.ndarray | None = None


class FeatureExtractor(abc.ABC):
    """Images uint8 [n, h, w, c] -> features, and maybe class probabilities.

        >>> class MeanColour(tm.FeatureExtractor):
        ...     name = identifier = "mean_colour"
        ...
        ...     def __call__(self, images):
        ...         return tm.Extracted(images.mean(axis=(1, 2)))
        >>> MeanColour()(np.zeros((5, 4, 4, 3), np.uint8)).features.shape
        (5, 3)

    Attributes:
      name: as users choose it.
      identifier: says all that the features depend on, weights by their
        SHA-256: equal identifiers mean equal features, so that they are keys
        of caches and names in reports.
      classifies: whether there are probabilities.
      slow: whether what it finds is worth keeping in a file.
      size: height and width to which it resizes all images; None for none.
      of_rows: whether it takes rows float32 [n, d] of a table, and no images.
    """

    name: str
    identifier: str
    classifies: bool = False
    slow: bool = False
    size: tuple[int, int] | None = None
    of_rows: bool = False

    def check_kind(self, shape: tuple[int, ...]) -> None:
        """Refuses rows, [d], of extractors of images, and the other way round.

        Raises:
          UsageError: for such a shape.
        """
        if self.of_rows != (len(shape) == 1):
            kind, usual = (
                ("images", "pixels")
                if self.of_rows
                else ("rows of a table", "columns")
            )
            raise errors.UsageError(
                f"The extractor {self.name} takes no {kind}: take {usual}.",
                setting="features",
            )

    def check(self, image_shape: tuple[int, ...]) -> None:
        """Checks that it takes images of shape [h, w, c], on three of noise.

        Raises:
          UsageError: for images that it does not take, and for what is no
            `Extracted`.
          DataError: for features that depend on other images, or on chance.
        """
        images = noise(image_shape)
        beside, alone = (_found(self, x) for x in (images, images[:1]))
        check_independent(self.name, beside.features[:1], alone.features)

    def told(self, image_shape: tuple[int, ...]) -> str:
        """What it does to images [h, w, c] first, for reports."""
        del image_shape
        return "taken as they are"

    @abc.abstractmethod
    def __call__(self, images: np.ndarray) -> Extracted:
        """What is found in uint8 images [n, h, w, c]."""

    def frozen(self) -> frozen.Matched:
        """The same as a function that a generator can be trained through.

        Raises:
          UsageError: if there is none.
        """
        raise errors.UsageError(
            f"The extractor {self.name} cannot be differentiated: it serves "
            "for scores, not for --matched_features."
        )


class Pixels(FeatureExtractor):
    """The pixels themselves, flattened, in [-1, 1]; matched, in [0, 1]."""

    name = "pixels"
    identifier = "pixels"

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features [n, h * w * c] of uint8 images [n, h, w, c]."""
        scaled = image_borders.from_uint8(images).numpy()
        return Extracted(scaled.reshape(len(images), -1))

    def frozen(self) -> frozen.Matched:
        """See `FeatureExtractor.frozen`."""
        return frozen.pixels


def extract(
    extractor: FeatureExtractor,
    images: Images | Iterable[np.ndarray],
    batch_size: int | None = None,
    count: int | None = None,
) -> Extracted:
    """What is found in images, in one array or in batches; in float32.

    Args:
      extractor: what computes them.
      images: uint8, [n, h, w, c], or rows float32 [n, d], as the extractor
        takes them; or an iterable of such arrays, of any sizes, of which no
        more than `batch_size` images beyond the current one are held.
      batch_size: images given to the extractor at a time; by default 500, or
        fewer where images are large. The batches that `images` came in do not
        change the result.
      count: how many images there are, where `images` does not tell.

    Raises:
      UsageError: for more features than this machine has memory for.
      DataError: for no images, images that are not uint8 [n, h, w, c], and
        images of several sizes that have features of unequal width.
    """
    if batch_size is not None and batch_size < 1:
        raise errors.UsageError(f"batch_size={batch_size}: need >= 1.")

    def size_of(image_shape: tuple[int, ...]) -> int:
        return batch_size or _usual_size(extractor, image_shape)

    if count is None and isinstance(images, Sized):
        count = len(images)
    parts: list[Extracted] = []
    widths: dict[int, tuple[int, ...]] = {}
    checked = (_checked(batch, extractor) for batch in in_batches(images))
    for batch in _rebatch(checked, size_of):
        parts.append(_found(extractor, batch))
        _check_room(extractor, parts[-1].features.shape[1], count or 0)
        widths.setdefault(parts[-1].features.shape[1], batch.shape[1:])
        _check_widths(extractor, widths)
    if not parts:
        raise errors.DataError("There are no images to extract features from.")
    features, probabilities = zip(*parts, strict=True)
    return Extracted(
        np.concatenate(features).astype(np.float32, copy=False),
        np.concatenate(probabilities) if extractor.classifies else None,
    )


def noise(image_shape: tuple[int, ...]) -> np.ndarray:
    """Three images of noise, uint8 [3, h, w, c], to try an extractor on."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, *image_shape), np.uint8)


def check_independent(name: str, beside: np.ndarray, alone: np.ndarray) -> None:
    """Compares the features [1, d] of one image beside others and alone.

    Raises:
      DataError: naming the extractor, if they differ by more than rounding.
    """
    largest = np.abs(alone).max(initial=0.0)
    if beside.shape == alone.shape and np.allclose(
        beside, alone, rtol=0.0, atol=_ROUNDING * largest, equal_nan=True
    ):
        return
    raise errors.DataError(
        f"The features that {name} has of an image depend on the images beside "
        "it, or on chance: name another output, with one row for each image, "
        "of a network in inference mode."
    )


def _found(extractor: FeatureExtractor, batch: np.ndarray) -> Extracted:
    """What an extractor finds in a batch: arrays with a row for each image.

    Raises:
      UsageError: for something else, which an extractor of a user may return.
    """
    found = extractor(batch)
    if not isinstance(found, Extracted):
        raise errors.UsageError(
            f"The extractor {extractor.name} gives {_described(found)}: return "
            "tm.Extracted(features, probabilities)."
        )
    given: dict[str, object] = {"features": found.features}
    if extractor.classifies:
        given["probabilities"] = found.probabilities
    arrays = {}
    for name, rows in given.items():
        array = arrays[name] = np.asarray(rows)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise errors.UsageError(
                f"The extractor {extractor.name} gives {_described(rows)} as "
                f"{name}: need real numbers of shape [{len(batch)}, width]."
            )
        if len(array) != len(batch):
            raise errors.UsageError(
                f"The extractor {extractor.name} gives {len(array)} rows of "
                f"{name} for {len(batch)} images: need one row for each."
            )
    return Extracted(**arrays)


def _described(value: object) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} of shape {tuple(value.shape)}"
    return f"a value of type {type(value).__name__}"


def in_batches(images: Images | Iterable[np.ndarray]) -> Iterable[np.ndarray]:
    """Images in batches uint8 [b, h, w, c]; an array is a single one."""
    return [images] if isinstance(images, np.ndarray) else images


def _usual_size(
    extractor: FeatureExtractor, image_shape: tuple[int, ...]
) -> int:
    pixels = math.prod(extractor.size or image_shape[:2])
    return max(1, min(_MOST_IMAGES, _PIXELS // pixels))


def _check_room(extractor: FeatureExtractor, width: int, count: int) -> None:
    needed = np.dtype(np.float32).itemsize * count * width
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        raise errors.UsageError(
            f"{width:,} features of {extractor.name} of each of {count:,} "
            f"images take {needed / 2**30:,.0f} GiB, and this machine has "
            f"{memory / 2**30:,.0f}: take other layers, a smaller size, or "
            "fewer images."
        )


def _check_widths(
    extractor: FeatureExtractor, widths: Mapping[int, tuple[int, ...]]
) -> None:
    if len(widths) > 1:
        seen = (f"{width} of images {shape}" for width, shape in widths.items())
        raise errors.DataError(
            f"The extractor {extractor.name} finds unequal numbers of features "
            f"in images of unequal sizes, {' and '.join(seen)}: bring them to "
            "one size with --image_size."
        )


def _checked(images: np.ndarray, extractor: FeatureExtractor) -> np.ndarray:
    images = np.asarray(images)
    if extractor.of_rows:
        if images.ndim != 2 or images.dtype != np.float32:
            raise errors.DataError(
                f"rows are {images.dtype} of shape {images.shape}: need "
                "float32 [n, d]."
            )
        return images
    if images.ndim != 4 or images.dtype != np.uint8:
        raise errors.DataError(
            f"images are {images.dtype} of shape {images.shape}: need uint8 "
            "images of shape [n, h, w, c]."
        )
    return images


def _rebatch(
    batches: Iterable[np.ndarray],
    size_of: Callable[[tuple[int, ...]], int],
) -> Iterator[np.ndarray]:
    """The same images in batches of exactly the size for their shape.

    Smaller are the last batch, and one before images of another shape.
    """
    waiting: list[np.ndarray] = []
    count = 0
    for batch in batches:
        if waiting and batch.shape[1:] != waiting[0].shape[1:]:
            yield np.concatenate(waiting)
            waiting, count = [], 0
        size = size_of(batch.shape[1:])
        while len(batch):
            part, batch = np.split(batch, [size - count])
            waiting.append(part)
            count += len(part)
            if count == size:
                yield np.concatenate(waiting)
                waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)
