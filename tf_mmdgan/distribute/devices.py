"""Devices and distribution strategies, by name, before TensorFlow uses them."""

import contextlib
import functools
import os
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import workers
from tf_mmdgan.distribute.meeting import meet

NAMES = ("auto", "one_device", "mirrored", "multi_worker", "tpu")

_TPU_PORT = 8470
_TPU_SECONDS = 10.0


def configure_devices(
    logical_cpus: int = 0,
    gpus: str | None = None,
    memory_growth: bool = False,
) -> None:
    """Says which devices TensorFlow sees; call it before TensorFlow uses any.

    Args:
      logical_cpus: splits the CPU into so many devices; 0: leaves it whole.
      gpus: indices of the GPUs to use, such as "0,2"; "" for none, None for
        all.
      memory_growth: whether TensorFlow takes a GPU's memory as it needs it, not
        all at once.

    Raises:
      UsageError: for GPUs that are not there, and if TensorFlow has already
        started with other devices.
    """
    if logical_cpus:
        _split_cpu(logical_cpus)
    found = tf.config.list_physical_devices("GPU")
    if gpus is not None:
        found = _chosen(found, gpus)
        with _before_start(f"--gpus={gpus}"):
            tf.config.set_visible_devices(found, "GPU")
    if memory_growth:
        with _before_start("--memory_growth"):
            for gpu in found:
                tf.config.experimental.set_memory_growth(gpu, True)


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


@contextlib.contextmanager
def _before_start(flag: str) -> Iterator[None]:
    """Raises UsageError where TensorFlow has started with other devices."""
    try:
        yield
    except RuntimeError:
        raise errors.UsageError(
            f"{flag}: TensorFlow has already started with other devices."
        ) from None


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy by its name, one of `NAMES`.

    "one_device": the first GPU, or the CPU. "mirrored": all GPUs, or all
    logical CPUs where there is no GPU. "multi_worker": those of all processes
    that the environment variable TF_CONFIG lists. "tpu": all cores of the TPU
    that the environment variable TPU_NAME names. "auto": multi_worker where
    TF_CONFIG lists several processes; else tpu where TPU_NAME is set; else
    mirrored where there are several devices; else one_device.

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
        return _multi_worker()
    errors.pick(dict.fromkeys(NAMES), name, "strategy")
    return _tpu(os.environ.get("TPU_NAME", ""))


def _best() -> str:
    if workers.configured() and len(workers.addresses()) > 1:
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
    return _mirrored_on(
        tuple(device.name for device in tf.config.list_logical_devices(kind))
    )


@functools.cache
def _mirrored_on(names: tuple[str, ...]) -> tf.distribute.Strategy:
    """One strategy for all runs of this process.

    A second one would number its exchanges from the start again, and TensorFlow
    would take them for those of the first, of other shapes.
    """
    return tf.distribute.MirroredStrategy(list(names))


def _multi_worker() -> tf.distribute.Strategy:
    addresses, index = workers.listed()
    return _multi_worker_of(tuple(addresses), index)


@functools.cache
def _multi_worker_of(
    addresses: tuple[str, ...], index: int
) -> tf.distribute.Strategy:
    """One strategy for all runs of this process, as of `_mirrored_on`.

    Raises:
      UsageError: if TensorFlow has started already, without the others.
    """
    meet(addresses, index)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError:
        raise errors.UsageError(
            "--strategy=multi_worker: TensorFlow has already started in this "
            "process, alone or with other workers: start a process for it."
        ) from None
    # TensorFlow takes SIGTERM for itself, as a notice that nobody reads.
    if threading.current_thread() is threading.main_thread():
        handler = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, handler or signal.SIG_DFL)
    return strategy


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
            "grpc://host:port, with the package tensorflow-tpu installed; or "
            "unset it: --strategy=one_device ignores it."
        ) from None


def _knock(address: str) -> None:
    """Raises OSError, within seconds, where nobody listens at an address."""
    host, _, port = address.removeprefix("grpc://").partition(":")
    with socket.create_connection((host, int(port or _TPU_PORT)), _TPU_SECONDS):
        pass
