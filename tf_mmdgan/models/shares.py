"""Batches that replicas share out evenly, or an error that says so."""

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors

_TEXT = "replicas got unequal shares of a batch"
_FOUND = re.compile(rf"{_TEXT}, (.*?) rows")
_MARK = "rows of a device:"  # before messages that end in a full stop
_MARKED = re.compile(rf"\[{_MARK}\] \[(.*?\.)\]", re.DOTALL)


@contextlib.contextmanager
def even(strategy: tf.distribute.Strategy, values: Any) -> Iterator[None]:
    """What is run in this `with` block needs equal shares of every batch.

    Losses are of the batches of all replicas, whose sizes must agree. Where
    shapes tell that they do, nothing is checked.

    Args:
      strategy: whose replicas get them.
      values: structures of tensors [b, ...], one for each replica, or of
        values that all replicas get.
    """
    checks = []
    for value in tf.nest.flatten(values):
        parts = strategy.experimental_local_results(value)
        if len(parts) > 1 and not _equal(parts):
            rows = tf.stack([tf.shape(part)[0] for part in parts])
            message = tf.strings.format(_TEXT + ", {} rows", rows)
            same = tf.reduce_all(rows == rows[0])
            checks.append(tf.debugging.Assert(same, [message]))
    with tf.control_dependencies(checks):
        yield


def _equal(parts: Sequence[Any]) -> bool:
    """Whether shapes say that all parts have as many rows, or none."""
    if not all(tf.is_tensor(part) for part in parts):
        return True
    if any(part.shape.rank == 0 for part in parts):
        return True
    rows = {None if p.shape.rank is None else p.shape[0] for p in parts}
    return len(rows) == 1 and None not in rows


def in_multiples(images: tf.Tensor, of: int, text: str) -> tf.Tensor:
    """A replica's images, whose number has to be a multiple of another one.

    Where their number is not known before a step runs, the step looks at it,
    and `told` makes one line of the error.

    Args:
      images: [b, ...].
      of: what b is to be a multiple of.
      text: what is wrong with another b, which stands for the {} in it.

    Returns:
      The images.

    Raises:
      UsageError: with this text.
    """
    count = images.shape[0]
    if count is not None:
        if count % of:
            raise errors.UsageError(text.format(count))
        return images
    rows = tf.shape(images)[0]
    message = tf.strings.format(text, rows)
    check = tf.debugging.Assert(rows % of == 0, [_MARK, message])
    with tf.control_dependencies([check]):
        return tf.identity(images)


def check_synchronized(
    strategy: tf.distribute.Strategy, networks: Iterable[keras.Model]
) -> None:
    """Refuses batch normalisation of each replica's share.

    Raises:
      UsageError: naming the layer, whose statistics would depend on the number
        of replicas.
    """
    if strategy.num_replicas_in_sync == 1:
        return
    for network in networks:
        for layer in network._flatten_layers():
            if (
                isinstance(layer, keras.layers.BatchNormalization)
                and layer.trainable
                and not layer.synchronized
            ):
                raise errors.UsageError(
                    f"The layer {layer.name} normalises each replica's share "
                    "of a batch: make it by synchronized=True."
                )


def told(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose error about shares is one line.

    Raises:
      UsageError: for a batch that replicas cannot share out evenly, and for
        what `in_multiples` refuses.
    """

    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except tf.errors.InvalidArgumentError as error:
            marked = _MARKED.search(str(error))
            if marked is not None:
                raise errors.UsageError(marked[1]) from None
            rows = _FOUND.search(str(error))
            if rows is None:
                raise
            raise errors.UsageError(
                f"The {_TEXT}, {rows[1]} rows: give batches of a multiple of "
                "the number of replicas, the last one too, such as by "
                "batch(size, drop_remainder=True)."
            ) from None

    return wrapped
