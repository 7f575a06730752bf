"""What can be asked for samples: one method, whoever computes them."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray]

# Those of the scalar inputs of the signatures.
INPUT_TYPES = {
    "num_samples": np.int32, "seed": np.int64, "start": np.int64,
    "truncation": np.float32, "label": np.int32, "seed_a": np.int64,
    "seed_b": np.int64, "steps": np.int32,
}  # fmt: skip
_ASSERTION = re.compile(r"assertion failed: \[(.*?)\]\s*(?:\[\[|$)", re.DOTALL)


class Predictor(Protocol):
    """Runs the signatures of one model."""

    def signatures(self) -> Mapping[str, frozenset[str]]:
        """The names of the inputs of each signature.

        Raises:
          UsageError: if there is no such model or version.
          DataError: if the server does not answer.
        """

    def predict(
        self, signature: str, inputs: Arrays, outputs: Sequence[str]
    ) -> Arrays:
        """Runs one signature.

        Args:
          signature: its name.
          inputs: arrays by name; each must have the type of the signature.
          outputs: the names of those that are wanted.

        Returns:
          The outputs by name.

        Raises:
          UsageError: if the model refuses the inputs, or has no such signature.
          DataError: if the server does not answer, or answers something else.
        """


def reason(message: str) -> str:
    """The sentence of an error of TensorFlow, without its wrapping."""
    found = _ASSERTION.search(message)
    if found:
        return found[1]
    return (message.strip() or "no reason given").splitlines()[0]
