"""The tiny pair again, told the class of each image."""

import keras
import tensorflow as tf
import tiny

from tf_mmdgan.conditions import Classes
from tf_mmdgan.models import AdversarialModel

CLASSES = 3


def one_hot(labels, dtype):
    return keras.ops.one_hot(labels, CLASSES, dtype=dtype)


def generator(dtype="float32"):
    latents = keras.Input((tiny.LATENTS.size,), dtype=dtype)
    labels = keras.Input((), dtype="int32")
    x = keras.ops.concatenate([latents, one_hot(labels, dtype)], axis=1)
    x = keras.layers.Dense(8, activation="tanh", dtype=dtype)(x)
    x = keras.layers.Dense(16, activation="tanh", dtype=dtype)(x)
    images = keras.layers.Reshape(tiny.SHAPE, dtype=dtype)(x)
    return keras.Model([latents, labels], images)


def critic(dtype="float32"):
    images = keras.Input(tiny.SHAPE, dtype=dtype)
    labels = keras.Input((), dtype="int32")
    x = keras.layers.Flatten(dtype=dtype)(images)
    x = keras.layers.Dense(6, activation="tanh", dtype=dtype)(x)
    share = keras.layers.Dense(6, dtype=dtype)(one_hot(labels, dtype))
    features = keras.layers.Dense(2, dtype=dtype)(x * share)
    outputs = {"features": features, "activations": [x]}
    return keras.Model([images, labels], outputs)


def model(dtype="float32", rate=0.001, objective=tiny.PENALISED_MMD):
    keras.utils.set_random_seed(1)
    made = AdversarialModel(
        generator(dtype),
        critic(dtype),
        tiny.LATENTS,
        objective,
        critic_steps=2,
        condition=Classes(CLASSES),
        seed=5,
    )
    sgd = keras.optimizers.SGD
    made.compile(sgd(rate), sgd(rate), jit_compile=False)
    return made


def batches(**kwargs):
    """Those of `tiny`; a label depends on its image alone."""
    return tiny.batches(**kwargs).map(
        lambda images: (images, tf.argmax(images[:, 0, :CLASSES, 0], axis=1))
    )
