"""A pair of networks and a data set that train in milliseconds."""

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import AdversarialModel
from tf_mmdgan.objectives import (
    MMDGAN,
    FeaturePenalty,
    GradientPenalty,
    Objective,
)

SHAPE = (4, 4, 1)
LATENTS = Latents(3, "uniform")


def generator(
    dtype="float32", batch_norm=False, norm=keras.layers.BatchNormalization
):
    inputs = keras.DTypePolicy(dtype).variable_dtype
    stack = [keras.Input((LATENTS.size,), dtype=inputs)]
    stack.append(keras.layers.Dense(8, dtype=dtype))
    if batch_norm:
        stack.append(
            norm(
                momentum=0.9,
                epsilon=1e-5,
                dtype=dtype,
                synchronized=tf.distribute.get_strategy().num_replicas_in_sync
                > 1,
            )
        )
    stack += [
        keras.layers.ReLU(dtype=dtype),
        keras.layers.Dense(16, activation="tanh", dtype=dtype),
        keras.layers.Reshape(SHAPE, dtype=dtype),
    ]
    return keras.Sequential(stack)


def critic(dtype="float32", batch_norm=False, outputs=2):
    images = keras.Input(SHAPE, dtype=keras.DTypePolicy(dtype).variable_dtype)
    flat = keras.layers.Flatten(dtype=dtype)(images)
    hidden = keras.layers.Dense(6, activation="tanh", dtype=dtype)(flat)
    if batch_norm:
        hidden = keras.layers.BatchNormalization(dtype=dtype)(hidden)
    features = keras.layers.Dense(outputs, dtype=dtype)(hidden)
    return keras.Model(images, {"features": features, "activations": [hidden]})


PENALISED_MMD = Objective(
    MMDGAN(kernels.KERNELS["rq_linear"]),
    (GradientPenalty(1.0), FeaturePenalty(1.0)),
)


def model(
    rate=0.001,
    dtype="float32",
    batch_norm=False,
    norm=keras.layers.BatchNormalization,
    clip_norm=None,
    steps_per_execution=1,
    optimizer=keras.optimizers.SGD,
    objective=None,
    features=None,
    outputs=2,
    jit_compile=False,
    **kwargs,
):
    keras.utils.set_random_seed(1)
    made = AdversarialModel(
        generator(dtype, batch_norm, norm),
        critic(dtype, outputs=outputs),
        LATENTS,
        objective or PENALISED_MMD,
        **{"critic_steps": 2, "seed": 5, **kwargs},
    )
    made.compile(
        optimizer(rate),
        optimizer(rate),
        clip_norm=clip_norm,
        features=features,
        steps_per_execution=steps_per_execution,
        jit_compile=jit_compile,
    )
    return made


def batches(size=8, start=0, dtype=np.float32):
    """Batch number i depends on i alone."""

    def batch(i):
        seed = tf.stack([tf.constant(9, tf.int64), i])
        return tf.cast(
            tf.random.stateless_uniform([size, *SHAPE], seed, -1.0, 1.0), dtype
        )

    dataset = tf.data.Dataset.counter(start).map(batch)
    options = tf.data.Options()
    off = tf.data.experimental.AutoShardPolicy.OFF
    options.experimental_distribute.auto_shard_policy = off
    return dataset.with_options(options)


def weights(made):
    return [w.numpy() for w in made.weights]


def adam_model(**kwargs):
    """A model with one critic update a step, trained by Adam."""
    kwargs = {"critic_steps": 1, **kwargs}
    return model(optimizer=keras.optimizers.Adam, **kwargs)


def fit(model, steps, *extra):
    """Goes on for so many steps, on the batches that are next."""
    start = int(model.updates.numpy())
    model.fit(
        batches(start=start),
        steps_per_epoch=steps,
        verbose=0,
        callbacks=list(extra),
    )


def state(model):
    """All that a step changes."""
    variables = [
        *model.weights,
        *model.generator_optimizer.variables,
        *model.critic_optimizer.variables,
    ]
    return [v.numpy() for v in variables]
