"""Encoded images in a fixed order -> the pixels of a cache, in one pass."""

import concurrent.futures
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import PIL.Image

from tf_mmdgan import errors

_MODES = {1: "L", 3: "RGB"}


class Examples(Protocol):
    """Images that a file holds encoded, in an order that stays."""

    count: int

    def examples(
        self, numbers: range, names: Iterable[str]
    ) -> Iterator[Mapping[str, Any]]:
        """Those of some numbers without gaps: "image", bytes, and "label"."""

    def damaged(self, fault: str) -> errors.DataError:
        """The error that names the file, what is wrong and the remedy."""


class ExampleReader:
    """Reads, decodes and preprocesses a range of examples, in order.

    It is the `fill` of a `cache_build.Plan` with one worker.
    """

    def __init__(
        self,
        examples: Examples,
        numbers: range,
        channels: int,
        transform: Callable[[np.ndarray, int], np.ndarray],
        labelled: bool,
    ):
        """Reads some of the examples.

        Args:
          examples: where they are.
          numbers: of those that are read, without gaps.
          channels: 1 or 3; images are converted.
          transform: (image uint8 [h, w, c], its number) -> uint8 [h', w', c].
          labelled: whether there are labels to read.
        """
        self._examples, self._numbers = examples, numbers
        self._channels, self._transform = channels, transform
        self._names = ["image", "label"] if labelled else ["image"]
        self._coming, self._next = iter(()), None

    def __call__(
        self, start: int, stop: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Images uint8 [stop - start, h, w, c] and labels int64 or None."""
        # One pass over the files: to begin anew costs reading up to `start`.
        if start != self._next:
            rest = self._numbers[start:]
            self._coming = self._examples.examples(rest, self._names)
        self._next = stop
        found = list(itertools.islice(self._coming, stop - start))
        if len(found) < stop - start:
            raise self._examples.damaged("ends too early")
        # Pillow lets other threads work while it decodes and resizes.
        with concurrent.futures.ThreadPoolExecutor() as threads:
            images = threads.map(self._image, self._numbers[start:stop], found)
            pixels = np.stack(list(images))
        if "label" not in self._names:
            return pixels, None
        return pixels, np.array([e["label"] for e in found], np.int64)

    def _image(self, number: int, example: Mapping[str, Any]) -> np.ndarray:
        try:
            with PIL.Image.open(io.BytesIO(example["image"])) as picture:
                image = np.asarray(picture.convert(_MODES[self._channels]))
        except Exception as error:
            # Pillow's readers raise errors of many kinds.
            fault = f"has an image that cannot be decoded, {number} ({error})"
            raise self._examples.damaged(fault) from None
        image = image.reshape(*image.shape[:2], self._channels)
        return self._transform(image, number)
