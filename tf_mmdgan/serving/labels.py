"""What labels a model draws, as it says and as it answers."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from tf_mmdgan import class_names, errors
from tf_mmdgan.conditions import MOST_NUMBERS
from tf_mmdgan.serving.predictor import Arrays, Signature

# Of all requests for names but the last: a model says how many these are.
_NAMES_SECONDS = 60.0


def form(signatures: Mapping[str, Signature]) -> tf.TensorSpec | None:
    """Form of the labels that are drawn with images; None without labels.

    Raises:
      UsageError: if they are neither classes nor numbers.
    """
    if not {"sample_class", "sample_numbers"} & set(signatures):
        return None
    if "sample_class" in signatures:
        return tf.TensorSpec([None], tf.int32)
    found = signatures["sample_range"].outputs.get("labels")
    if found is None or found.dtype != tf.float32 or found.shape.rank != 2:
        raise errors.UsageError(
            "The model was not exported by tf_mmdgan: it has no labels of "
            "numbers, float32 [n, k]."
        )
    if not 0 < (found.shape[1] or 0) <= MOST_NUMBERS:
        raise errors.UsageError(
            "The model was not exported by tf_mmdgan: its labels have "
            f"{found.shape[1]} numbers, not 1 to {MOST_NUMBERS}."
        )
    return found


def check(labels: np.ndarray, asked: np.ndarray | None) -> None:
    """Refuses classes that cannot be, and labels that were not asked for.

    Raises:
      DataError: for such a label.
    """
    of_classes = labels.dtype == np.int32
    wrong = (labels < 0) & of_classes if asked is None else labels != asked
    if wrong.any():
        meant = "" if asked is None else f" instead of {np.max(asked)}"
        kind = "class" if of_classes else "number"
        raise errors.DataError(
            f"The model draws the {kind} {labels[wrong][0]}{meant}."
        )


def names(
    ask: Callable[[Sequence[int]], Arrays], at_a_time: int
) -> tuple[str, ...]:
    """The names of all classes of a model, in their order.

    Args:
      ask: returns what the signature class_names says of some classes.
      at_a_time: how many it is asked for.

    Raises:
      DataError: for what are no names, and for a model that takes more than a
        minute until the last request.
    """
    end = time.monotonic() + _NAMES_SECONDS
    count = int(ask([0])["num_classes"][0])
    if not 0 < count <= class_names.MOST_CLASSES:
        raise errors.DataError(f"The model has {count} classes.")
    tables = []
    for first in range(0, count, at_a_time):
        if time.monotonic() > end:
            raise errors.DataError(
                f"The model takes more than {_NAMES_SECONDS:g} seconds to name "
                f"its {count:,} classes: give the number of one."
            )
        some = range(first, min(count, first + at_a_time))
        tables.append(ask(some)["name"])
    found = class_names.decoded(np.concatenate(tables))
    if not class_names.is_names(found, count):
        raise errors.DataError(
            "What the model gives as names of its classes are none."
        )
    return found
