"""Images with their labels: what every data set loads."""

import dataclasses

import numpy as np

from tf_mmdgan import errors


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """Images [n, h, w, c] in uint8, and what is known of them.

    Attributes:
      images: uint8, [n, h, w, c], in memory or memory-mapped.
      labels: int64 in 0 .. num_classes - 1, [n], or None.
      num_classes: the number of classes, or None where there are no labels.

    Raises:
      DataError: for another rank or type, no image, labels of another length
        or out of range, or one of labels and num_classes without the other.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    num_classes: int | None = None

    def __post_init__(self):
        if self.images.dtype != np.uint8 or self.images.ndim != 4:
            raise errors.DataError(
                f"Images are {self.images.dtype} {list(self.images.shape)}; "
                "need uint8 [n, h, w, c]."
            )
        if 0 in self.images.shape:
            raise errors.DataError(
                f"Images of shape {list(self.images.shape)} hold no pixel."
            )
        if (self.labels is None) != (self.num_classes is None):
            raise errors.DataError(
                "Labels and the number of classes come together or not at all."
            )
        if self.labels is not None:
            self._check_labels()

    def _check_labels(self) -> None:
        shape = list(self.labels.shape)
        if self.labels.dtype != np.int64 or shape != [len(self.images)]:
            raise errors.DataError(
                f"Labels are {self.labels.dtype} {shape}; need int64 "
                f"[{len(self.images)}], one per image."
            )
        low, high = self.labels.min(), self.labels.max()
        if low < 0 or high >= self.num_classes:
            raise errors.DataError(
                f"Labels run from {low} to {high}; "
                f"need 0 to {self.num_classes - 1}."
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.images.shape[1:]
