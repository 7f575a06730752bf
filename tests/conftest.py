"""Two logical CPUs for every test, set before TensorFlow starts."""

import ctypes
import gc
import os
import pathlib
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(pathlib.Path(__file__).parent / "helpers"))

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from tf_mmdgan import errors
from tf_mmdgan.distribute.devices import make_strategy

# As messages are written. What they are in Python is the same but for "--".
errors.speak_of_flags()

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


# Growth of this process, in bytes, that is worth a search for garbage, which
# takes seconds.
_GROWTH = 400 * 2**20
_collected = {"at": 0}


def resident():
    """Bytes of memory that this process has; 0 where Linux does not tell."""
    statm = pathlib.Path("/proc/self/statm")
    if not statm.exists():
        return 0
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(autouse=True)
def forget_graphs():
    """Frees what a test has traced, when the process has grown.

    Every `tf.custom_gradient` in a traced function, such as that of
    `all_reduce`, enters TensorFlow's registry of gradients under a name of its
    own, which keeps the whole graph for as long as the process lives.
    """
    yield
    registered = ops.gradient_registry._registry
    for name in [n for n in registered if n.startswith("CustomGradient-")]:
        del registered[name]
    if resident() < _collected["at"] + _GROWTH:
        return
    keras.backend.clear_session()
    gc.collect()
    # What is freed between blocks in use stays with the process otherwise.
    getattr(ctypes.CDLL(None), "malloc_trim", int)(0)
    _collected["at"] = resident()


@pytest.fixture
def in_python():
    """Messages as in Python, where settings are keywords."""
    errors.speak_of_flags(False)
    yield
    errors.speak_of_flags()


@pytest.fixture
def foreground():
    """Signals as in a terminal: a process in the background ignores two."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def two_cpus():
    """The one strategy of the process, which training takes too: a second one
    over the same devices would number its exchanges as the first did."""
    return make_strategy("mirrored")


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
