"""A discrepancy summed over groups of features, each in its own unit."""

import dataclasses
from collections.abc import Sequence

import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.objectives.discrepancy import Discrepancy, Lowered


@dataclasses.dataclass(frozen=True)
class GroupedDiscrepancy:
    """The sum over groups of a discrepancy's mean over the places of a group.

    Features of a group are divided by the root of the mean squared distance of
    its pairs, real and generated, over all places, which is a constant to
    gradients. So no group outweighs another, and bandwidths of kernels are
    multiples of that distance.

    Attributes:
      discrepancy: of one group.
      groups: how many there are.
      classes: how many classes the rows are of, which follow each other in
        equal numbers; each is compared with its own.
    """

    discrepancy: Discrepancy
    groups: int
    classes: int = 1

    def __post_init__(self):
        errors.check_type("discrepancy", self.discrepancy, Discrepancy)
        errors.check_count(1, groups=self.groups, classes=self.classes)

    @property
    def memory_size(self) -> int:
        """How many numbers a step leaves to the next one."""
        return self.groups * self.discrepancy.memory_size

    def lowered(
        self,
        real: Sequence[tf.Tensor],
        fake: Sequence[tf.Tensor],
        memory: tf.Tensor,
        seed: mmd.Seed,
    ) -> Lowered:
        """The loss of a training step.

        Args:
          real: real features of each group, [n, places, c].
          fake: generated features of each group, [m, places, c].
          memory: what the step before has left, [memory_size]; 0 at first.
          seed: two integers, of the step's random numbers.

        Returns:
          As of `Discrepancy.lowered`; logs are means over the groups.
        """
        parts = [
            self.discrepancy.lowered(
                *in_own_unit(x, y, self.classes), kept, seed
            )
            for x, y, kept in zip(
                real, fake, tf.split(memory, self.groups), strict=True
            )
        ]
        logs = {
            name: tf.add_n([part.logs[name] for part in parts]) / self.groups
            for name in parts[0].logs
        }
        return Lowered(
            tf.add_n([part.loss for part in parts]),
            tf.concat([part.memory for part in parts], axis=0),
            logs,
        )


def in_own_unit(
    real: tf.Tensor, fake: tf.Tensor, classes: int = 1
) -> tuple[tf.Tensor, tf.Tensor]:
    """Features [n, places, c] and [m, places, c], over their mean distance.

    It is the root of the mean square over pairs of a real and a generated row
    of one class, computed from means and variances in time n + m.

    Returns:
      [classes * places, n / classes, c] and the same of m.
    """
    real, fake = (_apart(rows, classes) for rows in (real, fake))
    (x, spread_x), (y, spread_y) = (
        tf.nn.moments(tf.stop_gradient(rows), axes=[1]) for rows in (real, fake)
    )
    squares = spread_x + spread_y + tf.square(x - y)
    mean_square = tf.reduce_mean(tf.reduce_sum(squares, axis=-1))
    scale = tf.math.divide_no_nan(1.0, tf.sqrt(mean_square))
    return scale * real, scale * fake


def _apart(rows: tf.Tensor, classes: int) -> tf.Tensor:
    """[n, places, c] -> [classes * places, n / classes, c]."""
    _, places, width = rows.shape
    apart = tf.reshape(rows, [classes, -1, places, width])
    apart = tf.transpose(apart, [0, 2, 1, 3])
    return tf.reshape(apart, [classes * places, -1, width])
