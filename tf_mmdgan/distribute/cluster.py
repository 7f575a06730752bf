"""The devices and the processes that work together, as one value."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, switches
from tf_mmdgan.distribute import devices, workers


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The devices and the processes that train and score together.

    A *worker* is one of the processes, a *replica* one of the devices that
    compute the same step on rows of their own. `make_cluster` makes the value,
    once in a process; `Cluster()` is what TensorFlow has in scope, which is one
    process with one replica unless somebody has entered another scope.

        cluster = make_cluster("mirrored", logical_cpus=2)
        with cluster.scope():
            model = make_model(config, image_shape)
        model.fit(cluster.spread(batches, batch_size=64), steps_per_epoch=100)

        >>> cluster = tm.Cluster()  # what TensorFlow has in scope: one device
        >>> cluster.num_replicas
        1

    Attributes:
      strategy: TensorFlow's name for the same.
    """

    strategy: tf.distribute.Strategy = dataclasses.field(
        default_factory=tf.distribute.get_strategy
    )

    @property
    def chief(self) -> bool:
        """Whether this process is the one that writes files."""
        resolver = self.strategy.cluster_resolver
        return not resolver or not resolver.task_id

    @property
    def num_replicas(self) -> int:
        """Replicas of all workers."""
        return self.strategy.num_replicas_in_sync

    @property
    def num_workers(self) -> int:
        """Processes that train together."""
        multi = tf.distribute.MultiWorkerMirroredStrategy
        several = isinstance(self.strategy, multi)
        return len(workers.addresses()) if several else 1

    @property
    def num_local_replicas(self) -> int:
        """Replicas in this process."""
        return self.num_replicas // self.num_workers

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Where variables are made, so that every replica has a copy."""
        return self.strategy.scope()

    def replica_batch_size(self, batch_size: int) -> int:
        """Rows of a global batch that each replica gets.

        Raises:
          UsageError: for a batch that cannot be shared out evenly.
        """
        if batch_size % self.num_replicas:
            raise errors.UsageError(
                f"{batch_size} rows cannot be shared out: must be a multiple "
                f"of the {self.num_replicas} devices.",
                setting="batch_size",
            )
        return batch_size // self.num_replicas

    def spread(
        self,
        batches: tf.data.Dataset | Callable[..., tf.data.Dataset],
        batch_size: int,
    ) -> tf.distribute.DistributedDataset | tf.data.Dataset:
        """Global batches, of which each replica gets rows of its own, in order.

        Every worker makes the same batches and keeps its rows of them, so that
        the number of workers does not change what is learnt. TensorFlow's own
        splitting would give workers other batches, or all of them the same
        rows.

        Args:
          batches: of tensors [batch_size, ...], or structures of them; or what
            makes them, called with `rows`, a slice, the only rows wanted of
            each batch: such as `data.batches`. It spares a worker the rows of
            the others.
          batch_size: a multiple of the number of replicas.

        Raises:
          UsageError: for another batch size.
        """
        share = self.replica_batch_size(batch_size)
        if share == batch_size:
            return _rows(batches, slice(0, batch_size), batch_size)

        def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
            count = batch_size // context.num_input_pipelines
            first = count * context.input_pipeline_id
            own = _rows(batches, slice(first, first + count), batch_size)
            options = own.options()
            if share < count:
                own = _in_turns(own, share)
            return own.prefetch(2).with_options(options)

        return self.strategy.distribute_datasets_from_function(of_worker)

    def share(self, count: int) -> tuple[int, int]:
        """Which of `count` rows this worker works at: first, last + 1."""
        total = self.num_workers
        index = self.strategy.cluster_resolver.task_id if total > 1 else 0
        return count * index // total, count * (index + 1) // total

    def local_devices(self) -> list[str | None]:
        """Devices of this process to share work by hand; None: any of them."""
        single = self.num_local_replicas == 1
        if single or isinstance(self.strategy, tf.distribute.TPUStrategy):
            return [None]
        return list(self.strategy.extended.worker_devices)

    def run_locally(
        self,
        function: Callable[..., tf.Tensor],
        arguments: Sequence[np.ndarray],
    ) -> list[np.ndarray]:
        """Runs a function on every replica of this process.

        The other workers may run something else meanwhile, or nothing.

        Args:
          function: that needs nothing of other replicas.
          arguments: arrays [local replicas, ...]: entry i is for replica i.

        Returns:
          What the function gives on each replica.
        """
        local = self.num_local_replicas
        if local == 1:
            return [function(*(tf.constant(a[0]) for a in arguments)).numpy()]
        strategy = self.strategy

        def distributed(argument):
            return strategy.experimental_distribute_values_from_function(
                lambda context: tf.constant(
                    argument[context.replica_id_in_sync_group % local]
                )
            )

        results = strategy.run(function, [distributed(a) for a in arguments])
        return [r.numpy() for r in strategy.experimental_local_results(results)]

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Rows of all workers [n, ...], in their order; all must call it.

        Args:
          rows: of this worker, [m, ...]; workers may have different numbers.
        """
        if self.num_workers == 1:
            return rows
        local = self.num_local_replicas

        def of_replica(context):
            first = context.replica_id_in_sync_group % local == 0
            return tf.constant(rows if first else rows[:0])

        shares = self.strategy.experimental_distribute_values_from_function(
            of_replica
        )
        return self.strategy.gather(shares, axis=0).numpy()

    def any(self, flag: bool) -> bool:
        """Whether `flag` is true on any worker; all must call it."""
        if self.num_workers == 1:
            return flag
        return bool(_sum(self.strategy, tf.constant(float(flag))) > 0.0)

    def agree(self, **numbers: int) -> None:
        """Refuses workers that would start from different states.

        All workers must call it.

        Args:
          **numbers: int64, each to be of the same value on every worker.

        Raises:
          UsageError: naming what the workers differ in.
        """
        columns = self.gather(np.array([list(numbers.values())], np.int64)).T
        for name, column in zip(numbers, columns, strict=True):
            if len(set(column)) > 1:
                raise errors.UsageError(
                    f"The workers differ in their {name}. Give all of them the "
                    "same flags, and a --run_dir that all of them see."
                )

    def reproducibility(self, deterministic: bool, jit: bool) -> dict[str, Any]:
        """Where training again would give the same bits, for a run's report.

        Args:
          deterministic: whether TensorFlow was told to be.
          jit: whether XLA compiles the steps.
        """
        if isinstance(self.strategy, tf.distribute.TPUStrategy):
            device = "TPU"
        else:
            device = "GPU" if tf.config.get_visible_devices("GPU") else "CPU"
        threads = tf.config.threading.get_intra_op_parallelism_threads()
        return {
            "bitwise": deterministic,
            "where_equal": {
                "device": device,
                "replicas": self.num_replicas,
                "workers": self.num_workers,
                "threads": threads or len(os.sched_getaffinity(0)),
                "jit": jit,
            },
        }


def make_cluster(
    strategy: str = "auto",
    *,
    logical_cpus: int = 0,
    gpus: str | None = None,
    memory_growth: bool = False,
) -> Cluster:
    """The cluster of this process; call it once, before TensorFlow computes.

        >>> cluster = tm.make_cluster("one_device")
        >>> with cluster.scope():
        ...     layer = keras.layers.Dense(2)
        >>> cluster.num_replicas
        1

    Args:
      strategy: its name, one of `devices.NAMES`: see `devices.make_strategy`.
      logical_cpus: see `devices.configure_devices`, as for all that follows.
      gpus: which GPUs are used.
      memory_growth: whether their memory is taken as it is needed.

    Raises:
      UsageError: for devices that this machine does not have.
    """
    switches.check(memory_growth=memory_growth)
    devices.configure_devices(logical_cpus, gpus, memory_growth)
    return Cluster(devices.make_strategy(strategy))


def _rows(
    batches: tf.data.Dataset | Callable[..., tf.data.Dataset],
    rows: slice,
    batch_size: int,
) -> tf.data.Dataset:
    """Some rows of each of the batches that `Cluster.spread` takes."""
    if callable(batches):
        return batches(rows=rows)
    if rows == slice(0, batch_size):
        return batches

    def cut(*batch):
        own = tf.nest.map_structure(lambda value: value[rows], batch)
        return own if len(own) > 1 else own[0]

    return batches.map(cut).with_options(batches.options())


def _in_turns(batches: tf.data.Dataset, share: int) -> tf.data.Dataset:
    """The rows of a worker's batches, `share` at a time: one replica's each."""
    length = batches.cardinality()
    shares = batches.rebatch(share, drop_remainder=True)
    if length != tf.data.INFINITE_CARDINALITY:
        return shares
    # Rebatching forgets it, and workers would ask each other before every
    # batch whether there is one.
    return shares.apply(tf.data.experimental.assert_cardinality(length))


@tf.function(autograph=False)
def _sum(strategy: tf.distribute.Strategy, value: tf.Tensor) -> tf.Tensor:
    values = strategy.run(tf.identity, [value])
    return strategy.reduce(tf.distribute.ReduceOp.SUM, values, None)
