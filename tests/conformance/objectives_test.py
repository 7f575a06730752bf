"""What holds for every objective."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import distribution, kernels
from tf_mmdgan.models.adversarial import CriticView
from tf_mmdgan.objectives import OBJECTIVES, Batch

SHAPE = (4, 4, 1)
pytestmark = pytest.mark.parametrize("name", OBJECTIVES)


def make(name, kernel=None):
    published = OBJECTIVES[name].published(kernel)
    values = {
        field.name: published[field.name]
        for field in dataclasses.fields(OBJECTIVES[name])
    }
    if "kernel" in values:
        values["kernel"] = kernels.KERNELS[values["kernel"]]
    return OBJECTIVES[name](**values), published["critic_output"]


def make_critic(width):
    keras.utils.set_random_seed(0)
    images = keras.Input(SHAPE)
    hidden = keras.layers.Dense(5, activation="tanh")(
        keras.layers.Flatten()(images)
    )
    features = keras.layers.Dense(width)(hidden)
    return keras.Model(images, {"features": features, "activations": [hidden]})


def batches(rng, objective, same=False):
    real = rng.uniform(-1, 1, (6, *SHAPE)).astype(np.float32)
    fakes = [
        rng.uniform(-1, 1, (6, *SHAPE)).astype(np.float32) * 0.5 + 0.3
        for _ in range(objective.fakes_per_real)
    ]
    if same:
        fakes = [real for _ in fakes]
    return Batch(tf.constant(real)), [Batch(tf.constant(f)) for f in fakes]


def test_published_settings_cover_every_field(name):
    for kernel in (None, *kernels.KERNELS):
        objective, width = make(name, kernel)
        assert width >= 1
        assert dataclasses.is_dataclass(objective)


def test_both_gradients_are_finite_and_not_zero(name, rng):
    objective, width = make(name)
    critic = make_critic(width)
    real, fakes = batches(rng, objective)
    draw = distribution.Draw(0, tf.constant(0, tf.int64))
    images = [f.images for f in fakes]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        view = CriticView(critic)
        arguments = (view, real, [Batch(i) for i in images], draw)
        for_critic = objective.critic_loss(*arguments).value
        for_generator = objective.generator_loss(*arguments).value
    assert for_critic.shape == for_generator.shape == ()
    for gradient in (
        *tape.gradient(for_critic, critic.trainable_variables[:3]),
        *tape.gradient(for_generator, images),
    ):
        assert np.isfinite(gradient.numpy()).all()
        assert np.abs(gradient.numpy()).max() > 0


def test_losses_stay_finite_where_real_and_fake_coincide(name, rng):
    objective, width = make(name)
    critic = make_critic(width)
    real, fakes = batches(rng, objective, same=True)
    draw = distribution.Draw(0, tf.constant(0, tf.int64))
    with tf.GradientTape() as tape:
        loss = objective.critic_loss(CriticView(critic), real, fakes, draw)
    gradients = tape.gradient(loss.value, critic.trainable_variables)
    assert all(np.isfinite(g.numpy()).all() for g in gradients)
