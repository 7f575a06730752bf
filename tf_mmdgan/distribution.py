"""Devices, and what one update of a replica knows of the others.

The noise of an update belongs to the global batch: row i is the same at any
number of replicas, and each replica draws its own rows.
"""

import dataclasses

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.latents import Latents

# What a random number is for; two purposes never share a stream.
LATENTS = 1
INTERPOLATION = 2
MEASURE = 3
PROBES = 4
INSTANCE_NOISE = 5


def split_cpu(count: int) -> None:
    """Splits the CPU into `count` logical devices, before TensorFlow starts.

    Raises:
      UsageError: if TensorFlow has started with another number.
    """
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


def make_strategy(name: str) -> tf.distribute.Strategy:
    """The strategy by its name: "one_device" or "mirrored".

    "mirrored" takes all GPUs, or all logical CPUs where there is no GPU.

    Raises:
      UsageError: for "mirrored" with a single device.
    """
    if name == "one_device":
        return tf.distribute.get_strategy()
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    devices = [d.name for d in tf.config.list_logical_devices(kind)]
    if len(devices) < 2:
        raise errors.UsageError(
            f"--strategy={name}: found a single {kind} device. Give "
            "--logical_cpus=2 to try it on a CPU, or --strategy=one_device."
        )
    return tf.distribute.MirroredStrategy(devices)


def gather(rows: tf.Tensor) -> tf.Tensor:
    """Rows of all replicas [b, ...] -> [replicas * b, ...], in replica order.

    Its gradient is the sum over replicas, so that a loss of the gathered rows
    which every replica computes must be divided by their number, once. Never
    gather inside the tape of a penalty: its gradient would be multiplied.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return rows
    return context.all_gather(rows, axis=0)


@dataclasses.dataclass(frozen=True)
class Draw:
    """The random numbers of one update, in replica context.

    Attributes:
      seed: seed of the run.
      update: int64 scalar, the number of updates before this one; with the
        seed it determines every number.
      step: int64 scalar, the number of steps before that of this update.
    """

    seed: int
    update: tf.Tensor
    step: tf.Tensor | int = 0

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
