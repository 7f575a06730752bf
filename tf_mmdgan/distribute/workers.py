"""What the workers of a strategy share, and what each has for itself."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors


def addresses() -> list[str]:
    """Addresses of all workers, by TF_CONFIG."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        content = json.loads(text)
        found = content["cluster"].get("worker", [])
        kind, index = content["task"]["type"], int(content["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise errors.UsageError(
            "--strategy=multi_worker needs TF_CONFIG in the environment of "
            'every worker: {"cluster": {"worker": ["host:port", ...]}, "task":'
            ' {"type": "worker", "index": 0}}; tools/launch_local.py sets it.'
        ) from None
    if (
        set(content["cluster"]) != {"worker"}
        or kind != "worker"
        or not 0 <= index < len(found)
    ):
        raise errors.UsageError(
            "TF_CONFIG: tasks are workers alone, the first of which is the "
            f"chief; this one is {kind} {index} of "
            f"{len(found)} worker(s)."
        )
    return found


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes files."""
    resolver = strategy.cluster_resolver
    return not resolver or not resolver.task_id


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Processes that train together."""
    multi = tf.distribute.MultiWorkerMirroredStrategy
    return len(addresses()) if isinstance(strategy, multi) else 1


def num_local_replicas(strategy: tf.distribute.Strategy) -> int:
    """Replicas in this process."""
    return strategy.num_replicas_in_sync // num_workers(strategy)


def run_locally(
    strategy: tf.distribute.Strategy,
    function: Callable[..., tf.Tensor],
    arguments: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Runs a function on every replica of this process; the others may differ.

    Args:
      strategy: of the replicas.
      function: that needs nothing of other replicas.
      arguments: arrays [local replicas, ...]: entry i is for replica i.

    Returns:
      What it gives on each replica.
    """
    local = num_local_replicas(strategy)
    if local == 1:
        return [function(*(tf.constant(a[0]) for a in arguments)).numpy()]

    def distributed(argument):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                argument[context.replica_id_in_sync_group % local]
            )
        )

    results = strategy.run(function, [distributed(a) for a in arguments])
    return [r.numpy() for r in strategy.experimental_local_results(results)]


def share_of_worker(
    strategy: tf.distribute.Strategy, count: int
) -> tuple[int, int]:
    """First and last (exclusive) of the rows that this worker works at."""
    workers = num_workers(strategy)
    index = strategy.cluster_resolver.task_id if workers > 1 else 0
    return count * index // workers, count * (index + 1) // workers


def local_devices(strategy: tf.distribute.Strategy) -> list[str | None]:
    """Devices of this process to share work by hand; None: wherever it is."""
    single = num_local_replicas(strategy) == 1
    if single or isinstance(strategy, tf.distribute.TPUStrategy):
        return [None]
    return list(strategy.extended.worker_devices)


def gather_from_workers(
    strategy: tf.distribute.Strategy, rows: np.ndarray
) -> np.ndarray:
    """Rows of all workers [n, ...], in their order; all must call it.

    Args:
      strategy: of the workers.
      rows: of this worker, [m, ...]; workers may have different numbers.
    """
    if num_workers(strategy) == 1:
        return rows
    local = num_local_replicas(strategy)

    def of_replica(context):
        first = context.replica_id_in_sync_group % local == 0
        return tf.constant(rows if first else rows[:0])

    shares = strategy.experimental_distribute_values_from_function(of_replica)
    return strategy.gather(shares, axis=0).numpy()


def any_worker(strategy: tf.distribute.Strategy, flag: bool) -> bool:
    """Whether any worker says so; all must call it."""
    if num_workers(strategy) == 1:
        return flag
    return bool(_sum(strategy, tf.constant(float(flag))) > 0.0)


@tf.function(autograph=False)
def _sum(strategy: tf.distribute.Strategy, value: tf.Tensor) -> tf.Tensor:
    values = strategy.run(tf.identity, [value])
    return strategy.reduce(tf.distribute.ReduceOp.SUM, values, None)


def check_agreement(strategy: tf.distribute.Strategy, **numbers: int) -> None:
    """Refuses workers that would start from different states.

    Args:
      strategy: whose workers must agree; all must call it.
      **numbers: int64, each to be of the same value on every worker.

    Raises:
      UsageError: naming what they differ in.
    """
    rows = np.array([list(numbers.values())], np.int64)
    columns = gather_from_workers(strategy, rows).T
    for name, column in zip(numbers, columns, strict=True):
        if len(set(column)) > 1:
            raise errors.UsageError(
                f"The workers differ in their {name}. Give all of them the "
                "same flags, and a --run_dir that all of them see."
            )


@contextlib.contextmanager
def lost_workers() -> Iterator[None]:
    """Turns what TensorFlow says when a worker is gone into one clear error.

    Raises:
      DataError: with the remedy.
    """
    try:
        yield
    except (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.DeadlineExceededError,
    ) as error:
        # Before it come the places in the graph, after it the payload.
        lines = [line.strip() for line in str(error.message).split("\n")]
        told = [line for line in lines if "Collective ops is aborted" in line]
        reason = (told or [line for line in lines if line])[-1][:240]
        raise errors.DataError(
            "Another worker is gone, and training cannot go on without it "
            f"({reason}). Start all of them again with the same command; the "
            "run goes on from its last checkpoint."
        ) from error


def reproducibility(
    strategy: tf.distribute.Strategy, deterministic: bool, jit: bool
) -> dict[str, Any]:
    """Whether a run's bits can be had again, and at what, for its report."""
    if isinstance(strategy, tf.distribute.TPUStrategy):
        device = "TPU"
    else:
        device = "GPU" if tf.config.get_visible_devices("GPU") else "CPU"
    return {
        "bitwise": deterministic,
        "where_equal": {
            "device": device,
            "replicas": strategy.num_replicas_in_sync,
            "workers": num_workers(strategy),
            "threads": tf.config.threading.get_intra_op_parallelism_threads()
            or len(os.sched_getaffinity(0)),
            "jit": jit,
        },
    }
