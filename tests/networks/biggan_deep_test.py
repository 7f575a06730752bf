"""The networks of BigGAN-deep: tables of layers, and identities."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_layers import conv, double, halve, leaky_relu, randomize, weights

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks import (
    ARCHITECTURES,
    Conditioning,
    CriticOptions,
    GeneratorOptions,
    biggan_deep,
    spectral_normalization,
)
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm,
    spectral_layers,
)


def pair(size, conditioning=None, *, latents=6, width=1):
    """Generator and critic, as graphs in which no weight has a value."""
    entry, shape = ARCHITECTURES["biggan_deep"], (size, size, 3)
    with tf.Graph().as_default():
        generator = entry.generator(
            shape,
            GeneratorOptions(latents, width=width, conditioning=conditioning),
        )
        critic = entry.critic(
            shape, CriticOptions(1, width=width, conditioning=conditioning)
        )
    return generator, critic


def trained_numbers(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


@pytest.mark.slow
def test_published_numbers_of_parameters():
    """Those that the test of compare_gan's networks asks for."""
    conditioning = Conditioning(Classes(1000), "projection")
    networks = pair(128, conditioning, latents=128, width=128)
    counts = (50_244_484, 34_590_210)
    assert tuple(map(trained_numbers, networks)) == counts


def block_numbers(before, after, condition=0):
    """Weights of a block, counted by hand; condition: what normalizes it."""
    within = max(before, after) // 4
    found = before * within + within + 2 * (9 * within**2 + within)
    found += within * after + after
    found += 2 * condition * (before + 3 * within)
    more = after - before
    return found + (more * (before + 1) if more > 0 else 0)


def test_numbers_of_parameters_at_32_pixels():
    networks = pair(
        32, Conditioning(Classes(10), "projection"), latents=12, width=4
    )
    condition = 12 + 128
    generator = 1280 + (condition + 1) * 16 * 16
    generator += 6 * block_numbers(16, 16, condition)
    attention = 2 * 16 * 2 + 2 * 16 * 8 + 1
    generator += attention + 2 * 16 + 9 * 16 * 3 + 3
    critic = 9 * 3 * 16 + 16 + 6 * block_numbers(16, 16)
    critic += attention + 16 + 1 + 10 * 16
    assert tuple(map(trained_numbers, networks)) == (generator, critic)


TABLES = {  # of width 1: the generator's pairs and the critic's
    16: ([(8, 4), (16, 4)], [(8, 4), (4, 4), (4, 4)]),
    28: ([(14, 4), (28, 4)], [(14, 4), (7, 4), (7, 4)]),
    64: (
        [(8, 16), (16, 8), (32, 4), (64, 2)],
        [(32, 2), (16, 4), (8, 8), (4, 16)],
    ),
}


def sides_and_depths(network, *names):
    found = [network.get_layer(name).output.shape for name in names]
    assert all(shape[1] == shape[2] for shape in found)
    return [(shape[1], shape[3]) for shape in found]


@pytest.mark.parametrize(
    "size", [16, *(pytest.param(n, marks=pytest.mark.slow) for n in (28, 64))]
)
def test_tables_of_pairs_of_blocks(size):
    of_generator, of_critic = TABLES[size]
    generator, critic = pair(size)
    numbers = range(1, 2 * len(of_generator) + 1, 2)
    names = [f"block{n}" for n in numbers]
    start = sides_and_depths(generator, "base")
    # The first of a pair keeps what it is given, the second doubles the size.
    before = start + of_generator[:-1]
    assert sides_and_depths(generator, *names) == before
    names = [f"block{n + 1}" for n in numbers]
    assert sides_and_depths(generator, *names) == of_generator
    # The first block of a pair of the critic changes all, the second nothing.
    for first in (1, 2):
        numbers = range(first, 2 * len(of_critic) + 1, 2)
        names = [f"block{n}" for n in numbers]
        assert sides_and_depths(critic, *names) == of_critic
    for network, table in ((generator, of_generator), (critic, of_critic)):
        (place,) = sides_and_depths(network, "attention")
        assert place[0] == size // 2 and place in table


@pytest.fixture
def short_warm_start(monkeypatch):
    """The power steps of the start take time that not all tests need."""
    monkeypatch.setattr(spectral_normalization, "_WARM_START", 1)


def test_all_latents_and_the_class_enter_everywhere(rng):
    conditioning = Conditioning(Classes(3), "projection")
    generator = biggan_deep.generator(
        (16, 16, 1), GeneratorOptions(3, width=1, conditioning=conditioning)
    )
    randomize(generator, rng)
    condition = generator.get_layer("condition").output.shape[-1]
    assert condition == 3 + 128
    kernel = generator.get_layer("linear").kernel
    assert kernel.shape[0] == condition
    names = [f"block{b}_norm{n}_gain" for b in range(1, 5) for n in range(1, 5)]
    kernels = [generator.get_layer(name).kernel for name in names]
    assert all(kernel.shape[0] == condition for kernel in kernels)
    assert sum("_gain" in layer.name for layer in generator.layers) == 16
    # Whatever the linear layer does, a class changes what follows.
    latents = rng.normal(size=(3, 3)).astype(np.float32)
    kernel.assign(0.0 * kernel)
    probe = keras.Model(
        generator.inputs,
        [generator.get_layer(n).output for n in ("base", "block1")],
    )
    (base, old), (same, new) = (
        probe([latents, np.array(labels)]) for labels in ([0, 1, 2], [1, 1, 2])
    )
    np.testing.assert_array_equal(base, same)
    assert np.abs(old - new)[0].max() > 1e-3
    np.testing.assert_allclose(old[1:], new[1:], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_shortcuts_drop_channels_and_append_some(rng):
    """At 64 pixels both networks change their numbers of channels."""
    shape, width = (64, 64, 1), 1
    generator = biggan_deep.generator(shape, GeneratorOptions(2, width=width))
    critic = biggan_deep.critic(shape, CriticOptions(1, width=width))
    for network in (generator, critic):
        randomize(network, rng)
        for name in ("block2", "block1"):
            last = network.get_layer(f"{name}_conv4")
            last.set_weights([0.0 * w for w in last.get_weights()])

    def inner(network, inputs, *names):
        outputs = [network.get_layer(name).output for name in names]
        return keras.Model(network.input, outputs)(inputs)

    latents = rng.normal(size=(2, 2)).astype(np.float32)
    base, kept, doubled = inner(generator, latents, "base", "block1", "block2")
    np.testing.assert_array_equal(kept, base)
    np.testing.assert_array_equal(doubled, double(base.numpy(), 8, 8))
    deeper = generator.get_layer("block4_conv4")
    deeper.set_weights([0.0 * w for w in deeper.get_weights()])
    before, after = inner(generator, latents, "block3", "block4")
    assert before.shape[-1] == 16 and after.shape[-1] == 8
    first = before.numpy()[..., :8]
    np.testing.assert_array_equal(after, double(first, 16, 16))

    images = rng.uniform(-1, 1, (2, *shape)).astype(np.float32)
    x, out = inner(critic, images, "conv_in", "block1")
    x = halve(x.numpy())
    np.testing.assert_allclose(out[..., :1], x, rtol=1e-5, atol=1e-5)
    more = conv(x, *weights(critic, "block1_shortcut"))
    np.testing.assert_allclose(out[..., 1:], more, rtol=1e-4, atol=1e-5)


def test_the_critic_is_the_published_one(rng):
    critic = biggan_deep.critic((16, 16, 1), CriticOptions(2, width=2))
    randomize(critic, rng)
    critic.get_layer("attention").gamma.assign(0.0)
    x = rng.uniform(-1, 1, (2, 16, 16, 1)).astype(np.float32)
    outputs = critic(x)
    x = conv(x, *weights(critic, "conv_in"))
    for number in range(1, 7):
        y = x
        for layer in range(1, 5):
            y = leaky_relu(y, 0.0)
            if layer == 4 and number in (1, 3):
                y = halve(y)
            y = conv(y, *weights(critic, f"block{number}_conv{layer}"))
        x = (halve(x) if number in (1, 3) else x) + y
        found = outputs["activations"][number - 1]
        np.testing.assert_allclose(found, x, rtol=1e-3, atol=1e-3)
    phi = leaky_relu(x, 0.0).sum((1, 2))
    kernel, bias = weights(critic, "features")
    np.testing.assert_allclose(
        outputs["features"], phi @ kernel + bias, rtol=1e-3, atol=1e-2
    )


@pytest.mark.slow
def test_spectral_norm_is_of_all_kernels_but_the_table(short_warm_start):
    options = GeneratorOptions(
        3,
        width=1,
        conditioning=Conditioning(Classes(3), "projection"),
        spectral_norm=SpectralNorm(),
    )
    generator = biggan_deep.generator((16, 16, 1), options)
    wrapped = spectral_layers(generator)
    bare = {
        layer.name
        for layer in generator.layers
        if layer not in wrapped
        and any(len(w.shape) > 1 for w in layer.trainable_weights)
    }
    assert bare == {"class_table"}
    names = {layer.name for layer in wrapped}
    assert {"linear", "block4_norm4_gain", "attention_g", "conv_out"} <= names


def test_without_batch_norm_latents_enter_at_the_first_layer():
    options = GeneratorOptions(8, width=1, batch_norm=False)
    generator = biggan_deep.generator((16, 16, 1), options)
    assert generator.get_layer("linear").kernel.shape[0] == 8
    assert not any("norm" in layer.name for layer in generator.layers)


def test_bad_input_is_refused():
    with pytest.raises(errors.UsageError, match="BigGAN-deep has no batch no"):
        biggan_deep.critic((16, 16, 1), CriticOptions(1, batch_norm=True))
    with pytest.raises(errors.UsageError, match="BigGAN-deep makes images of"):
        biggan_deep.generator((15, 15, 1), GeneratorOptions(2))
