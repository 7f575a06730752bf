"""Two logical CPUs for every test, set before TensorFlow starts."""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(pathlib.Path(__file__).parent / "helpers"))

import numpy as np
import pytest
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def two_cpus():
    """The one strategy of the process: a second one over the same devices
    would number its collective operations as the first did."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def mean_over_replicas(two_cpus):
    """`function(rows)` of each replica's share of `count` rows: the means."""

    def run(function, count):
        def on_replica():
            context = tf.distribute.get_replica_context()
            share = count // context.num_replicas_in_sync
            first = share * context.replica_id_in_sync_group
            found = function(slice(first, first + share))
            mean = tf.distribute.ReduceOp.MEAN
            flat = context.all_reduce(mean, tf.nest.flatten(found))
            return tf.nest.pack_sequence_as(found, flat)

        @tf.function
        def on_replicas():
            return tf.nest.map_structure(
                lambda x: two_cpus.experimental_local_results(x)[0],
                two_cpus.run(on_replica),
            )

        return on_replicas()

    return run
