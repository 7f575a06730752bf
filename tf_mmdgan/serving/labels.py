"""What labels a model draws, as it says and as it answers."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import MOST_NUMBERS
from tf_mmdgan.serving.predictor import Signature


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
