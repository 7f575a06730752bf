"""What `fit` is given as batches for whole steps."""

import dataclasses
import itertools
import types
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import Condition
from tf_mmdgan.kernels.rows import check_unmasked, without_objects
from tf_mmdgan.models.image_batches import ImageForm, warn_of_missing

_BATCH_SIZE = 32  # as in Keras
_UNKNOWN = tf.data.UNKNOWN_CARDINALITY
_ENDLESS = tf.data.INFINITE_CARDINALITY

_OF_BATCHES = (
    tf.data.Dataset, tf.distribute.DistributedDataset, types.GeneratorType,
)  # fmt: skip
_IN_GRAPHS = (tf.data.Iterator, tf.distribute.DistributedIterator)
# Callbacks of Keras that would do nothing, or fail, and what does the like.
_IDLE = {
    keras.callbacks.TerminateOnNaN: "it looks at one loss alone, named loss: "
    "take tm.StopAtNaN()",
    keras.callbacks.SwapEMAWeights: "the model has an average of its own, "
    "ema_generator, which it draws from",
}
# Of Keras' `fit`, what has no meaning where losses are of whole batches.
_MEANINGLESS = {
    "sample_weight": "losses are of whole batches, not of single examples",
    "class_weight": "losses are of whole batches, not of single examples",
    "validation_split": "give other images as validation_data",
}


@dataclasses.dataclass(frozen=True)
class Feed:
    """Batches as `keras.Model.fit` takes them.

    Attributes:
      batches: repeated as long as it takes, where their number is known.
      count: batches of one pass, or -1 for data without end, or -2 where
        nobody knows.
    """

    batches: Any
    count: int = _UNKNOWN

    def ready(self, form: ImageForm | None, ahead: int) -> "Feed":
        """The same in another form, made ahead of the steps."""
        batches = self.batches
        if form is not None:
            batches = form.convert(batches)
        batches = batches.prefetch(ahead).with_options(self.batches.options())
        return dataclasses.replace(self, batches=batches)

    def steps(
        self, batches_per_step: int, asked: int | None, together: int
    ) -> int | None:
        """Steps of an epoch; None to go on until the data end.

        Args:
          batches_per_step: that a step takes.
          asked: the steps that the user wants, or None.
          together: steps that one call does, of which an epoch has whole ones.

        Raises:
          UsageError: for data without end, and no steps asked for; and for
            parts of a call.
          DataError: for data that are too few for one call.
        """
        if asked is not None:
            errors.check_positive(steps_per_epoch=asked)
            if asked % together:
                raise errors.UsageError(
                    f"steps_per_epoch={asked}: need a multiple of "
                    f"steps_per_execution={together}."
                )
            return asked
        if self.count == _UNKNOWN:
            return None
        if self.count == _ENDLESS:
            raise errors.UsageError(
                "The data have no end: say how many steps an epoch has, by "
                "steps_per_epoch."
            )
        if self.count < batches_per_step:
            raise errors.DataError(too_few(batches_per_step, self.count))
        calls = self.count // (batches_per_step * together)
        return max(calls, 1) * together


def check_epochs(x: Any, end: int, first: int, steps: int | None) -> None:
    """Refuses epochs that there are no data for.

    Args:
      x: what `fit` is given.
      end: the number of the last epoch.
      first: how many are done.
      steps: of an epoch; None: it ends with the data.

    Raises:
      UsageError: for what are no numbers of epochs, and for several of them
        with a generator, which ends in the first.
    """
    errors.check_count(0, epochs=end, initial_epoch=first)
    once = isinstance(x, types.GeneratorType) and steps is None
    if once and end - first > 1:
        raise errors.UsageError(
            f"epochs={end}: a generator has nothing left after the first; give "
            "steps_per_epoch too, or a tf.data.Dataset, which begins again."
        )


def check_arguments(given: Mapping[str, Any]) -> None:
    """Refuses arguments of Keras' `fit` that have no meaning here.

    Args:
      given: by name; None and 0 pass.

    Raises:
      UsageError: naming the argument, or the callback, and why.
    """
    for name in _MEANINGLESS.keys() & given.keys():
        if given[name] is not None and not np.array_equal(given[name], 0):
            raise errors.UsageError(f"{name}: {_MEANINGLESS[name]}.")
    for callback in tf.nest.flatten(given.get("callbacks") or []):
        _check_callback(callback)


def _check_callback(given: Any) -> None:
    if not isinstance(given, keras.callbacks.Callback):
        raise errors.UsageError(
            "callbacks: need instances of keras.callbacks.Callback, not "
            f"{errors.excerpt(given, 60)}."
        )
    for kind, instead in _IDLE.items():
        if isinstance(given, kind):
            raise errors.UsageError(f"{kind.__name__}: {instead}.")


def check_iterator(iterator: Any, eager: bool, form: ImageForm | None) -> None:
    """Refuses what would not give each step of a graph batches of its own.

    Args:
      iterator: what the step takes its batches from.
      eager: whether steps run line by line.
      form: of the images that the networks take; None: as they are. Batches
        that replicas share are taken as they are too.

    Raises:
      UsageError: for no iterator; for one of Python, which a graph asks once,
        while it is traced; and for batches that are not of this form.
      DataError: for images of another shape.
    """
    if not isinstance(iterator, Iterator):
        raise errors.UsageError(
            f"train_step takes an iterator, not a {type(iterator).__name__}: "
            "iter(model.feed(data))."
        )
    if not eager and not isinstance(iterator, _IN_GRAPHS):
        raise errors.UsageError(
            f"A {type(iterator).__name__} would give all steps the batches of "
            "the first: iter(model.feed(data)), or iter(a tf.data.Dataset)."
        )
    if form is not None and isinstance(iterator, tf.data.Iterator):
        form.check_ready(iterator.element_spec)


def too_few(needed: int, found: int | None = None) -> str:
    """Says that the data end before one step is whole."""
    number = "fewer" if found is None else str(found)
    return (
        f"A step takes {needed} batches, and the data have {number}: give "
        "smaller batches or more data, or steps_per_epoch to have them "
        "repeated within a step."
    )


def make(
    x: Any,
    y: Any,
    batch_size: int | None,
    seed: int | None,
    form: ImageForm | None = None,
    ahead: int = 1,
) -> Feed:
    """Batches of what `fit` is given.

    Args:
      x: an array, a data set of batches, a distributed one, or a generator.
      y: labels of an array, or None.
      batch_size: rows of a batch of an array, or None.
      seed: of the order of an array's rows; None leaves them as they are.
      form: of the images that the networks take; None: as they are.
      ahead: batches that are made while others are trained on.

    Raises:
      UsageError: for anything else, and labels or a batch size where the data
        have their own.
      DataError: for arrays that make no batch, and for images of another
        shape.
    """
    if batch_size is not None:
        errors.check_positive(batch_size=batch_size)
    if _is_array(x):
        size = _BATCH_SIZE if batch_size is None else batch_size
        if y is not None and form is not None:
            _check_labels(np.asarray(y), form.condition)
        feed = _of_arrays(x, y, size, seed)
        return feed.ready(form, ahead)
    if not isinstance(x, _OF_BATCHES):
        raise errors.UsageError(
            f"fit cannot train on a {type(x).__name__}: give an array [n, ...],"
            " and its labels as y, or a tf.data.Dataset of batches."
        )
    for name, value in (("y", y), ("batch_size", batch_size)):
        if value is not None:
            raise errors.UsageError(
                f"{name} is for arrays; a {type(x).__name__} has batches of "
                "(images, labels) itself."
            )
    if isinstance(x, tf.data.Dataset):
        return _of_dataset(x).ready(form, ahead)
    if isinstance(x, types.GeneratorType):
        return _of_generator(x).ready(form, ahead)
    return Feed(x)


def _check_labels(labels: np.ndarray, condition: Condition | None) -> None:
    """Refuses labels that are none of the condition, or of no use."""
    if condition is None:
        raise errors.UsageError(
            "y: the generator takes no labels: leave them out, or give the "
            "model a condition, such as tm.Classes(10), and such networks."
        )
    condition.check(labels)
    warn_of_missing(labels, condition.num_classes)


def _is_array(x: Any) -> bool:
    return isinstance(x, list) or hasattr(x, "__array__")


def _of_arrays(x: Any, y: Any, batch_size: int, seed: int | None) -> Feed:
    arrays = [as_array(part) for part in (x, y) if part is not None]
    n = len(arrays[0])
    if len(arrays[-1]) != n:
        raise errors.DataError(f"{len(arrays[-1])} labels for {n} images.")
    if arrays[0].dtype.kind == "f" and not np.isfinite(arrays[0]).all():
        raise errors.DataError("The data hold NaN or infinite values.")
    if n < batch_size:
        raise errors.DataError(
            f"{n} rows make no batch of {batch_size}: give a smaller "
            "batch_size or more data."
        )
    with tf.device("CPU"):
        tensors = [tf.constant(array) for array in arrays]
    indices = tf.data.Dataset.range(n)
    if seed is not None:
        indices = indices.shuffle(n, seed=seed)
    batches = indices.batch(batch_size, drop_remainder=True).repeat()

    def rows(chosen):
        found = tuple(tf.gather(tensor, chosen) for tensor in tensors)
        return found if len(found) > 1 else found[0]

    batches = batches.map(rows)
    return Feed(batches, n // batch_size)


def as_array(rows: Any) -> np.ndarray:
    """Rows as an array of numbers.

    Raises:
      UsageError: for rows of unequal lengths, and for other things.
      DataError: for a masked array with masked entries.
    """
    check_unmasked(rows)
    try:
        found = without_objects(np.atleast_1d(rows))
    except ValueError:  # of lists in lists
        found = np.array([None])
    # V: bfloat16, and records, which have names.
    if found.dtype.kind not in "biufV" or found.dtype.names is not None:
        raise errors.UsageError(
            f"fit cannot train on rows of {type(rows).__name__} that are no "
            "numbers, or of unequal lengths: give an array [n, ...]."
        )
    return found


def _of_dataset(batches: tf.data.Dataset) -> Feed:
    count = int(batches.cardinality())
    if count == _ENDLESS:
        return Feed(batches, count)
    batches = _of_one_size(batches)
    if count != _UNKNOWN:
        batches = batches.repeat()
    return Feed(batches, count)


def _of_generator(batches: Iterator[Any]) -> Feed:
    """A data set of the batches of a generator, which end with it."""
    try:
        first = next(batches)
    except StopIteration:
        raise errors.DataError("The data have no batch.") from None
    every = map(_as_tuple, itertools.chain([first], batches))
    specs = tf.nest.map_structure(_spec, _as_tuple(first))
    data = tf.data.Dataset.from_generator(lambda: every, output_signature=specs)
    return Feed(_of_one_size(data))


def _as_tuple(batch: Any) -> Any:
    """A batch; a list as a tuple, for to TensorFlow it would be one array."""
    return tuple(batch) if isinstance(batch, list) else batch


def _spec(part: Any) -> tf.TensorSpec:
    values = np.asarray(part)
    return tf.TensorSpec([None, *values.shape[1:]], values.dtype)


def _of_one_size(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Without those that are smaller than one before: the rest of a pass."""
    first = tf.nest.flatten(batches.element_spec)[0]
    if first.shape.rank == 0 or first.shape[0] is not None:
        return batches

    def measure(largest, *batch):
        size = tf.shape(tf.nest.flatten(batch)[0])[0]
        largest = tf.maximum(largest, size)
        return largest, (size == largest, batch)

    whole = batches.scan(0, measure).filter(lambda whole, batch: whole)
    return whole.map(
        lambda whole, batch: batch if len(batch) > 1 else batch[0]
    ).with_options(batches.options())
