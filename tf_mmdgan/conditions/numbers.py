"""Labels that are numbers."""

import contextlib
import dataclasses
from collections.abc import Hashable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions.condition import Condition
from tf_mmdgan.kernels.rows import check_unmasked
from tf_mmdgan.latents import draw_labels

# Of a label: what networks, records and requests take of unknown files.
MOST_NUMBERS = 256
# The most rows that labels are drawn from: they are part of runs and exports.
MOST_ROWS = 4096
# Of the numbers of a column; networks start for numbers of about unit size.
_LARGEST_SCALE = 10.0


@dataclasses.dataclass(frozen=True, eq=False)
class Numbers(Condition):
    """A generator is told k numbers: several attributes, or an angle.

    They are taken as they are, so give them in about unit size; and an angle as
    its cosine and its sine, by which 359 degrees are near to 1.

        >>> angles = np.float32([0.0, 1.0, 2.0])
        >>> rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        >>> tm.Numbers(2, rows).fixed([1.0, 0.0]).rows.tolist()
        [[1.0, 0.0]]

    Attributes:
      k: how many numbers a label has, 1 to 256.
      rows: labels that are drawn from, equally often, float32 [m, k]; None: a
        label must be given wherever one is drawn.

    Raises:
      UsageError: for another k, and rows of another type or shape.
      DataError: for rows that are not finite, and for none at all.
    """

    k: int
    rows: np.ndarray | None = None

    def __post_init__(self):
        errors.check_count(1, k=self.k)
        if self.k > MOST_NUMBERS:
            raise errors.UsageError(
                f"k={self.k}: a label has {MOST_NUMBERS} numbers at most."
            )
        if self.rows is not None:
            object.__setattr__(self, "rows", _as_rows("rows", self.rows))
            # How far single labels are, a law may say.
            self.check_form(tf.float32, tf.TensorShape(self.rows.shape))
            _check_finite(self.rows, "The labels")

    @classmethod
    def of(cls, labels: np.ndarray) -> "Numbers":
        """Numbers that are drawn as given labels, [n, k], have them.

        Of more than 4,096 labels as many are kept, chosen evenly.

        Raises:
          UsageError: for what are no numbers [n, k].
          DataError: for labels that networks cannot learn from.
        """
        rows = _as_rows("labels", labels)
        check_numbers(rows, "The labels")
        if len(rows) > MOST_ROWS:
            at = np.linspace(0, len(rows) - 1, MOST_ROWS).round().astype(int)
            rows = rows[at]
        return cls(rows.shape[1], rows)

    def __str__(self) -> str:
        return f"labels of {self.k} numbers"

    @property
    def identity(self) -> tuple[Hashable, ...]:
        """See `Condition`."""
        return self.k, None if self.rows is None else self.rows.tobytes()

    @property
    def width(self) -> int:  # type: ignore[override]
        """See `Condition`."""
        return self.k

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """See `Condition`."""
        return (self.k,)

    @property
    def dtype(self) -> tf.DType:
        """See `Condition`."""
        return tf.float32

    @property
    def law(self) -> np.ndarray:
        """The rows.

        Raises:
          UsageError: if there are none.
        """
        if self.rows is None:
            raise errors.UsageError(
                f"There are no labels of {self.k} numbers to draw from: give a "
                "label, or the model rows, as tm.Numbers.of(labels) takes "
                "them."
            )
        return self.rows

    def check_form(self, dtype: tf.DType, shape: tf.TensorShape) -> None:
        """See `Condition`."""
        if not dtype.is_floating or not shape.is_compatible_with(
            [None, self.k]
        ):
            raise errors.UsageError(
                f"The labels are {dtype.name} {shape}: give floats "
                f"[n, {self.k}], one row for each image."
            )

    def check_values(self, labels: np.ndarray) -> None:
        """See `Condition`."""
        check_numbers(labels, "The labels")

    def allowed(self, labels: tf.Tensor) -> tuple[tf.Tensor, str]:
        """See `Condition`."""
        return tf.math.is_finite(labels), "label must be finite, not {}"

    def fixed(self, label: Any) -> "Numbers":
        """See `Condition`."""
        return Numbers(self.k, numbers_of(label, self.k)[np.newaxis])

    def like(self, labels: np.ndarray) -> "Numbers":
        """See `Condition`."""
        self.check(labels)
        return Numbers.of(labels)

    def even(self) -> "Numbers":
        """See `Condition`."""
        return self

    def draw_by(
        self,
        law: tf.Tensor | None,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor,
    ) -> tf.Tensor:
        """See `Condition`."""
        rows = tf.convert_to_tensor(law)
        of_rows = tf.cast(tf.shape(rows)[0], tf.float32)
        return tf.gather(rows, draw_labels(seed, count, start, of_rows))


def _as_rows(name: str, given: Any) -> np.ndarray:
    """Labels float32 [n, k] of an array, a tensor, a frame or a list."""
    check_unmasked(given)
    found = np.empty(0)
    with contextlib.suppress(TypeError, ValueError):
        found = np.asarray(given, np.float32)
    if found.ndim == 2 and not len(found):
        raise errors.DataError(f"{name}: there is no label to draw from.")
    if found.ndim != 2 or not found.size:
        raise errors.UsageError(
            f"{name}: need numbers [n, k], k of each image, not "
            f"{errors.excerpt(given, 40)} of shape {list(found.shape)}; one "
            "of each is [n, 1]."
        )
    return found


def numbers_of(label: Any, width: int) -> np.ndarray:
    """The numbers of a label, float32 [width].

    Args:
      label: numbers, or a text of them with commas between.
      width: how many they have to be.

    Raises:
      UsageError: for what are not so many finite numbers.
    """
    parts = label.split(",") if isinstance(label, str) else label
    found = np.empty(0, np.float32)
    with contextlib.suppress(TypeError, ValueError):
        found = np.atleast_1d(np.asarray(parts, np.float32))
    if found.shape != (width,) or not np.isfinite(found).all():
        raise errors.UsageError(
            f"label={errors.excerpt(label, 80)}: this generator is told "
            f"{width} numbers; give them with commas between."
        )
    return found


def check_numbers(labels: np.ndarray, whose: object) -> None:
    """Refuses labels [n, k] of floats that networks cannot learn from.

    Args:
      labels: the numbers.
      whose: how the message calls them.

    Raises:
      DataError: for NaN and infinities, and for a column whose root mean square
        is above 10.
    """
    _check_finite(labels, whose)
    scales = np.sqrt(np.mean(np.square(labels, dtype=np.float64), axis=0))
    for column in np.flatnonzero(scales > _LARGEST_SCALE)[:1]:
        raise errors.DataError(
            f"{whose} have a root mean square of {scales[column]:.4g} in "
            f"column {column}; need {_LARGEST_SCALE:g} at most: subtract its "
            "mean and divide by its deviation, or give an angle as its cosine "
            "and its sine."
        )


def _check_finite(labels: np.ndarray, whose: object) -> None:
    if not np.isfinite(labels).all():
        raise errors.DataError(f"{whose} hold NaN or infinite values.")
