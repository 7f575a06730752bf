"""Cost of the gradient-constrained MMD and its gradient, on Fashion-MNIST.

python benchmarks/constrained_mmd.py
python benchmarks/constrained_mmd.py --part=critic --rounds=3
python benchmarks/constrained_mmd.py --part=scaling

pixels: M = 128 points of 28 x 28 pixels, 100,480 unknowns, Gaussian kernel at
the median distance, gradient by the generated sample. critic: 16 outputs of a
16-filter DCGAN critic, gradient by images and weights, M (1 + p) = 2,176
unknowns, against the direct solver in float64. scaling: seconds by M and by d,
and their exponents, for the iterative and the direct solver. Seconds are the
least of all rounds; CPU seconds count all cores.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import resource
import time

import numpy as np
import tensorflow as tf
from absl import app, flags

from tf_mmdgan import data, kernels, networks
from tf_mmdgan.config import DataConfig
from tf_mmdgan.mmd import constrained
from tf_mmdgan.objectives.constrained import (
    critic_gradient_constrained_mmd2,
)

_PARTS = flags.DEFINE_multi_enum(
    "part", ["pixels", "critic", "scaling"], ["pixels", "critic", "scaling"],
    "What to measure.",
)  # fmt: skip
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Of Fashion-MNIST.")
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Of each measurement.")
_SLOPE = flags.DEFINE_float(
    "slope", 1.0, "Root mean squared slope that the critic is scaled to."
)

RIDGES = (1.0, 0.1, 0.01)
POINTS = 128


def load():
    """Real images, their darker copies as generated ones, and points."""
    config = DataConfig(dataset="fashion_mnist", data_dir=_DATA_DIR.value)
    images = data.load(config, "train").images[: 3 * POINTS]
    images = images.reshape(-1, 28, 28, 1).astype(np.float32) / 127.5 - 1.0
    real, fake, points = np.split(images, 3)
    return tf.constant(real), tf.constant(0.7 * fake), tf.constant(points)


def clock(function, *arguments):
    """Least wall and CPU seconds of some calls after one, and the result."""
    result = function(*arguments)
    wall, cpu = [], []
    for _ in range(_ROUNDS.value):
        start = time.perf_counter(), time.process_time()
        result = function(*arguments)
        tf.nest.map_structure(lambda tensor: tensor.numpy(), result)
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
    return {"seconds": min(wall), "cpu_seconds": min(cpu)}, result


def with_gradient(kernel, ridge, solver="iterative"):
    """A function of three samples: the value and its gradient by `fake`."""

    @tf.function(autograph=False)
    def run(real, fake, points):
        with tf.GradientTape() as tape:
            tape.watch(fake)
            value = constrained.gradient_constrained_mmd2(
                real, fake, points, kernel, ridge, solver=solver
            )
        return value, tape.gradient(value, fake)

    return run


def measure_pixels():
    """Seconds by lambda, on raw pixels."""
    samples = [tf.reshape(part, [len(part), -1]) for part in load()]
    squares = kernels.squared_distances(samples[0], samples[0]).numpy()
    width = float(np.median(squares[np.triu_indices(POINTS, 1)])) ** 0.5
    kernel, rows = kernels.Gaussian((width,)), []
    for ridge in RIDGES:
        times, (value, _) = clock(with_gradient(kernel, ridge), *samples)
        double = [tf.cast(part, tf.float64) for part in samples]
        exact, _ = with_gradient(kernel, ridge)(*double)
        rows.append(
            {"ridge": ridge, **times, "square": float(value),
             "float64": float(exact)}
        )  # fmt: skip
    return rows


def make_critic(points):
    """Features of a DCGAN critic, scaled to some slope; its weights."""
    entry = networks.ARCHITECTURES["dcgan"]
    critic = entry.critic((28, 28, 1), networks.CriticOptions(16, width=16))
    with tf.GradientTape() as tape:
        tape.watch(points)
        features = critic(points)["features"]
        probe = tf.random.stateless_normal(features.shape, [0, 0])
        total = tf.reduce_sum(features * probe)
    slope = tf.norm(tape.gradient(total, points)) / len(points) ** 0.5
    scale = _SLOPE.value / slope

    def function(points):
        images = tf.reshape(points, [-1, 28, 28, 1])
        return scale * critic(images, training=True)["features"]

    return function, critic.trainable_variables


def measure_critic():
    """Seconds by lambda and solver, on features, and errors."""
    samples = load()
    function, weights = make_critic(samples[2])
    kernel, rows = kernels.Gaussian(), []

    def evaluate(ridge, solver, dtype):
        @tf.function(autograph=False)
        def run(real, fake, points):
            with tf.GradientTape() as tape:
                tape.watch(fake)
                features = function(tf.concat([real, fake], axis=0))
                x, y = tf.split(tf.cast(features, dtype), 2)
                # Flat, as the critic's slope was measured by these pixels.
                points = tf.reshape(points, [-1, 784])
                value = critic_gradient_constrained_mmd2(
                    function, x, y, points, kernel, ridge, solver=solver
                )
            return value, tape.gradient(value, [fake, *weights])

        return run

    for ridge in RIDGES:
        run = evaluate(ridge, "iterative", tf.float32)
        times, found = clock(run, *samples)
        rows.append({"ridge": ridge, **times, "peak_megabytes": peak()})
        rows[-1]["found"] = found
    for row in rows:
        exact = evaluate(row["ridge"], "direct", tf.float64)(*samples)
        value, gradients = row.pop("found")
        row["square"] = float(value)
        row["relative_error"] = float(tf.abs(value / _single(exact[0]) - 1.0))
        row["gradient_error"] = relative_error(gradients, exact[1])
    return rows


def relative_error(found, exact):
    """Norm of the difference of all gradients, relative."""
    exact = tf.concat([tf.reshape(_single(g), [-1]) for g in exact], axis=0)
    found = tf.concat([tf.reshape(g, [-1]) for g in found], axis=0)
    return float(tf.norm(found - exact) / tf.norm(exact))


def peak():
    """Of this process until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _single(tensor):
    return tf.cast(tensor, tf.float32)


def measure_scaling():
    """Seconds by M at one d, and by d at one M, of both solvers."""
    rng, found = np.random.default_rng(0), {}
    sizes = {
        "iterative": [(m, 256) for m in (128, 256, 512)]
        + [(256, d) for d in (512, 1024, 2048)],
        "direct": [(m, 7) for m in (64, 128, 256)]
        + [(64, d) for d in (15, 31)],
    }
    for solver, pairs in sizes.items():
        rows = []
        for m, d in pairs:
            kernel = kernels.Gaussian((float(2 * d) ** 0.5,))
            samples = [
                tf.constant(rng.normal(size=(m, d)) + shift, tf.float32)
                for shift in (0.0, 0.1, 0.05)
            ]
            run = with_gradient(kernel, 0.1, solver)
            times, _ = clock(run, *samples)
            rows.append({"m": m, "d": d, **times})
        found[solver] = rows
    return found


MEASURES = {
    "pixels": measure_pixels,
    "critic": measure_critic,
    "scaling": measure_scaling,
}


def main(argv):
    del argv
    results = {part: MEASURES[part]() for part in dict.fromkeys(_PARTS.value)}
    results["load"] = os.getloadavg()[0]
    print(json.dumps(results))


if __name__ == "__main__":
    app.run(main)
