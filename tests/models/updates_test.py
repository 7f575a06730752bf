"""Gradients of the global batch: clipped after their sum, or skipped by all."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_matching as toy

from tf_mmdgan import errors
from tf_mmdgan.models import updates
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm,
    spectral_layers,
)

# Of two replicas; their mean has the norm 5.
GRADIENTS = np.array([[6.0, 0.0], [0.0, 8.0]])


def sgd(rate=1.0, **clipping):
    return keras.optimizers.SGD(rate, **clipping)


def scaled(**clipping):
    return keras.optimizers.LossScaleOptimizer(sgd(**clipping), 4.0)


def moved(strategy, optimizer, norm, gradients):
    """How one update along a linear loss moves a variable that is 0."""
    with strategy.scope():
        made = optimizer()
        weight = keras.Variable(np.zeros(2))
        updates.prepare(made, [weight], norm)

    @tf.function(autograph=False)
    def run():
        def on_replica():
            context = tf.distribute.get_replica_context()
            slope = tf.constant(gradients)[context.replica_id_in_sync_group]
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(slope * weight.value)
            updates.apply(made, tape, loss, [weight])

        strategy.run(on_replica)

    run()
    values = strategy.experimental_local_results(weight.value)
    return [value.numpy() for value in values]


@pytest.mark.parametrize("optimizer", [sgd, scaled])
@pytest.mark.parametrize("norm", [None, 2.0, 50.0])
def test_what_is_clipped_is_the_mean_over_replicas(two_cpus, optimizer, norm):
    mean = GRADIENTS.mean(axis=0)
    expected = -mean * min(1.0, (norm or 1e9) / 5.0)
    for value in moved(two_cpus, optimizer, norm, GRADIENTS):
        np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize("optimizer", [sgd, scaled])
@pytest.mark.parametrize(
    "clipping, expected",
    [
        ({"clipnorm": 2.0}, [1.2, 1.6]),
        ({"global_clipnorm": 2.0}, [1.2, 1.6]),
        ({"clipvalue": 3.5}, [3.0, 3.5]),
        ({"global_clipnorm": 50.0}, [3.0, 4.0]),
    ],
)
def test_what_keras_clips_is_that_mean_too(
    two_cpus, optimizer, clipping, expected
):
    def clipped():
        return optimizer(**clipping)

    for value in moved(two_cpus, clipped, None, GRADIENTS):
        np.testing.assert_allclose(-value, expected, rtol=1e-6)


@pytest.mark.parametrize("broken", [0, 1])
def test_what_overflows_on_one_replica_is_skipped_by_all(two_cpus, broken):
    gradients = GRADIENTS.copy()
    gradients[broken, 0] = np.inf
    for value in moved(two_cpus, scaled, 2.0, gradients):
        np.testing.assert_array_equal(value, [0.0, 0.0])


def normalized(outputs, **options):
    return SpectralNorm().wrap(keras.layers.Dense(outputs, **options))


def normalized_generator(dtype="float32", *args):
    del dtype, args
    return keras.Sequential(
        [
            keras.Input((tiny.LATENTS.size,)),
            normalized(16),
            keras.layers.Reshape(tiny.SHAPE),
        ]
    )


def normalized_critic(dtype="float32", outputs=2):
    del dtype
    images = keras.Input(tiny.SHAPE)
    features = normalized(outputs)(keras.layers.Flatten()(images))
    return keras.Model(images, {"features": features, "activations": []})


def trained(made, name):
    """The networks that one update of each of them trains."""
    batch, number = next(iter(tiny.batches())), tf.constant(0, tf.int64)
    if name == "adversarial":
        made.critic_update(batch, number)
        made.generator_update(batch, number)
        return [made.critic, made.generator]
    if name in ("gmmn_ae", "refined"):
        made.replica_autoencoder_step([batch], number)
        return [made.critic]
    made.replica_step([batch], number)
    return [made.critic, made.generator] if name == "gram" else [made.generator]


@pytest.mark.parametrize("name", ["adversarial", *toy.MODELS])
def test_every_network_that_trains_moves_its_own_vectors(name, monkeypatch):
    monkeypatch.setattr(tiny, "generator", normalized_generator)
    monkeypatch.setattr(tiny, "critic", normalized_critic)
    monkeypatch.setattr(toy, "dense", normalized)
    made = (
        tiny.model()
        if name == "adversarial"
        else toy.model(name, optimizer=lambda rate: sgd(1e-3 * rate))
    )
    for network in filter(None, [made.generator, made.critic]):
        for layer in spectral_layers(network):
            layer.u.assign(np.eye(*layer.u.shape))
            layer.v.assign(np.eye(*layer.v.shape))
    for _ in range(3):
        networks = trained(made, name)
    for network in networks:
        assert spectral_layers(network)
        for layer in spectral_layers(network):
            norm = np.linalg.norm(layer.layer.kernel.numpy(), 2)
            np.testing.assert_allclose(layer.sigma(), norm, rtol=0.1)


def test_another_norm_replaces_the_one_before():
    optimizer, weight = sgd(), keras.Variable(np.zeros(2))
    for norm, expected in ((1.0, 1.0), (3.0, 3.0), (None, 5.0)):
        updates.prepare(optimizer, [weight], norm)
        weight.assign(np.zeros(2))
        optimizer.apply([tf.constant([3.0, 4.0], tf.float64)], [weight])
        assert np.linalg.norm(weight.numpy()) == pytest.approx(expected)


def test_a_loss_of_no_weight_is_refused():
    weight, optimizer = keras.Variable(np.zeros(2)), sgd()
    updates.prepare(optimizer, [weight])
    with tf.GradientTape() as tape:
        loss = tf.stop_gradient(tf.reduce_sum(weight.value))
    with pytest.raises(errors.UsageError, match=r"depends on no weight.*train"):
        updates.apply(optimizer, tape, loss, [weight])


def test_nothing_to_move_and_no_norm_are_refused():
    with pytest.raises(errors.UsageError, match="no weights that its optimize"):
        updates.prepare(sgd(), [])
    with pytest.raises(errors.UsageError, match="clip_norm=-1, need a number"):
        updates.prepare(sgd(), [keras.Variable(np.zeros(2))], -1)
