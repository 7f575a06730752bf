"""What of a network is averaged, what is copied, and what is made anew."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan.models import averaging
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm,
    spectral_layers,
)


class Visits(keras.layers.Layer):
    """Counts its calls, in two types, beside a weight and a seed."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        state = {"shape": (), "trainable": False, "initializer": "zeros"}
        self.count = self.add_weight(name="count", dtype="int64", **state)
        self.share = self.add_weight(name="share", **state)
        self.seed = self.add_weight(name="seed", dtype="uint32", **state)
        self.factor = self.add_weight(
            name="factor", shape=(), initializer="ones"
        )

    def call(self, inputs):
        return self.factor * inputs


def network(vectors=8):
    norm = SpectralNorm(vectors=vectors)
    return keras.Sequential(
        [
            keras.Input((tiny.LATENTS.size,)),
            norm.wrap(keras.layers.Dense(8)),
            keras.layers.ReLU(),
            norm.wrap(keras.layers.Dense(16, activation="tanh")),
            keras.layers.Reshape(tiny.SHAPE),
        ]
    )


def check_norms(layers, rtol):
    for layer in layers:
        kernel = layer.layer.kernel.numpy()
        norm = np.linalg.norm(kernel, 2)
        np.testing.assert_allclose(layer.sigma(), norm, rtol=rtol)


@pytest.mark.parametrize("vectors", [1, 8])
def test_norms_of_averaged_kernels_are_their_own(vectors, rng):
    keras.utils.set_random_seed(2)
    one, average = network(vectors), network(vectors)
    average.set_weights(one.get_weights())
    for step in range(15):
        for layer in spectral_layers(one):
            kernel = layer.layer.kernel
            kernel.assign_add(0.3 * rng.normal(size=kernel.shape))
            layer.power_iteration()
        averaging.move(average, one, tf.constant(step), 0.9)
    check_norms(spectral_layers(average), 0.1 if vectors == 1 else 1e-3)
    for layer in spectral_layers(average):
        assert np.linalg.norm(layer.u.numpy()[0]) == pytest.approx(1.0)
        assert np.linalg.norm(layer.v.numpy()) == pytest.approx(1.0)


def test_state_that_is_no_weight_is_copied():
    one, average = (
        keras.Sequential([keras.Input((2,)), Visits()]) for _ in range(2)
    )
    layer, copy = one.layers[0], average.layers[0]
    layer.count.assign(2**40 + 1)
    layer.share.assign(0.3)
    layer.seed.assign(7)
    layer.factor.assign(3.0)
    averaging.move(average, one, tf.constant(0), 0.999)
    assert copy.count.numpy() == 2**40 + 1
    assert copy.share.numpy() == np.float32(0.3)
    assert copy.seed.numpy() == 7
    assert copy.factor.numpy() == pytest.approx(0.1 * 1.0 + 0.9 * 3.0)


def test_frozen_weights_and_batch_statistics_are_averaged():
    one, average = (
        keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(2, use_bias=False),
                keras.layers.BatchNormalization(),
            ]
        )
        for _ in range(2)
    )
    one.trainable = False
    before = average.get_weights()
    expected = [
        0.1 * mean + 0.9 * value
        for mean, value in zip(before, one.get_weights(), strict=True)
    ]
    averaging.move(average, one, tf.constant(0), 0.999)
    for found, value in zip(average.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-6)


def test_vectors_of_the_average_are_equal_on_two_replicas(two_cpus, rng):
    keras.utils.set_random_seed(1)
    with two_cpus.scope():
        one, average = network(1), network(1)
    for layer in spectral_layers(one):
        layer.layer.kernel.assign(rng.normal(size=layer.layer.kernel.shape))

    @tf.function
    def move():
        averaging.move(average, one, tf.constant(0), 0.9)

    for _ in range(20):
        move()
    check_norms(spectral_layers(average), 0.02)
    for layer in spectral_layers(average):
        first, other = two_cpus.experimental_local_results(layer.u.value)
        np.testing.assert_array_equal(first.numpy(), other.numpy())
