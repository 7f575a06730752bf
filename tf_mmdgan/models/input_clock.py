"""How long steps wait for their batches."""

import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf


class InputClock:
    """Sums up how long steps have waited for their batches.

    Attributes:
      seconds: waited so far.
    """

    def __init__(self):
        self.seconds = 0.0
        self._start = 0.0

    def measure(self, pull: Callable[[], Any]) -> Any:
        """Pulls batches in a graph, and adds up how long that takes.

        No work of the step must begin in the meantime, or it would delay the
        batches. So `pull` must also return what work without batches depends
        on: the number of the first update, which is the key of all noise.

        Args:
          pull: returns a structure of tensors.

        Returns:
          The same structure, there as soon as all batches are.
        """
        # Not tf.timestamp, which deterministic runs refuse.
        started = tf.numpy_function(self.started, [], tf.float64)
        with tf.control_dependencies([started]):
            pulled = pull()
        with tf.control_dependencies(tf.nest.flatten(pulled, True)):
            arrived = tf.numpy_function(self.arrived, [], tf.float64)
        with tf.control_dependencies([arrived]):
            return tf.nest.map_structure(_same, pulled, expand_composites=True)

    def started(self) -> float:
        """Notes that a step asks for its batches; returns `seconds`."""
        self._start = time.monotonic()
        return self.seconds

    def arrived(self) -> float:
        """Notes that all batches are there; returns `seconds`."""
        self.seconds += time.monotonic() - self._start
        return self.seconds


def _same(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor, as a new op on its own device."""
    with tf.device(tensor.device):
        return tf.identity(tensor)
