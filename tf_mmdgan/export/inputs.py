"""Inputs that several signatures take, by their names."""

from collections.abc import Sequence

import tensorflow as tf

from tf_mmdgan.conditions import Condition


def scalar(name: str, dtype: tf.DType) -> tf.TensorSpec:
    """One number."""
    return tf.TensorSpec([], dtype, name=name)


FIRST_ROWS = (scalar("num_samples", tf.int32), scalar("seed", tf.int64))
TRUNCATION = scalar("truncation", tf.float32)
RANGE = (*FIRST_ROWS, scalar("start", tf.int64), TRUNCATION)
ENDS = (
    scalar("seed_a", tf.int64),
    scalar("seed_b", tf.int64),
    scalar("steps", tf.int32),
    TRUNCATION,
)


def column(
    name: str, dtype: tf.DType, shape: Sequence[int] = ()
) -> tf.TensorSpec:
    """A number, or an array, for each image."""
    return tf.TensorSpec([None, *shape], dtype, name=name)


ROWS = (
    column("seed", tf.int64),
    column("index", tf.int64),
    column("truncation", tf.float32),
)


def of_labels(
    condition: Condition | None,
) -> tuple[tuple[tf.TensorSpec, ...], ...]:
    """Those of `labels`, of one `label`, and of a column of them, if any."""
    if condition is None:
        return (), (), ()
    shape, dtype = condition.shape, condition.dtype
    return (
        (column("labels", dtype, shape),),
        (tf.TensorSpec(shape, dtype, name="label"),),
        (column("label", dtype, shape),),
    )


def repeated(label: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """One label as so many."""
    shape = tf.concat([[count], tf.shape(label)], axis=0)
    return tf.broadcast_to(label, shape)
