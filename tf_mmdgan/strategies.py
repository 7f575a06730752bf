"""Devices and distribution strategies, by name, before TensorFlow uses them."""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors

NAMES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")

_TPU_PORT = 8470
_TPU_SECONDS = 10.0


def configure_devices(
    logical_cpus: int = 0,
    gpus: str | None = None,
    memory_growth: bool = False,
) -> None:
    """Says which devices TensorFlow sees; call it before it uses any.

    Args:
      logical_cpus: splits the CPU into so many devices; 0: leaves it whole.
      gpus: indices of the GPUs to use, such as "0,2"; "" for none, None for
        all.
      memory_growth: takes memory of GPUs as it is needed, not all at once.

    Raises:
      UsageError: for GPUs that are not there, and if TensorFlow has started
        with other devices.
    """
    if logical_cpus:
        _split_cpu(logical_cpus)
    found = tf.config.list_physical_devices("GPU")
    if gpus is not None:
        found = _chosen(found, gpus)
        _before_start(
            f"--gpus={gpus}",
            lambda: tf.config.set_visible_devices(found, "GPU"),
        )
    if memory_growth:
        for gpu in found:
            _before_start(
                "--memory_growth",
                lambda gpu=gpu: tf.config.experimental.set_memory_growth(
                    gpu, True
                ),
            )


def _split_cpu(count: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError:
        if len(tf.config.list_logical_devices("CPU")) != count:
            raise errors.UsageError(
                f"--logical_cpus={count}: TensorFlow has already started "
                "with another number of CPU devices."
            ) from None


def _chosen(found: Sequence[Any], gpus: str) -> list[Any]:
    names = [part.strip() for part in gpus.split(",") if part.strip()]
    for name in names:
        if not name.isdecimal() or int(name) >= len(found):
            raise errors.UsageError(
                f"--gpus={gpus}: there is no GPU {name}; found {len(found)}, "
                "counted from 0."
            )
    return [found[int(name)] for name in names]


def _before_start(flag: str, configure) -> None:
    try:
        configure()
    except RuntimeError:
        raise errors.UsageError(
            f"{flag}: TensorFlow has already started with other devices."
        ) from None


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy by its name, one of `NAMES`.

    "one_device": the first GPU, or the CPU. "mirrored": all GPUs, or all
    logical CPUs where there is no GPU. "multi_worker": those of all processes
    that the environment variable TF_CONFIG lists. "tpu": all cores of the TPU
    that the environment variable TPU_NAME names. "auto": the first of
    multi_worker, tpu, mirrored, one_device that there is more than one for.

    Raises:
      UsageError: for one that this machine cannot have.
    """
    if name == "auto":
        name = _best()
    if name == "one_device":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return _mirrored()
    if name == "multi_worker":
        _workers()
        return tf.distribute.MultiWorkerMirroredStrategy()
    errors.pick(dict.fromkeys(NAMES), name, "strategy")
    return _tpu(os.environ.get("TPU_NAME", ""))


def _best() -> str:
    if "TF_CONFIG" in os.environ and len(_workers()) > 1:
        return "multi_worker"
    if os.environ.get("TPU_NAME"):
        return "tpu"
    return "mirrored" if len(_accelerators()) > 1 else "one_device"


def _accelerators() -> list[str]:
    """All GPUs, or all logical CPUs where there is none."""
    gpus = tf.config.get_visible_devices("GPU")
    if len(gpus) > 1:
        return [gpu.name for gpu in gpus]
    kind = "GPU" if gpus else "CPU"
    # A CPU that is not split has no configuration: asking is no start.
    device = tf.config.list_physical_devices(kind)[0]
    parts = tf.config.get_logical_device_configuration(device) or [None]
    return [f"{kind}:{index}" for index in range(len(parts))]


def _mirrored() -> tf.distribute.Strategy:
    devices = _accelerators()
    if len(devices) < 2:
        raise errors.UsageError(
            f"--strategy=mirrored: found a single {devices[0][:3]} device. "
            "Give --logical_cpus=2 to try it on a CPU, or "
            "--strategy=one_device."
        )
    kind = "GPU" if tf.config.get_visible_devices("GPU") else "CPU"
    return tf.distribute.MirroredStrategy(
        [device.name for device in tf.config.list_logical_devices(kind)]
    )


def _workers() -> list[str]:
    """Addresses of all workers, by TF_CONFIG."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        content = json.loads(text)
        addresses = content["cluster"].get("worker", [])
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
        or not 0 <= index < len(addresses)
    ):
        raise errors.UsageError(
            "TF_CONFIG: tasks are workers alone, the first of which is the "
            f"chief; this one is {kind} {index} of "
            f"{len(addresses)} worker(s)."
        )
    return addresses


def _tpu(name: str) -> tf.distribute.Strategy:
    """Never run on a TPU; see docs/scaling.md."""
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        if name != "local":
            # At a wrong address, connecting would hang for good.
            for address in resolver.cluster_spec().as_dict().get("worker", []):
                _knock(address)
            tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except (
        ValueError,
        IndexError,
        OSError,
        RuntimeError,
        tf.errors.OpError,
    ) as error:
        reason = str(error).strip().split("\n")[0][:120]
        raise errors.UsageError(
            f"--strategy=tpu: no TPU at TPU_NAME='{name}' ({reason}). Set it "
            'to "local" on a machine with a TPU, or to its name or '
            "grpc://host:port, with the package tensorflow-tpu installed."
        ) from None


def _knock(address: str) -> None:
    """Raises OSError unless somebody listens there, within seconds."""
    host, _, port = address.removeprefix("grpc://").partition(":")
    with socket.create_connection((host, int(port or _TPU_PORT)), _TPU_SECONDS):
        pass


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes files."""
    resolver = strategy.cluster_resolver
    return not resolver or not resolver.task_id


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Processes that train together."""
    multi = tf.distribute.MultiWorkerMirroredStrategy
    return len(_workers()) if isinstance(strategy, multi) else 1


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
