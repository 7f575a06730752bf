"""Trains the same models on any number of replicas; writes where they end.

python tests/drills/replicas.py OUT.npz REPLICAS [METHOD ...]

With TF_CONFIG in the environment it is one of several workers, each of REPLICAS
devices. Twenty steps of Adam in float64 and float32, and the gradients of the
first updates in float32: run it with 1 and with 2, and compare.
"""

import importlib.util
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from tf_mmdgan import distribution, kernels, strategies
from tf_mmdgan.objectives import (
    WGAN,
    CramerGAN,
    GradientPenalty,
    Objective,
    ScaledMMD,
)

_SPEC = importlib.util.spec_from_file_location(
    "tiny", pathlib.Path(__file__).parents[1] / "models" / "tiny.py"
)
tiny = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tiny)

STEPS = 20
BATCH = 8
# Functions, because some start TensorFlow, and devices come before that.
METHODS = {
    "mmd": lambda: tiny.PENALISED_MMD,
    "smmd": lambda: Objective(ScaledMMD(kernels.Gaussian())),
    "wgan_gp": lambda: Objective(WGAN(), [GradientPenalty(10.0)]),
    "cramer": lambda: Objective(CramerGAN("energy"), [GradientPenalty(10.0)]),
}


def train(strategy, objective, dtype, optimizer, steps, **settings):
    """The model after some steps; batch norm in its generator."""
    with strategy.scope():
        model = tiny.model(
            dtype=dtype,
            batch_norm=True,
            optimizer=optimizer,
            objective=objective,
            outputs=1 if objective.criterion.single_output else 2,
            **settings,
        )
    batches = distribution.spread(
        strategy, tiny.batches(BATCH, dtype=dtype), BATCH
    )
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
    return model


def first_gradients(strategy, objective):
    """Of both networks, by their order, in float32."""
    rate = 2.0**-20

    def with_memory(rate):
        return keras.optimizers.SGD(rate, momentum=0.5)

    model = train(
        strategy, objective, "float32", with_memory, 1,
        rate=rate, critic_steps=1,
    )  # fmt: skip
    # What the optimizer remembers of a first gradient is -rate times it.
    slots = (
        model.critic_optimizer.momentums + model.generator_optimizer.momentums
    )
    return [-slot.numpy() / rate for slot in slots]


def results(strategy, methods):
    """Weights by "method/dtype/path", gradients by "method/gradient/index"."""
    found = {}
    for name in methods:
        objective = METHODS[name]()
        for dtype in ("float64", "float32"):
            model = train(
                strategy, objective, dtype, keras.optimizers.Adam, STEPS
            )
            for weight in model.weights:
                found[f"{name}/{dtype}/{weight.path}"] = weight.numpy()
        for index, value in enumerate(first_gradients(strategy, objective)):
            found[f"{name}/gradient/{index}"] = value
    return found


def main():
    out, replicas, *methods = sys.argv[1:]
    strategies.configure_devices(logical_cpus=int(replicas))
    strategy = strategies.make_strategy("auto")
    found = results(strategy, methods or METHODS)
    found["replicas"] = np.array(strategy.num_replicas_in_sync)
    if strategies.is_chief(strategy):
        np.savez(out, **found)


if __name__ == "__main__":
    main()
