"""What one update of a replica knows of the others: noise, rows, gathers."""

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


def gather(arrays: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Rows of all replicas, in replica order: [b, ...] -> [replicas * b, ...].

    Its gradient is the sum over replicas, so that a loss of the gathered rows
    which every replica computes must be divided by their number, once. Never
    gather inside the tape of a penalty: its gradient would be multiplied.

    Each exchange between workers costs more than what it carries. This takes
    one for all arrays and one in the gradient: the sum of rows among zeros.
    `all_gather` takes two and three for each array, to agree on its size.

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
    """What one update of a replica knows of the others: noise, rows, gathers.

    Its methods are called in replica context.

    Attributes:
      seed: seed of the run.
      number: int64 scalar, the number of updates before this one; with the
        seed it determines all noise.
      step: int64 scalar, the number of steps before that of this update.
      mmd_scope: what a loss is of: the "global" batch, or that of each
        "replica", whose mean is then taken.
    """

    seed: int
    number: tf.Tensor
    step: tf.Tensor | int = 0
    mmd_scope: Literal["global", "replica"] = "global"

    def gather(self, arrays: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Rows [b, ...] of the batch that the loss is of: see `gather`."""
        return gather(arrays) if self.mmd_scope == "global" else list(arrays)

    def own_rows(self, gathered: tf.Tensor) -> tf.Tensor:
        """Of rows as `gather` returns them, those of this replica."""
        if self.mmd_scope != "global":
            return gathered
        context = tf.distribute.get_replica_context()
        count = tf.shape(gathered)[0] // context.num_replicas_in_sync
        first = self._first_row(count)
        return gathered[first : first + count]

    def latents(
        self, latents: Latents, count: int, index: int = 0
    ) -> tf.Tensor:
        """Latents of this replica, [count, z]; `index` tells sets apart."""
        return self._rows(latents, Purpose.LATENTS, count, index)

    def uniform(self, purpose: Purpose, count: int) -> tf.Tensor:
        """Numbers in [0, 1) for the examples of this replica, [count]."""
        context = tf.distribute.get_replica_context()
        rows = tf.random.stateless_uniform(
            [count * context.num_replicas_in_sync],
            self._key(purpose, 0),
            alg="philox",
        )
        first = self._first_row(count)
        return rows[first : first + count]

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

    def _rows(
        self, law: Latents, purpose: Purpose, count: int, index: int
    ) -> tf.Tensor:
        first = self._first_row(count)
        return law.sample(self._key(purpose, index), count, first)

    def _key(self, purpose: Purpose, index: int) -> tf.Tensor:
        fold = tf.random.experimental.stateless_fold_in
        key = tf.constant([self.seed, purpose], tf.int64)
        # An int32 index would make an int32 key: half of its bits.
        return fold(fold(key, self.number), tf.constant(index, tf.int64))

    def _first_row(self, count: int) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.replica_id_in_sync_group * count
