"""Optimizers by name, and how their rates rise and fall."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig

# Of what is left of the way, from 1 to 0.
SHAPES: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "linear": lambda left: left,
    "cosine": lambda left: 0.5 * (1.0 - tf.cos(math.pi * left)),
}


@dataclasses.dataclass(frozen=True)
class Fall:
    """How a rate falls to 0.

    Attributes:
      shape: a name in `SHAPES`.
      start: the step from which on it falls.
      end: the step from which on it is 0.
    """

    shape: str
    start: int
    end: int


@dataclasses.dataclass(frozen=True)
class Warmup:
    """How a rate rises at first, on a straight line.

    Attributes:
      steps: in how many steps; in the last of them it is the full rate.
      first: the first of them.
    """

    steps: int
    first: int = 0


class RateSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises in the first steps, then is constant, and falls.

    Steps are those of the model, each of which has several updates; the
    checkpoint holds their number, and with it the rate.
    """

    def __init__(
        self,
        rate: float,
        step: keras.Variable,
        fall: Fall | None = None,
        warmup: Warmup | None = None,
    ):
        self.rate, self.fall, self.warmup = rate, fall, warmup
        self._step = step

    def __call__(self, updates: tf.Tensor) -> tf.Tensor:
        """The rate at the model's step, whatever the optimizer has counted."""
        del updates
        done = tf.cast(self._step.value, tf.float32)
        rate = tf.constant(self.rate)
        if self.fall:
            left = (self.fall.end - done) / (self.fall.end - self.fall.start)
            rate *= SHAPES[self.fall.shape](tf.clip_by_value(left, 0.0, 1.0))
        if self.warmup:
            risen = (done - self.warmup.first + 1.0) / self.warmup.steps
            rate *= tf.clip_by_value(risen, 0.0, 1.0)
        return rate

    def get_config(self) -> dict[str, Any]:
        """See Keras."""
        parts = {"fall": self.fall, "warmup": self.warmup}
        return {"rate": self.rate} | {
            name: part and dataclasses.asdict(part)
            for name, part in parts.items()
        }


# From a rate, or how it goes on, and the configuration.
_Maker = Callable[
    [float | RateSchedule, TrainConfig], keras.optimizers.Optimizer
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


def lazily(
    updates: int, rate: float, config: TrainConfig
) -> tuple[float, TrainConfig]:
    """Adam's rate, and its decays, where one update comes after some others.

    With c = updates / (updates + 1), the rate becomes c rate, and each decay
    beta^c: in all of the updates together, Adam moves as far, and forgets as
    much, as it would in `updates` of them without that one. T. Karras et al.,
    "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020,
    arXiv:1912.04958, appendix B, on lazy regularization.

    Args:
      updates: how many come before the one.
      rate: before the correction.
      config: with the decays before it.

    Raises:
      UsageError: for another optimizer.
    """
    if config.optimizer != "adam":
        raise errors.UsageError(
            f"--optimizer={config.optimizer}: --regularize_every and "
            "--regularize_generator_every correct Adam's moments, and those of "
            "no other optimizer."
        )
    share = updates / (updates + 1)
    decays = {
        name: getattr(config, name) ** share for name in ("beta_1", "beta_2")
    }
    return share * rate, dataclasses.replace(config, **decays)
