"""Batches of a user's data, in the form that the networks take."""

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Condition

_ROUNDING = 1e-3
# What TensorFlow writes of an error of Python.
_RAISED = re.compile(r"^(\w+(?:Error|Exception|Interrupt): .+)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class ImageForm:
    """What the networks of a model take.

    Attributes:
      shape: of an image, (h, w, c), or (n,) for points.
      dtype: of the generated images.
      condition: what the labels of batches (images, labels) must be; None:
        there need be none.
      classes_per_batch: of models that compare classes one by one: a batch has
        so many, one after the other, of as many rows; None for others.
    """

    shape: tuple[int | None, ...]
    dtype: tf.DType
    condition: Condition | None = None
    classes_per_batch: int | None = None

    def convert(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """The batches in this form.

        Images of 8 bits become floats in [-1, 1], and floats those of the
        networks' type. The values of the first batch are looked at when a step
        asks for it, which costs the later ones nothing; TensorFlow makes an
        error of its own of what is wrong with them, see `refusal`.

        Args:
          batches: of images, or of (images, labels).

        Raises:
          UsageError: for another structure or type.
          DataError: for images of another shape.
        """
        spec = batches.element_spec
        self._check_structure(spec)
        first_spec = spec[0] if isinstance(spec, tuple) else spec
        dtype = self.check_images(first_spec)
        check_rows(first_spec.shape[0], self.classes_per_batch or 1)

        def converted(number, *batch):
            first, *labels = batch
            tf.cond(
                number == 0,
                lambda: self._look(first, *labels),
                lambda: tf.constant(True),
            )
            if dtype == tf.uint8 and len(self.shape) == 3:
                first = images.from_uint8(first)
            first = tf.cast(first, self.dtype)
            if self.condition is not None and self.condition.width:
                labels = [tf.cast(labels[0], self.condition.dtype)]
            return (first, *labels) if labels else first

        numbered = batches.enumerate()
        return numbered.map(
            lambda number, batch: converted(
                number, *(batch if isinstance(spec, tuple) else (batch,))
            )
        )

    def check_ready(self, spec: Any) -> None:
        """Refuses batches that `convert` would have to change.

        Args:
          spec: of a batch.

        Raises:
          UsageError: for another structure or type.
          DataError: for images of another shape.
        """
        self._check_structure(spec)
        dtype = self.check_images(spec[0] if isinstance(spec, tuple) else spec)
        if dtype != self.dtype:
            raise errors.UsageError(
                f"The batches are {dtype.name}, and the networks take "
                f"{self.dtype.name}: model.feed(data) converts them."
            )

    def _check_structure(self, spec: Any) -> None:
        if isinstance(spec, dict):
            raise errors.UsageError(
                f"The data are dictionaries of {', '.join(spec)}: map them to "
                "images, or to (images, labels)."
            )
        parts = spec if isinstance(spec, tuple) else (spec,)
        if not all(isinstance(p, tf.TensorSpec) for p in parts) or not (
            1 <= len(parts) <= 2
        ):
            raise errors.UsageError(
                f"The data are {errors.excerpt(spec, 80)}: map them to images, "
                "or to (images, labels)."
            )
        if self.condition is None:
            return
        if len(parts) == 1:
            raise errors.UsageError(
                f"The model has {self.condition}, and the data no labels: "
                "give batches of (images, labels)."
            )
        self.condition.check_form(parts[1].dtype, parts[1].shape)

    def _look(self, first: tf.Tensor, *labels: tf.Tensor) -> tf.Tensor:
        """Checks the values of a batch, outside of the graph."""

        def look(values, *labels):
            check_values(values)
            if self.condition is not None:
                self.condition.check(labels[0])
            if self.classes_per_batch is not None:
                check_groups(labels[0], self.classes_per_batch)
            return True

        if first.dtype != tf.uint8:
            first = tf.cast(first, tf.float32)
        return tf.numpy_function(look, [first, *labels], tf.bool)

    def check_images(self, spec: tf.TensorSpec) -> tf.DType:
        """Refuses batches of other images, and of another type.

        Args:
          spec: of a batch.

        Returns:
          Its type.

        Raises:
          UsageError: for another type.
          DataError: for images of another shape.
        """
        shape = [None, *self.shape]
        if not spec.shape.is_compatible_with(shape):
            single = spec.shape.is_compatible_with(shape[1:])
            found = _written(spec.shape.as_list()[1:])
            raise errors.DataError(
                "The data set has no batches: call .batch(64, "
                "drop_remainder=True)."
                if single
                else f"The data are of shape {found}, and the generator makes "
                f"{_written(self.shape)}."
            )
        if not spec.dtype.is_floating and spec.dtype != tf.uint8:
            raise errors.UsageError(
                f"The images are {spec.dtype.name}: give uint8, or floats in "
                "[-1, 1]."
            )
        return spec.dtype


def _written(shape: Sequence[int | None]) -> str:
    return str(list(shape)).replace("None", "any")


def warn_of_missing(labels: np.ndarray, num_classes: int | None) -> None:
    """Warns of classes that nothing would be learnt of.

    Args:
      labels: of all training images, as `Condition.check` takes them.
      num_classes: how many classes there are; None: labels are no classes.
    """
    if num_classes is None:
        return
    counts = np.bincount(labels.astype(np.int64), minlength=num_classes)
    missing = [str(number) for number in np.flatnonzero(counts == 0)]
    if missing:
        errors.warn(
            f"No image has the label {errors.listed(missing)}: the model has "
            f"{num_classes} classes, and learns nothing of these.",
            stacklevel=6,
        )


def check_rows(count: int | None, classes: int) -> None:
    """Refuses a batch that has not as many rows of each class.

    Raises:
      DataError: naming both; where `count` is None, nothing is known.
    """
    if count is not None and count % classes:
        raise errors.DataError(
            f"A batch has {count} rows: need a multiple of {classes}, of each "
            "of its classes (classes_per_batch) as many."
        )


def check_groups(labels: np.ndarray, classes: int) -> None:
    """Refuses a batch whose classes are mixed, where each is compared alone.

    Args:
      labels: of its rows, [n].
      classes: how many the batch has.

    Raises:
      DataError: for such a batch.
    """
    check_rows(len(labels), classes)
    groups = labels.reshape(classes, -1)
    if not (groups == groups[:, :1]).all():
        raise errors.DataError(
            f"Classes are compared one by one, and a batch has its {classes} "
            "classes mixed: give one class after the other, of as many rows, "
            "as data.grouped_batches does."
        )


def refusal(error: tf.errors.OpError) -> Exception:
    """The error of `check_values` that a data set has failed by, if it is one.

    Of other errors of Python in the making of data their line is told; errors
    of TensorFlow come back as they are.
    """
    found = re.search(r"DataError: (.+)", error.message)
    if found:
        return errors.DataError(found[1])
    raised = _RAISED.search(error.message)
    if "PyFunc" not in error.message or raised is None:
        return error
    return errors.DataError(f"The data end in an error: {raised[1]}")


def check_values(values: np.ndarray) -> None:
    """Refuses what are no images in [-1, 1] or of 8 bits, nor points.

    Args:
      values: images [b, h, w, c], or points [b, n], which may be any numbers.

    Raises:
      DataError: for what is not finite, and for images in another range.
    """
    if values.dtype == np.uint8:
        if values.ndim == 4 and values.max(initial=0) == 1:
            raise errors.DataError(
                "The images are uint8 with no level but 0 and 1: multiply them "
                "by 255."
            )
        return
    if not np.isfinite(values).all():
        raise errors.DataError("The data hold NaN or infinite values.")
    if values.ndim != 4 or not values.size:
        return
    low, high = float(values.min()), float(values.max())
    if -1.0 - _ROUNDING <= low < 0.0 and high <= 1.0 + _ROUNDING:
        return
    if low == high == 0.0:
        return
    remedy = "x / 127.5 - 1" if high > 1.0 + _ROUNDING else "2 * x - 1"
    raise errors.DataError(
        f"The images are in [{low:.4g}, {high:.4g}], not in [-1, 1]: give "
        f"uint8, or {remedy}."
    )
