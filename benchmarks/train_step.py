"""Cost of `fit` against a hand-written loop of the same networks and losses.

python benchmarks/train_step.py --critic_width=16
python benchmarks/train_step.py --critic_width=64 --steps=4

Both train DCGAN on images of CIFAR-10's size, five critic updates and one
generator update a step, in turn, in one process: rounds of `fit` and rounds of
the loop alternate, and the ratio is the median over rounds. The loop is what
somebody would write without this package's model: one `tf.function`, Keras
optimizers, the same penalty and the same average of the generator's weights.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import statistics

import keras
import numpy as np
import rounds
import tensorflow as tf
from absl import app, flags

from tf_mmdgan import data, kernels, mmd, networks, objectives
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import AdversarialModel

_WIDTH = flags.DEFINE_integer("critic_width", 16, "16 is small, 64 is big.")
_IMAGE = flags.DEFINE_integer("image_size", 32, "Pixels.")
_BATCH = flags.DEFINE_integer("batch_size", 64, "Images in an update.")
_STEPS = flags.DEFINE_integer("steps", 25, "Generator steps in a round.")
_ROUNDS = flags.DEFINE_integer("rounds", 4, "Rounds of each.")

CRITIC_STEPS = 5


def make_networks(shape):
    entry = networks.ARCHITECTURES["dcgan"]
    keras.utils.set_random_seed(0)
    return (
        entry.generator(shape, networks.GeneratorOptions(100)),
        entry.critic(shape, networks.CriticOptions(16, width=_WIDTH.value)),
    )


def adam():
    return keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9)


def make_fit(batches, shape):
    """A function that runs some steps through `fit`."""
    generator, critic = make_networks(shape)
    objective = objectives.Objective(
        objectives.MMDGAN(kernels.KERNELS["rq_linear"]),
        (objectives.GradientPenalty(1.0), objectives.FeaturePenalty(1.0)),
    )
    model = AdversarialModel(
        generator, critic, Latents(100, "uniform"), objective
    )
    model.compile(adam(), adam(), jit_compile=False)

    def run(steps):
        model.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0)

    return run


def make_loop(batches, shape):
    """A function that runs some steps of a hand-written loop."""
    generator, critic = make_networks(shape)
    average = keras.models.clone_model(generator)
    average.set_weights(generator.get_weights())
    generator_adam, critic_adam = adam(), adam()
    generator_adam.build(generator.trainable_variables)
    critic_adam.build(critic.trainable_variables)
    kernel = kernels.KERNELS["rq_linear"]
    size = _BATCH.value

    def noise():
        return tf.random.uniform([size, 100], -1.0, 1.0)

    def critic_loss(real):
        fake = generator(noise(), training=True)
        with tf.GradientTape() as tape:
            out = critic(tf.concat([real, fake], 0), training=True)
            x, y = tf.split(out["features"], 2)
            loss = -mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x, y))
            mix = tf.random.uniform([size, 1, 1, 1])
            points = real + mix * (fake - real)
            with tf.GradientTape() as inner:
                inner.watch(points)
                t = critic(points, training=True)["features"]
                witness = tf.reduce_mean(kernel(t, x) - kernel(t, y), 1)
            slope = inner.gradient(witness, points)
            norm = tf.sqrt(tf.reduce_sum(slope**2, [1, 2, 3]) + 1e-12)
            loss += tf.reduce_mean((2.0 * norm - 1.0) ** 2)
            for layer in [*out["activations"], out["features"]]:
                loss += 2.0 * tf.reduce_mean(layer**2)
        weights = critic.trainable_variables
        critic_adam.apply(tape.gradient(loss, weights), weights)
        return loss

    @tf.function
    def step(iterator):
        for _ in range(CRITIC_STEPS):
            loss = critic_loss(next(iterator))
        real = next(iterator)
        with tf.GradientTape() as tape:
            fake = generator(noise(), training=True)
            x = critic(real, training=True)["features"]
            y = critic(fake, training=True)["features"]
            mmd2 = mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x, y))
        weights = generator.trainable_variables
        generator_adam.apply(tape.gradient(mmd2, weights), weights)
        for slow, fast in zip(average.weights, generator.weights, strict=True):
            slow.assign(0.999 * slow + 0.001 * fast)
        return loss, mmd2

    iterator = iter(batches)

    def run(steps):
        for _ in range(steps):
            losses = step(iterator)
        float(losses[0])

    return run


def main(argv):
    del argv
    shape = (_IMAGE.value, _IMAGE.value, 3)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2048, *shape), dtype=np.uint8)
    image_set = data.ImageSet(images, None, None)

    def batches():
        return data.batches(image_set, _BATCH.value, seed=0)

    runs = {
        "fit": make_fit(batches(), shape),
        "loop": make_loop(batches(), shape),
    }
    seconds = rounds.seconds_per_step(runs, _ROUNDS.value, _STEPS.value)
    ratios = [a / b for a, b in zip(*seconds.values(), strict=True)]
    print(
        json.dumps(
            {
                "critic_width": _WIDTH.value,
                "image_size": _IMAGE.value,
                "batch_size": _BATCH.value,
                "fit_seconds_per_step": statistics.median(seconds["fit"]),
                "loop_seconds_per_step": statistics.median(seconds["loop"]),
                "ratio": statistics.median(ratios),
                "ratios": [round(r, 3) for r in ratios],
                "rounds": {
                    name: [round(value, 4) for value in values]
                    for name, values in seconds.items()
                },
            }
        )
    )


if __name__ == "__main__":
    app.run(main)
