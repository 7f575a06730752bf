"""Kinds of steps that follow each other in one training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_mmdgan import errors

Logs = Mapping[str, tf.Tensor]
TrainFunction = Callable[[Iterator[Any]], Logs]


class Phase(NamedTuple):
    """The steps of a training before step number `end`.

    Attributes:
      end: the first step, from 0, that is not of this phase any more.
      replica_step: as `SteppedModel.replica_step`.
    """

    end: int
    replica_step: Callable[[Sequence[Any], tf.Tensor], Logs]


def in_turn(
    earlier: Sequence[tuple[int, TrainFunction]],
    last: TrainFunction,
    step: keras.Variable,
    steps_per_execution: int,
) -> TrainFunction:
    """What does the steps of whichever phase it is.

    Args:
      earlier: the ends of the phases but the last, and what does their steps.
      last: does the steps of the last one.
      step: how many steps are done.
      steps_per_execution: how many steps one call does.

    Raises:
      UsageError: for a phase that ends within a call.
    """
    for end, _ in earlier:
        if end % steps_per_execution:
            raise errors.UsageError(
                f"steps_per_execution={steps_per_execution} must divide {end}, "
                "the step at which another phase begins."
            )
    if not earlier:
        return last

    def train_function(iterator: Iterator[Any]) -> Logs:
        done = int(step.numpy())
        steps = next((s for end, s in earlier if done < end), last)
        return steps(iterator)

    return train_function


def stacked(logs: Sequence[tf.Tensor]) -> tf.Tensor:
    """Scalars to log as one tensor, float64 if any of them is."""
    found = [tf.convert_to_tensor(value) for value in logs]
    types = {value.dtype for value in found}
    if len(types) > 1:
        widest = tf.float64 if tf.float64 in types else tf.float32
        found = [tf.cast(value, widest) for value in found]
    return tf.stack(found)
