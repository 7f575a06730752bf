"""What one update of a replica knows of the others.

The noise of an update belongs to the global batch: row i is the same at any
number of replicas, and each replica draws its own rows.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Literal

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.latents import Latents

# What a random number is for; two purposes never share a stream.
LATENTS = 1
INTERPOLATION = 2
MEASURE = 3
PROBES = 4
INSTANCE_NOISE = 5


def replica_batch_size(
    strategy: tf.distribute.Strategy, batch_size: int
) -> int:
    """Rows of a global batch that each replica gets.

    Raises:
      UsageError: for a batch that cannot be shared out evenly.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise errors.UsageError(
            f"--batch_size={batch_size}: must be a multiple of the "
            f"{replicas} devices."
        )
    return batch_size // replicas


def spread(
    strategy: tf.distribute.Strategy,
    batches: tf.data.Dataset | Callable[..., tf.data.Dataset],
    batch_size: int,
) -> tf.distribute.DistributedDataset | tf.data.Dataset:
    """Global batches, of which each replica gets its own rows, in order.

    Batches are functions of their number, and a worker takes its rows of them:
    the number of workers does not change what is learnt. Under several workers,
    TensorFlow's own splitting would give each of them other batches, or all of
    them the same rows.

    Args:
      strategy: whose replicas share the batches.
      batches: of tensors [batch_size, ...], or structures of them; or what
        makes them, called with `rows`, a slice, the only ones wanted of each:
        such as `data.batches`. It spares a worker the rows of the others.
      batch_size: a multiple of the number of replicas.

    Raises:
      UsageError: for another batch size.
    """
    share = replica_batch_size(strategy, batch_size)

    def make(rows: slice) -> tf.data.Dataset:
        if callable(batches):
            return batches(rows=rows)
        whole = rows == slice(0, batch_size)
        return batches if whole else _cut(batches, rows)

    if share == batch_size:
        return make(slice(0, batch_size))

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        count = batch_size // context.num_input_pipelines
        first = count * context.input_pipeline_id
        own = make(slice(first, first + count))
        options, length = own.options(), own.cardinality()
        if share < count:
            own = own.rebatch(share, drop_remainder=True)
            if length == tf.data.INFINITE_CARDINALITY:
                # Rebatching forgets it, and workers would ask each other
                # before every batch whether there is one.
                known = tf.data.experimental.assert_cardinality(length)
                own = own.apply(known)
        return own.prefetch(2).with_options(options)

    return strategy.distribute_datasets_from_function(of_worker)


def _cut(dataset: tf.data.Dataset, rows: slice) -> tf.data.Dataset:
    def cut(*batch):
        own = tf.nest.map_structure(lambda value: value[rows], batch)
        return own if len(own) > 1 else own[0]

    return dataset.map(cut).with_options(dataset.options())


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
class Draw:
    """The random numbers of one update, in replica context.

    Attributes:
      seed: seed of the run.
      update: int64 scalar, the number of updates before this one; with the
        seed it determines every number.
      step: int64 scalar, the number of steps before that of this update.
      mmd_scope: what a loss is of: the "global" batch, or that of each
        "replica", whose mean is then taken.
    """

    seed: int
    update: tf.Tensor
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
        return self._rows(latents, LATENTS, count, index)

    def uniform(self, purpose: int, count: int) -> tf.Tensor:
        """Numbers in [0, 1) for the examples of this replica, [count]."""
        context = tf.distribute.get_replica_context()
        rows = tf.random.stateless_uniform(
            [count * context.num_replicas_in_sync],
            self._key(purpose, 0),
            alg="philox",
        )
        first = self._first_row(count)
        return rows[first : first + count]

    def signs(self, purpose: int, count: int, width: int) -> tf.Tensor:
        """+1 or -1, for the examples of this replica, [count, width]."""
        rows = self._rows(Latents(width, "uniform"), purpose, count, 0)
        return tf.where(rows < 0.0, -1.0, 1.0)

    def normal(
        self,
        purpose: int,
        count: int,
        shape: tf.TensorShape,
        index: int = 0,
    ) -> tf.Tensor:
        """N(0, 1) for the examples of this replica, [count, *shape]."""
        law = Latents(shape.num_elements(), "normal")
        rows = self._rows(law, purpose, count, index)
        return tf.reshape(rows, [count, *shape])

    def _rows(
        self, law: Latents, purpose: int, count: int, index: int
    ) -> tf.Tensor:
        first = self._first_row(count)
        return law.sample(self._key(purpose, index), count, first)

    def _key(self, purpose: int, index: int) -> tf.Tensor:
        fold = tf.random.experimental.stateless_fold_in
        key = tf.constant([self.seed, purpose], tf.int64)
        # An int32 index would make an int32 key: half of its bits.
        return fold(fold(key, self.update), tf.constant(index, tf.int64))

    def _first_row(self, count: int) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.replica_id_in_sync_group * count
