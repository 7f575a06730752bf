"""What can be asked for samples: one method, whoever computes them."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors

Arrays = Mapping[str, np.ndarray]
# The type and the whole shape of each output that is asked for.
Wanted = Mapping[str, tf.TensorSpec]

# Those of the inputs of the signatures, but for `serving_default`, and for a
# `label` of numbers, which is float32.
INPUT_TYPES = {
    "num_samples": np.int32, "seed": np.int64, "start": np.int64,
    "truncation": np.float32, "label": np.int32, "seed_a": np.int64,
    "seed_b": np.int64, "steps": np.int32, "index": np.int64,
    "other_seed": np.int64, "other_index": np.int64, "cutoff": np.int32,
}  # fmt: skip
_JOINS = "Batching Run() input tensors must have at least one dimension"
# Of a message: those of a server may be of megabytes, through which a pattern
# would be looked for from each place where it could begin.
_LONGEST = 10_000
_ASSERTION = re.compile(r"assertion failed: \[(.*?)\]\s*(?:\[\[|$)", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a signature takes and returns, as its model says.

    Attributes:
      inputs: their names.
      outputs: type and shape of each, by name; the first dimension is open.
    """

    inputs: frozenset[str]
    outputs: Mapping[str, tf.TensorSpec]


class Predictor(Protocol):
    """Runs the signatures of one model.

    It may have an attribute `most_bytes`: how many the images of one request
    may have.
    """

    def signatures(self) -> Mapping[str, Signature]:
        """The signatures by name.

        Raises:
          UsageError: if there is no such model or version.
          DataError: if the server does not answer, or answers something else.
        """

    def predict(self, signature: str, inputs: Arrays, wanted: Wanted) -> Arrays:
        """Runs one signature.

        Args:
          signature: its name.
          inputs: arrays by name; each must have the type of the signature.
          wanted: the outputs that are asked for. No more memory is taken than
            arrays of these types and shapes need, whatever a server sends.

        Returns:
          Arrays of exactly these names, types and shapes; floats are finite.

        Raises:
          UsageError: if the model refuses the inputs, or has no such signature.
          DataError: if the server does not answer, or answers something else.
        """


def check(predictor: object) -> None:
    """Raises UsageError for what is no predictor."""
    if not callable(getattr(predictor, "signatures", None)):
        raise errors.UsageError(
            "predictor: need a LocalPredictor, or serving.connect(...), not "
            f"{errors.excerpt(repr(predictor), 40)}."
        )


def typed(inputs: Mapping[str, Any]) -> Arrays:
    """The inputs of a signature as arrays of its types.

    A label is one of numbers where it is given as float32.

    Raises:
      UsageError: for a number that does not fit.
    """
    arrays = {}
    for name, value in inputs.items():
        kind = INPUT_TYPES[name]
        if name == "label" and np.asarray(value).dtype == np.float32:
            kind = np.float32
        try:
            # Of an integer that is too large, asarray says so; astype wraps.
            arrays[name] = np.asarray(value, kind)
        except (OverflowError, TypeError, ValueError):
            shown = value[0] if isinstance(value, list) else value
            raise errors.UsageError(
                f"{name}={errors.excerpt(shown, 40)} does not fit into "
                f"{kind.__name__}."
            ) from None
    return arrays


def reason(message: object) -> str:
    """The sentence of an error of TensorFlow, without its wrapping, short."""
    told = str(message)[:_LONGEST]
    found = _ASSERTION.search(told)
    text = errors.excerpt(found[1] if found else errors.of_graph(told))
    if _JOINS in text:
        text += (
            "; the server joins requests, and of a generator with labels "
            "draws a given one only: name a label, or ask a server without "
            "--enable_batching for interpolations and labels by chance"
        )
    return text
