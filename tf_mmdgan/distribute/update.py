"""One update of the weights: its noise, and the rows of all replicas.

The noise of an update belongs to the global batch: row i is the same at any
number of replicas, and each replica draws its own rows.
"""

import dataclasses
import enum
import math
from collections.abc import Sequence
from typing import Literal

import tensorflow as tf

from tf_mmdgan.latents import Latents


class Purpose(enum.IntEnum):
    """What a random number is for; two purposes never share a stream."""

    LATENTS = 1
    INTERPOLATION = 2
    MEASURE = 3
    PROBES = 4
    INSTANCE_NOISE = 5
    DISCREPANCY = 6
    FREQUENCIES = 7
    AUGMENTATION = 8
    TIMES = 9
    PATH_LENGTH = 10
    FEATURE_NOISE = 11


def gather(arrays: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Rows of all replicas, in replica order: [b, ...] -> [replicas * b, ...].

    The gradient with respect to a replica's rows is summed over the losses of
    all replicas. Where every replica computes the same loss of the gathered
    rows, divide it by their number, once. Never gather inside the tape of a
    penalty: the penalty's gradient would be multiplied by that number.

    Each exchange between workers costs more than what it carries. This takes
    one exchange for all arrays and one in the gradient, as the sum over
    replicas of rows among zeros. `all_gather` takes two and three for each
    array, because it has to agree on the sizes.

    Args:
      arrays: of one type; each has as many rows as the others, here and on
        every other replica.
    """
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    if replicas == 1:
        return list(arrays)
    widths = [math.prod(array.shape[1:]) for array in arrays]
    rows = tf.concat(
        [tf.reshape(a, [-1, w]) for a, w in zip(arrays, widths, strict=True)],
        axis=1,
    )
    own = tf.range(replicas) == context.replica_id_in_sync_group
    # Not a product, which would spread what is not finite.
    placed = tf.where(own[:, None, None], rows, tf.zeros_like(rows))
    summed = context.all_reduce(tf.distribute.ReduceOp.SUM, placed)
    parts = tf.split(tf.reshape(summed, [-1, sum(widths)]), widths, axis=1)
    return [
        tf.reshape(part, [-1, *array.shape[1:]])
        for part, array in zip(parts, arrays, strict=True)
    ]


@dataclasses.dataclass(frozen=True)
class Update:
    """One update of the weights: its noise, and the rows of all replicas.

    Its methods are called in replica context, such as by an objective:

        weights = update.uniform(Purpose.INTERPOLATION, count=32)
        x, y = update.gather([real_features, fake_features])

    Attributes:
      seed: of the run.
      number: int64 scalar, the number of updates before this one; with the
        seed it determines all noise.
      step: int64 scalar, the number of steps before that of this update.
      mmd_scope: which batch a loss is of: the "global" one, or that of each
        "replica", where the mean of their losses counts.
      parts: of so many equal parts of a replica's batch the numbers that are
        drawn are those of one, whose rows follow each other.
      part: the number of that one, from 0.
    """

    seed: int
    number: tf.Tensor
    step: tf.Tensor | int = 0
    mmd_scope: Literal["global", "replica"] = "global"
    parts: int = 1
    part: tf.Tensor | int = 0

    def gather(self, arrays: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """All rows of the batch that the loss is of: see `gather`."""
        return gather(arrays) if self.mmd_scope == "global" else list(arrays)

    def own_rows(self, gathered: tf.Tensor) -> tf.Tensor:
        """This replica's rows among those that `gather` has returned."""
        if self.mmd_scope != "global":
            return gathered
        context = tf.distribute.get_replica_context()
        count = tf.shape(gathered)[0] // context.num_replicas_in_sync
        first = self._first_row(count)
        return gathered[first : first + count]

    def latents(
        self,
        latents: Latents,
        count: int,
        index: int = 0,
        purpose: Purpose = Purpose.LATENTS,
    ) -> tf.Tensor:
        """Latents of this replica, [count, z]; `index` tells sets apart."""
        return self._rows(latents, purpose, count, index)

    def uniform(self, purpose: Purpose, count: int) -> tf.Tensor:
        """Numbers in [0, 1) for the examples of this replica, [count]."""
        context = tf.distribute.get_replica_context()
        rows = tf.random.stateless_uniform(
            [count * self.parts * context.num_replicas_in_sync],
            self._key(purpose, 0),
            alg="philox",
        )
        first = self._first_row(count)
        return rows[first : first + count]

    def uniforms(
        self, purpose: Purpose, count: int, width: int, index: int = 0
    ) -> tf.Tensor:
        """Rows in [0, 1) for the examples of this replica, [count, width].

        Args:
          purpose: what they are for.
          count: examples of this replica.
          width: numbers of each example.
          index: tells sets apart.
        """
        law = Latents(width, "uniform")
        return 0.5 * (self._rows(law, purpose, count, index) + 1.0)

    def signs(self, purpose: Purpose, count: int, width: int) -> tf.Tensor:
        """+1 or -1, for the examples of this replica, [count, width]."""
        rows = self._rows(Latents(width, "uniform"), purpose, count, 0)
        return tf.where(rows < 0.0, -1.0, 1.0)

    def normal(
        self,
        purpose: Purpose,
        count: int,
        shape: tf.TensorShape,
        index: int = 0,
    ) -> tf.Tensor:
        """N(0, 1) for the examples of this replica, [count, *shape]."""
        law = Latents(shape.num_elements(), "normal")
        rows = self._rows(law, purpose, count, index)
        return tf.reshape(rows, [count, *shape])

    def shared_seed(self, purpose: Purpose) -> tf.Tensor:
        """Two integers for stateless numbers, the same on all replicas."""
        return self._key(purpose, 0)

    def _rows(
        self, law: Latents, purpose: Purpose, count: int, index: int
    ) -> tf.Tensor:
        first = self._first_row(count)
        return law.sample(self._key(purpose, index), count, first)

    def _key(self, purpose: Purpose, index: int) -> tf.Tensor:
        fold = tf.random.experimental.stateless_fold_in
        key = tf.constant([self.seed, purpose], tf.int64)
        # An int32 index would make an int32 key, with half of the bits.
        return fold(fold(key, self.number), tf.constant(index, tf.int64))

    def _first_row(self, count: int) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        if self.parts == 1:
            return context.replica_id_in_sync_group * count
        parts_before = context.replica_id_in_sync_group * self.parts
        return (parts_before + self.part) * count
