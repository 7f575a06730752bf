"""Distances between two samples that a generator is trained on as they are.

A discrepancy is a function of real [n, d] and generated features [m, d]: a
scalar with a gradient with respect to the generated ones, in which nothing is
learnt.
"""

import abc
from collections.abc import Callable, Mapping
from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.kernels.rows import as_points
from tf_mmdgan.objectives.criterion import Loss


class Lowered(NamedTuple):
    """What a step lowers, and what it leaves to the next one.

    Attributes:
      loss: a scalar.
      memory: [k], of the next step; k is the discrepancy's `memory_size`.
      logs: scalars to log beside the loss, of its type.
    """

    loss: tf.Tensor
    memory: tf.Tensor
    logs: Mapping[str, tf.Tensor]


class Discrepancy(abc.ABC):
    """A distance of two samples, as a frozen value.

    For example:

        >>> distance = tm.SlicedEnergy(slices=4)
        >>> float(distance(tf.zeros([3, 2]), tf.zeros([3, 2]), seed=(0, 1)))
        0.0
    """

    @property
    def memory_size(self) -> int:
        """How many numbers a step leaves to the next one."""
        return 0

    def check(self, classes: int) -> None:  # noqa: B027
        """Refuses a model that compares so many classes in a batch: none.

        Raises:
          UsageError: with the reason.
        """

    @abc.abstractmethod
    def lowered(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        memory: tf.Tensor,
        seed: mmd.Seed,
    ) -> Lowered:
        """The loss of a training step.

        Args:
          real: real features [n, d], or of some places, [places, n, d].
          fake: generated features [m, d], or [places, m, d]; the loss is the
            mean over places.
          memory: what the step before has left, [memory_size]; 0 at first.
          seed: two integers, of the step's random numbers.
        """

    def __call__(
        self, real: tf.Tensor, fake: tf.Tensor, seed: mmd.Seed = (0, 0)
    ) -> tf.Tensor:
        """The loss of a first step, a scalar; arguments as of `lowered`.

        Raises:
          ValueError: for features of unequal widths, images, and other seeds.
        """
        if tf.convert_to_tensor(seed).shape != (2,):
            raise ValueError(f"seed={seed}: need two integers, as (0, 3).")
        real, fake = as_points(real, fake)
        if real.shape.rank not in (2, 3, None):
            raise ValueError(
                f"Features must be [n, d], or [places, n, d], not {real.shape}."
            )
        memory = tf.zeros([self.memory_size])
        found = self.lowered(real, fake, memory, seed)
        errors.check_type("Discrepancy.lowered", found, Lowered)
        return found.loss


class PlainDiscrepancy(Discrepancy):
    """A discrepancy that is a function of the two samples and nothing else.

    For example:

        >>> @dataclasses.dataclass(frozen=True)
        ... class MeanGap(tm.PlainDiscrepancy):
        ...     def value(self, real, fake):
        ...         gap = tf.reduce_mean(real, 0) - tf.reduce_mean(fake, 0)
        ...         return tf.norm(gap)
        >>> float(MeanGap()(tf.zeros([2, 1]), tf.ones([3, 1])))
        1.0
    """

    def lowered(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        memory: tf.Tensor,
        seed: mmd.Seed,
    ) -> Lowered:
        """See `Discrepancy.lowered`."""
        del seed

        def value(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
            return Loss.of(self.value(real, fake), self).value

        return Lowered(mean_over_places(value, real, fake), memory, {})

    @abc.abstractmethod
    def value(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """The discrepancy of real [n, d] and fake [m, d], a scalar."""


def mean_over_places(
    value: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
) -> tf.Tensor:
    """The mean over places of a function of two samples at one place.

    Args:
      value: of real [n, d] and generated features [m, d].
      real: real features [n, d] or [places, n, d].
      fake: generated features of as many places.
    """
    if len(fake.shape) == 2:
        return value(real, fake)
    places = tf.vectorized_map(lambda pair: value(*pair), (real, fake))
    return tf.reduce_mean(places)
