"""Decoding many encoded images that a file holds in a fixed order."""

import concurrent.futures
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.data.readers import decode

_MODES = {1: "L", 3: "RGB"}
# Of larger pictures one is in memory at a time: small files can hold them.
_LARGE_PIXELS = 2**22


class Examples(Protocol):
    """Encoded images of a file, always in the same order.

    Attributes:
      count: number of images.
    """

    count: int

    def examples(
        self, numbers: range, names: Iterable[str]
    ) -> Iterator[Mapping[str, Any]]:
        """The examples of some numbers, in order.

        Args:
          numbers: which examples, without gaps.
          names: "image", or "image" and "label".

        Yields:
          A value for each name: the encoded image, and the number of its
          class.

        Raises:
          DataError: for a damaged file.
        """

    def damaged(self, fault: str) -> errors.DataError:
        """An error that names the file, its fault and the remedy."""


class ExampleReader:
    """Reads, decodes and preprocesses a range of examples, in order.

    This is the `fill` of a `cache.build.Plan` with one worker.
    """

    def __init__(
        self,
        examples: Examples,
        numbers: range,
        channels: int,
        transform: Callable[[np.ndarray, int], np.ndarray],
        labelled: bool,
    ):
        """Prepares to read some of the examples.

        Args:
          examples: the encoded images.
          numbers: which of them are read, without gaps.
          channels: 1 or 3; images with another number are converted.
          transform: (image uint8 [h, w, c], its number) -> uint8 [h', w', c].
          labelled: whether labels are read too.
        """
        self._examples, self._numbers = examples, numbers
        self._channels, self._transform = channels, transform
        self._names = ["image", "label"] if labelled else ["image"]
        self._coming: Iterator[Mapping[str, Any]] = iter(())
        self._next: int | None = None  # that `_coming` will yield
        self._one_large = threading.Lock()

    def __call__(
        self, start: int, stop: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The numbers start .. stop - 1 of the range.

        Returns:
          Images uint8 [stop - start, h, w, c], and labels int64 or None.

        Raises:
          DataError: for damaged files.
        """
        # To begin anew costs reading all examples before `start`.
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
        labels = [example["label"] for example in found]
        return pixels, np.array(labels, np.int64)

    def _image(self, number: int, example: Mapping[str, Any]) -> np.ndarray:
        content, mode = example["image"], _MODES[self._channels]
        with self._decoding(number), decode.open_image(content) as picture:
            large = picture.width * picture.height > _LARGE_PIXELS
        with self._one_large if large else contextlib.nullcontext():
            with self._decoding(number):
                image = np.asarray(decode.stored(content, mode))
            image = image.reshape(*image.shape[:2], self._channels)
            return self._transform(image, number)

    @contextlib.contextmanager
    def _decoding(self, number: int) -> Iterator[None]:
        """Pillow's decoders raise errors of many kinds."""
        try:
            yield
        except Exception as error:
            fault = f"has an image that cannot be decoded, {number} ({error})"
            raise self._examples.damaged(fault) from None
