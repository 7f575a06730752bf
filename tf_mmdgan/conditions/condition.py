"""What labels are, and the law that they are drawn by."""

import abc
from collections.abc import Hashable, Sequence

import numpy as np
import tensorflow as tf

from tf_mmdgan.latents import check_label

# A class by its name or number, or k numbers, also as text: "0.5,-1".
Label = str | int | Sequence[float] | np.ndarray


class Condition(abc.ABC):
    """What a generator is told of each image, and the law of what it is told.

    See `Classes` and `Numbers`.

        >>> [isinstance(c, tm.Condition) for c in (tm.Classes(3), None)]
        [True, False]

    Attributes:
      num_classes: how many classes there are; None of numbers.
      width: how many numbers a label has; None of classes.
      shape: of a label, () or (k,).
      dtype: of labels in networks and exports, int32 or float32.
      law: what labels are drawn by, as an array: see `draw_by`.
    """

    num_classes: int | None = None
    width: int | None = None
    shape: tuple[int, ...] = ()
    dtype: tf.DType = tf.int32

    @property
    @abc.abstractmethod
    def law(self) -> np.ndarray | None:
        """What labels are drawn by; None: all classes equally often."""

    @property
    @abc.abstractmethod
    def identity(self) -> tuple[Hashable, ...]:
        """What two of a kind are equal by."""

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Condition)
            and type(self) is type(other)
            and self.identity == other.identity
        )

    def __hash__(self) -> int:
        return hash(self.identity)

    def has_labels_of(self, other: "Condition | None") -> bool:
        """Whether another has the same labels, by whatever law."""
        return other is not None and (self.num_classes, self.width) == (
            other.num_classes,
            other.width,
        )

    @abc.abstractmethod
    def check_form(self, dtype: tf.DType, shape: tf.TensorShape) -> None:
        """Refuses labels of another type or shape.

        Args:
          dtype: of labels as data have them, which may be wider than `dtype`.
          shape: of labels, with a first axis for the images.

        Raises:
          UsageError: for others.
        """

    @abc.abstractmethod
    def check_values(self, labels: np.ndarray) -> None:
        """Refuses labels of the right form that networks cannot learn from.

        Raises:
          DataError: for such labels.
        """

    def check(self, labels: np.ndarray) -> None:
        """Refuses labels [n, ...] that are none of this condition.

        Raises:
          UsageError: for another type or shape.
          DataError: for values out of range.
        """
        shape = tf.TensorShape(labels.shape)
        self.check_form(tf.as_dtype(labels.dtype), shape)
        self.check_values(labels)

    @abc.abstractmethod
    def allowed(self, labels: tf.Tensor) -> tuple[tf.Tensor, str]:
        """Whether each entry of labels can be asked for, and what is needed.

        Args:
          labels: tensor of one label or of several.

        Returns:
          Booleans of the shape of `labels`, and a sentence with a place, {},
          for what was asked.
        """

    @abc.abstractmethod
    def fixed(self, label: Label) -> "Condition":
        """The same with a law by which every label is this one.

        Raises:
          UsageError: for a label that cannot be.
        """

    @abc.abstractmethod
    def like(self, labels: np.ndarray) -> "Condition":
        """The same with the law of given labels [n, ...].

        Raises:
          UsageError: for labels of another form.
          DataError: for values out of range.
        """

    @abc.abstractmethod
    def even(self) -> "Condition":
        """The same with equal shares of the classes; of numbers, itself."""

    @abc.abstractmethod
    def draw_by(
        self,
        law: tf.Tensor | None,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor,
    ) -> tf.Tensor:
        """Labels of the rows start .. start + count - 1 of a seed's sequence.

        As in `Latents.sample`, row i depends on the seed and on i alone.

        Args:
          law: shares of the classes, [num_classes], or None for equal ones; of
            numbers, the rows [m, k] of which one is taken for each label.
          seed: [2].
          count: how many.
          start: number of the first row.
        """

    def draw(
        self,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor = 0,
    ) -> tf.Tensor:
        """As `draw_by`, by the condition's own law."""
        return self.draw_by(self.law, seed, count, start)


def by_label(
    condition: Condition | None, label: Label | None
) -> Condition | None:
    """A condition whose law is one label; as it is where none is asked for.

    Raises:
      UsageError: for a label that cannot be, or of a generator without labels.
    """
    if label is None:
        return condition
    if condition is None:
        check_label(label, None)
    assert condition is not None  # for labels have been refused
    return condition.fixed(label)
