"""Two logical CPUs for every test, set before TensorFlow starts."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

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
