"""Statistics of batch normalization over fresh generated batches."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.latents import Latents, draw_labels
from tf_mmdgan.models.standing import with_standing_statistics
from tf_mmdgan.networks import GeneratorOptions, layers, mlp
from tf_mmdgan.networks.conditioning import Conditioning

CLASSES, SEED = 3, tf.constant([4, 0x57A7D], tf.int64)


def generator():
    keras.utils.set_random_seed(0)
    conditioning = Conditioning(Classes(CLASSES), "projection")
    options = GeneratorOptions(
        tiny.LATENTS.size, width=5, conditioning=conditioning
    )
    made = mlp.generator(tiny.SHAPE, options)
    for layer in norms_of(made):
        scale = layer.class_scale
        scale.assign(1.0 + np.arange(np.prod(scale.shape)).reshape(scale.shape))
    return made


def norms_of(network):
    return [
        x for x in network.layers if isinstance(x, layers.BatchNormalization)
    ]


def standing(network, batches, shares=None, size=8):
    return with_standing_statistics(
        network,
        tiny.LATENTS,
        batches,
        size,
        condition=Classes(CLASSES, shares),
        seed=4,
    )


@pytest.mark.parametrize("shares", [None, [0.7, 0.2, 0.1]])
def test_they_are_averages_of_what_batches_have_in_training(shares):
    network = generator()
    first = network.get_layer("hidden1")
    expected = []
    for start in (0, 8, 16):
        z = tiny.LATENTS.sample(SEED, 8, start)
        x = first(z).numpy()
        expected.append((x.mean(0), x.var(0)))
        y = draw_labels(SEED, 8, start, CLASSES, shares)
        probe = keras.Model(network.inputs, network.get_layer("hidden2").output)
        # A clone, since training mode moves the averages.
        clone = keras.models.clone_model(probe)
        clone.set_weights(probe.get_weights())
        x = clone([z, y], training=True).numpy()
        expected[-1] += (x.mean(0), x.var(0))
    means = [np.mean(values, axis=0) for values in zip(*expected, strict=True)]
    made = standing(network, 3, shares)
    found = [
        weight.numpy()
        for layer in norms_of(made)
        for weight in (layer.moving_mean, layer.moving_variance)
    ]
    for value, wanted in zip(found, means, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6)


def test_all_else_is_as_it_was_and_to_repeat_changes_nothing():
    network = generator()
    network.trainable = False  # as averaged generators are
    before = network.get_weights()
    made = standing(network, 2)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    moved = [
        weight.path
        for weight, old in zip(made.weights, before, strict=True)
        if np.any(weight.numpy() != old)
    ]
    assert moved and all("moving_" in path for path in moved)
    again = standing(made, 2)
    for one, other in zip(made.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_batch_norm_nothing_changes_and_numbers_are_checked():
    plain = mlp.generator(
        tiny.SHAPE, GeneratorOptions(3, width=5, batch_norm=False)
    )
    latents = Latents(3, "normal")
    made = with_standing_statistics(plain, latents, 1, 4)
    for old, new in zip(plain.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.raises(errors.UsageError, match="standing_batches"):
        with_standing_statistics(plain, latents, 0, 4)
    with pytest.raises(errors.UsageError, match="batch_size"):
        with_standing_statistics(plain, latents, 1, 1)
