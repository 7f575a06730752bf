"""What one update of a replica knows of the others.

The noise of an update belongs to the global batch: row i is the same at any
number of replicas, and each replica draws its own rows.
"""

import dataclasses
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
    dataset: tf.data.Dataset,
    batch_size: int,
) -> tf.distribute.DistributedDataset | tf.data.Dataset:
    """Global batches, of which each replica gets its own rows, in order.

    Every worker makes all batches, which are functions of their number, and
    keeps its rows: the number of workers does not change what is learnt. Under
    several workers, TensorFlow's own splitting would give each of them other
    batches, or all of them the same rows.

    Args:
      strategy: whose replicas share the batches.
      dataset: of tensors [batch_size, ...], or structures of them.
      batch_size: a multiple of the number of replicas.

    Raises:
      UsageError: for another batch size.
    """
    share = replica_batch_size(strategy, batch_size)
    if share == batch_size:
        return dataset

    def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
        count = batch_size // context.num_input_pipelines
        first = count * context.input_pipeline_id

        def rows(*batch):
            own = tf.nest.map_structure(
                lambda value: value[first : first + count], batch
            )
            return own if len(own) > 1 else own[0]

        own = dataset if count == batch_size else dataset.map(rows)
        if share < count:
            own = own.rebatch(share, drop_remainder=True)
        return own.prefetch(2).with_options(dataset.options())

    return strategy.distribute_datasets_from_function(of_worker)


def gather(rows: tf.Tensor) -> tf.Tensor:
    """Rows of all replicas [b, ...] -> [replicas * b, ...], in replica order.

    Its gradient is the sum over replicas, so that a loss of the gathered rows
    which every replica computes must be divided by their number, once. Never
    gather inside the tape of a penalty: its gradient would be multiplied.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return rows
    gathered = context.all_gather(rows, axis=0)
    gathered.set_shape([None, *rows.shape[1:]])
    return gathered


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

    def gather(self, rows: tf.Tensor) -> tf.Tensor:
        """Rows [b, ...] of the batch that the loss is of: see `gather`."""
        return gather(rows) if self.mmd_scope == "global" else rows

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
