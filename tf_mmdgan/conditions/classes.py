"""Labels that are classes."""

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import class_names, errors
from tf_mmdgan.conditions.condition import Condition
from tf_mmdgan.latents import check_label, checked_shares, draw_labels


@dataclasses.dataclass(frozen=True, eq=False)
class Classes(Condition):
    """A generator is told one of some classes, by its number from 0 on.

        >>> shoes = tm.Classes(2, names=("boots", "sandals"))
        >>> shoes.fixed("sandals").shares.tolist()
        [0.0, 1.0]

    Attributes:
      count: how many classes there are, 1 or more.
      shares: how often each is drawn, [count], of sum 1; None: equally often.
      names: of the classes, unequal; None where they have none.

    Raises:
      UsageError: for another count, and shares or names that are none of these
        classes.
    """

    count: int
    shares: np.ndarray | None = None
    names: Sequence[str] | None = None

    def __post_init__(self):
        errors.check_count(1, num_classes=self.count)
        law = checked_shares(self.shares, self.count)
        object.__setattr__(self, "shares", law)
        if self.names is not None and not class_names.is_names(
            self.names, self.count
        ):
            raise errors.UsageError(
                f"class_names: need {self.count} unequal names of 1 to 255 "
                "bytes, without a slash."
            )

    def __str__(self) -> str:
        return f"{self.count} classes"

    @property
    def identity(self) -> tuple[Hashable, ...]:
        """See `Condition`."""
        shares = None if self.shares is None else tuple(self.shares)
        names = None if self.names is None else tuple(self.names)
        return self.count, shares, names

    @property
    def num_classes(self) -> int:  # type: ignore[override]
        """See `Condition`."""
        return self.count

    @property
    def law(self) -> np.ndarray | None:
        """The shares, float64."""
        return self.shares

    def check_form(self, dtype: tf.DType, shape: tf.TensorShape) -> None:
        """See `Condition`."""
        if not dtype.is_integer or shape.rank not in (1, None):
            raise errors.UsageError(
                f"The labels are {dtype.name} of rank {shape.rank}: give one "
                "integer for each image."
            )

    def check_values(self, labels: np.ndarray) -> None:
        """See `Condition`."""
        low, high = int(labels.min(initial=0)), int(labels.max(initial=0))
        if low < 0 or high >= self.count:
            raise errors.DataError(
                f"The labels run from {low} to {high}, and the model has "
                f"{self.count} classes: need 0 to {self.count - 1}."
            )

    def allowed(self, labels: tf.Tensor) -> tuple[tf.Tensor, str]:
        """See `Condition`."""
        inside = tf.logical_and(labels >= 0, labels < self.count)
        return inside, f"label must be 0 to {self.count - 1}, not {{}}"

    def fixed(self, label: Any) -> "Classes":
        """See `Condition`."""
        number = class_names.number(label, self.names)
        check_label(number, self.count)
        shares = np.zeros(self.count)
        shares[np.arange(self.count) == number] = 1.0
        return dataclasses.replace(self, shares=shares)

    def like(self, labels: np.ndarray) -> "Classes":
        """See `Condition`."""
        self.check(labels)
        counts = np.bincount(labels.astype(np.int64), minlength=self.count)
        return dataclasses.replace(self, shares=counts / counts.sum())

    def even(self) -> "Classes":
        """See `Condition`."""
        return dataclasses.replace(self, shares=None)

    def draw_by(
        self,
        law: tf.Tensor | None,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor,
    ) -> tf.Tensor:
        """See `Condition`."""
        return draw_labels(seed, count, start, self.count, law)
