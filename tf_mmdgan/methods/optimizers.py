"""Optimizers by name, and the decay of their rates."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan.config import TrainConfig


class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that is constant at first, and then falls on a straight line to 0.

    It falls from the step `start` on, and is 0 from `end` on. Steps are those
    of the model, each of which has several updates.
    """

    def __init__(self, rate: float, start: int, end: int, step: keras.Variable):
        self.rate, self.start, self.end = rate, start, end
        self._step = step

    def __call__(self, updates: tf.Tensor) -> tf.Tensor:
        """The rate at the model's step, whatever the optimizer has counted."""
        del updates
        done = tf.cast(self._step.value, tf.float32)
        left = (self.end - done) / (self.end - self.start)
        return self.rate * tf.clip_by_value(left, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """See Keras."""
        return {"rate": self.rate, "start": self.start, "end": self.end}


# From a rate, or how it goes on, and the configuration.
_Maker = Callable[
    [float | LinearDecay, TrainConfig], keras.optimizers.Optimizer
]

OPTIMIZERS: dict[str, _Maker] = {
    "adam": lambda rate, config: keras.optimizers.Adam(
        rate, beta_1=config.beta_1, beta_2=config.beta_2
    ),
    "rmsprop": lambda rate, config: keras.optimizers.RMSprop(rate),
    "sgd": lambda rate, config: keras.optimizers.SGD(
        rate, momentum=config.beta_1
    ),
}
