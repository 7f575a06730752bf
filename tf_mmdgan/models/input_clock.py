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
        """What `pull` gives, by ops that note how long they have waited for it.

        The whole step waits for the clock, and not for its batches alone:
        work that began in the meantime would delay them. So `pull` also gives
        the number of the first update, on which the step's noise depends.

        Args:
          pull: makes a structure of tensors, in a graph.
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
        """Notes that all of them are there; returns `seconds`."""
        self.seconds += time.monotonic() - self._start
        return self.seconds


def _same(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor, as a new op on its own device."""
    with tf.device(tensor.device):
        return tf.identity(tensor)
