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
import tiny_matching
import tiny_methods

# Without a critic: those whose steps draw noise, or keep an average.
MATCHING = ("drift", "refined", "gmmn_ae", "energy_score", "imm")
STEPS = 20
BATCH = 8


def train(cluster, name, dtype, steps, *optimizer):
    """The model after some steps, from the generator's first on."""
    make = tiny_matching if name in MATCHING else tiny_methods
    with cluster.scope():
        model = make.model(name, dtype, *optimizer)
    batches = cluster.spread(tiny.batches(BATCH, dtype=dtype), BATCH)
    steps += model.pretraining_steps
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    return model


def with_memory(rate):
    return keras.optimizers.SGD(2.0**-20 * rate, momentum=0.5)


def first_gradients(cluster, name):
    """Of all networks, by their order, in float32."""
    found = []
    for optimizer in train(cluster, name, "float32", 1, with_memory).optimizers:
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        # What it remembers of a first gradient is minus the rate times it.
        rate = inner.learning_rate.numpy()
        found += [-slot.numpy() / rate for slot in inner.momentums]
    return found


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
    found = results(cluster, methods or [*tiny_methods.METHODS, *MATCHING])
    found["replicas"] = np.array(cluster.num_replicas)
    if cluster.chief:
        np.savez(out, **found)


if __name__ == "__main__":
    main()
