"""Inputs that several signatures take, by their names."""

import tensorflow as tf


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
LABEL = scalar("label", tf.int32)


def column(name: str, dtype: tf.DType) -> tf.TensorSpec:
    """A number for each image."""
    return tf.TensorSpec([None], dtype, name=name)


ROWS = (
    column("seed", tf.int64),
    column("index", tf.int64),
    column("truncation", tf.float32),
)
