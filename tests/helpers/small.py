"""A generator that exports in a second, and how to call its signatures."""

import keras
import tensorflow as tf

from tf_mmdgan.latents import Latents

LATENTS = Latents(6, "uniform")


def make_generator(channels=3, size=6):
    """A small network whose batch statistics are not those of a fresh one."""
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((size,)),
        keras.layers.Dense(4 * 4 * 5, use_bias=False),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Reshape((4, 4, 5)),
        keras.layers.Conv2DTranspose(
            channels, 4, 2, padding="same", activation="tanh"
        ),
    ]
    network = keras.Sequential(layers)
    network(3.0 * tf.random.stateless_normal([64, size], [1, 2]), training=True)
    return network


TYPES = {
    "num_samples": tf.int32, "seed": tf.int64, "start": tf.int64,
    "truncation": tf.float32, "label": tf.int32, "seed_a": tf.int64,
    "seed_b": tf.int64, "steps": tf.int32, "latents": tf.float32,
    "labels": tf.int32, "index": tf.int64, "other_seed": tf.int64,
    "other_index": tf.int64, "cutoff": tf.int32,
}  # fmt: skip


def call(loaded, signature, **inputs):
    """Runs a signature on plain values."""
    outputs = loaded.signatures[signature](
        **{name: tf.constant(v, TYPES[name]) for name, v in inputs.items()}
    )
    return {name: value.numpy() for name, value in outputs.items()}
