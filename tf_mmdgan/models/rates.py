"""What Keras' callbacks take for the optimizer of a model with several."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors

_Schedule = keras.optimizers.schedules.LearningRateSchedule


class Rates:
    """The learning rates of all networks, which rise and fall together.

    `ReduceLROnPlateau` and `LearningRateScheduler` read and set
    `model.optimizer.learning_rate`. That is the generator's; when it is set,
    the others keep their ratio to it.
    """

    built = True

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer]):
        self._optimizers = tuple(optimizers)

    @property
    def variables(self) -> list[keras.Variable]:
        """The state of all optimizers, which `summary` counts."""
        return [
            v for optimizer in self._optimizers for v in optimizer.variables
        ]

    @property
    def iterations(self) -> keras.Variable:
        """Updates of the generator, which loggers count by."""
        return self._optimizers[0].iterations

    def get_config(self) -> dict[str, Any]:
        """The settings of the generator's optimizer, which loggers record."""
        return self._optimizers[0].get_config()

    @property
    def learning_rate(self) -> keras.Variable:
        """The generator's learning rate."""
        return self._optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        for optimizer in self._optimizers:
            inner = getattr(optimizer, "inner_optimizer", optimizer)
            schedule = inner._learning_rate
            if isinstance(schedule, _Schedule):
                raise errors.UsageError(
                    f"The learning rate follows {type(schedule).__name__}: "
                    "give the optimizers numbers, if a callback is to set them."
                )
        first = float(tf.convert_to_tensor(self.learning_rate))
        for optimizer in self._optimizers[1:]:
            own = float(tf.convert_to_tensor(optimizer.learning_rate))
            optimizer.learning_rate = own * (value / first) if first else value
        self._optimizers[0].learning_rate = value
