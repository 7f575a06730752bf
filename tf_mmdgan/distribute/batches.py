"""What one update of a replica knows of the others.

The noise of an update belongs to the global batch: row i is the same at any
number of replicas, and each replica draws its own rows.
"""

from collections.abc import Callable

import tensorflow as tf

from tf_mmdgan import errors


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
