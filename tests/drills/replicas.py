"""Trains the same models on any number of replicas; writes where they end.

python tests/drills/replicas.py OUT.npz REPLICAS [METHOD ...]

With TF_CONFIG in the environment it is one of several workers, each of REPLICAS
devices. Twenty steps of Adam in float64 and float32, and the gradients of the
first updates in float32: run it with 1 and with 2, and compare.
"""

import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from tf_mmdgan.distribute import make_cluster

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "helpers"))
import tiny
import tiny_methods

STEPS = 20
BATCH = 8


def train(cluster, name, dtype, steps, *settings):
    """The model after some steps."""
    with cluster.scope():
        model = tiny_methods.model(name, dtype, *settings)
    batches = cluster.spread(tiny.batches(BATCH, dtype=dtype), BATCH)
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    return model


def first_gradients(cluster, name):
    """Of both networks, by their order, in float32."""
    rate = 2.0**-20

    def with_memory(rate):
        return keras.optimizers.SGD(rate, momentum=0.5)

    model = train(cluster, name, "float32", 1, with_memory, rate)
    # What the optimizer remembers of a first gradient is -rate times it.
    return [
        -slot.numpy() / rate
        for optimizer in (model.critic_optimizer, model.generator_optimizer)
        for slot in getattr(optimizer, "inner_optimizer", optimizer).momentums
    ]


def results(cluster, names):
    """Weights by "method/dtype/path", gradients by "method/gradient/index"."""
    found = {}
    for name in names:
        for dtype in ("float64", "float32"):
            for weight in train(cluster, name, dtype, STEPS).weights:
                found[f"{name}/{dtype}/{weight.path}"] = weight.numpy()
        for index, value in enumerate(first_gradients(cluster, name)):
            found[f"{name}/gradient/{index}"] = value
    return found


def main():
    out, replicas, *methods = sys.argv[1:]
    cluster = make_cluster("auto", logical_cpus=int(replicas))
    found = results(cluster, methods or tiny_methods.METHODS)
    found["replicas"] = np.array(cluster.num_replicas)
    if cluster.chief:
        np.savez(out, **found)


if __name__ == "__main__":
    main()
