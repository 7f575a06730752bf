"""The networks of BigGAN and SAGAN: tables of layers, and identities."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_layers import conv, halve, leaky_relu, randomize, weights

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks import (
    ARCHITECTURES,
    Conditioning,
    CriticOptions,
    GeneratorOptions,
    biggan,
    dcgan,
    spectral_normalization,
)
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm,
    spectral_layers,
)

NAMES = ("biggan", "biggan_plain", "sagan")


def pair(name, size, conditioning=None, *, latents=30, width=2, colours=3):
    """Generator and critic, as graphs in which no weight has a value."""
    entry, shape = ARCHITECTURES[name], (size, size, colours)
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


@pytest.mark.parametrize(
    ("name", "size", "width", "latents", "classes", "counts"),
    [
        # BigGAN-PyTorch's script for CIFAR-10: a table of classes in each
        # batch norm, all latents at the first layer, no attention.
        ("biggan_plain", 32, 64, 128, 10, (4_304_387, 4_207_361)),
        # compare_gan documents these.
        ("biggan", 128, 96, 120, 1000, (70_433_988, 87_982_370)),
    ],
)
def test_published_numbers_of_parameters(
    name, size, width, latents, classes, counts
):
    networks = pair(
        name,
        size,
        Conditioning(Classes(classes), "projection"),
        latents=latents,
        width=width,
    )
    assert tuple(map(trained_numbers, networks)) == counts


TABLES = {  # of width 1: the generator's blocks and the critic's
    16: ([(8, 4), (16, 4)], [(8, 4), (4, 4), (4, 4), (4, 4)]),
    28: ([(14, 4), (28, 4)], [(14, 4), (7, 4), (7, 4), (7, 4)]),
    32: ([(8, 4), (16, 4), (32, 4)], [(16, 4), (8, 4), (8, 4), (8, 4)]),
    64: (
        [(8, 16), (16, 8), (32, 4), (64, 2)],
        [(32, 1), (16, 2), (8, 4), (4, 8), (4, 16)],
    ),
    128: (
        [(8, 16), (16, 8), (32, 4), (64, 2), (128, 1)],
        [(64, 1), (32, 2), (16, 4), (8, 8), (4, 16), (4, 16)],
    ),
}
BASES = {16: (4, 4), 28: (7, 4), 32: (4, 4), 64: (4, 16), 128: (4, 16)}


def sides_and_depths(network, *names):
    found = [network.get_layer(name).output.shape for name in names]
    assert all(shape[1] == shape[2] for shape in found)
    return [(shape[1], shape[3]) for shape in found]


@pytest.mark.parametrize("size", TABLES)
def test_tables_of_blocks_and_where_attention_is(size):
    of_generator, of_critic = TABLES[size]
    attended = {"biggan": min(size // 2, 64), "sagan": min(size // 2, 32)}
    for name in ("biggan", "sagan") if size == 128 else ("biggan",):
        networks = pair(name, size, width=1, latents=6)
        for network, table in zip(
            networks, (of_generator, of_critic), strict=True
        ):
            names = [f"block{n}" for n in range(1, len(table) + 1)]
            assert sides_and_depths(network, *names) == table
            (place,) = sides_and_depths(network, "attention")
            assert place[0] == attended[name] and place in table
        assert sides_and_depths(networks[0], "base") == [BASES[size]]


def numbers_of(network, *parts):
    return {
        layer.name
        for layer in network.layers
        if any(part in layer.name for part in parts)
    }


def test_what_the_variants_differ_in():
    classes = Conditioning(Classes(3), "projection")
    for name, attention, shares in (
        ("biggan", True, True),
        ("biggan_plain", False, False),
        ("sagan", True, False),
    ):
        generator, critic = pair(name, 32, classes)
        for network in (generator, critic):
            assert bool(numbers_of(network, "attention")) == attention
        assert bool(numbers_of(generator, "class_table")) == shares
        gains = numbers_of(generator, "_gain")
        assert len(gains) == 6 * shares
        norm = generator.get_layer("block1_norm1")
        assert hasattr(norm, "class_scale") != shares
        # The last one has a scale of its own, for all classes.
        assert generator.get_layer("norm_out").gamma.shape == (8,)


@pytest.fixture
def short_warm_start(monkeypatch):
    """The power steps of the start take time that not all tests need."""
    monkeypatch.setattr(spectral_normalization, "_WARM_START", 1)


def test_latents_enter_at_their_own_block_and_change_none_before(rng):
    conditioning = Conditioning(Classes(3), "projection")
    generator = biggan.generator(
        (16, 16, 1), GeneratorOptions(8, width=1, conditioning=conditioning)
    )
    randomize(generator, rng)
    names = ("base", "block1", "block2")
    probe = keras.Model(
        generator.inputs, [generator.get_layer(name).output for name in names]
    )
    latents = rng.normal(size=(4, 8)).astype(np.float32)
    labels = np.array([0, 1, 2, 0])
    before = probe([latents, labels])
    # 8 latents in 3 places: 4, 2 and 2.
    for entrance, column in enumerate((3, 4, 6)):
        changed = latents.copy()
        changed[:, column] += 1.0
        after = probe([changed, labels])
        for block, (old, new) in enumerate(zip(before, after, strict=True)):
            assert (np.abs(old - new).max() > 1e-3) == (block >= entrance)
    # The class enters at the blocks, and not at the base.
    base, block1, _ = probe([latents, np.array([1, 1, 2, 0])])
    np.testing.assert_array_equal(base, before[0])
    assert np.abs(block1 - before[1])[0].max() > 1e-3
    np.testing.assert_allclose(block1[1:], before[1][1:], rtol=1e-4, atol=1e-5)


def test_the_critic_is_the_published_one(rng):
    critic = biggan.critic((16, 16, 1), CriticOptions(2, width=1))
    randomize(critic, rng)
    critic.get_layer("attention").gamma.assign(0.0)
    x = rng.uniform(-1, 1, (2, 16, 16, 1)).astype(np.float32)
    outputs = critic(x)
    for number in (1, 2, 3, 4):
        name = f"block{number}"
        # Of images, the first block drops nothing.
        y = x if number == 1 else leaky_relu(x, 0.0)
        y = conv(y, *weights(critic, f"{name}_conv1"))
        y = conv(leaky_relu(y, 0.0), *weights(critic, f"{name}_conv2"))
        if number < 3:
            shortcut = conv(x, *weights(critic, f"{name}_shortcut"))
            x = halve(shortcut) + halve(y)
        else:
            x = x + y
        found = outputs["activations"][number - 1]
        np.testing.assert_allclose(found, x, rtol=1e-3, atol=1e-3)
    phi = leaky_relu(x, 0.0).sum((1, 2))
    kernel, bias = weights(critic, "features")
    np.testing.assert_allclose(
        outputs["features"], phi @ kernel + bias, rtol=1e-3, atol=1e-2
    )


@pytest.mark.parametrize("network", ["generator", "critic"])
def test_weights_start_orthogonal_and_no_two_alike(network):
    options = {
        "generator": GeneratorOptions(12, width=2),
        "critic": CriticOptions(1, width=2),
    }
    keras.utils.set_random_seed(0)
    made = getattr(biggan, network)((16, 16, 1), options[network])
    kernels = [
        w.numpy().reshape(-1, w.shape[-1])
        for w in made.trainable_weights
        if len(w.shape) > 1
    ]
    for kernel in kernels:
        smaller = kernel.T @ kernel if len(kernel) > kernel.shape[1] else (
            kernel @ kernel.T
        )  # fmt: skip
        np.testing.assert_allclose(smaller, np.eye(len(smaller)), atol=1e-4)
    for number, kernel in enumerate(kernels):
        for other in kernels[:number]:
            assert kernel.shape != other.shape or np.abs(kernel - other).max()


def test_spectral_norm_is_of_all_kernels_but_the_table_and_finds_them(
    short_warm_start, rng
):
    options = GeneratorOptions(
        6,
        width=1,
        conditioning=Conditioning(Classes(3), "projection"),
        spectral_norm=SpectralNorm(),
    )
    generator = biggan.generator((16, 16, 1), options)
    wrapped = spectral_layers(generator)
    bare = {
        layer.name
        for layer in generator.layers
        if layer not in wrapped
        and any(len(w.shape) > 1 for w in layer.trainable_weights)
    }
    assert bare == {"class_table"}
    names = {layer.name for layer in wrapped}
    assert {"linear", "block1_norm2_gain", "attention_g", "conv_out"} <= names
    randomize(generator, rng)
    spectral_normalization.power_iterate(generator, 10)
    for layer in wrapped:
        kernel = layer.layer.kernel.numpy()
        matrix = kernel.reshape(-1, kernel.shape[-1])
        sigma = np.linalg.svd(matrix, compute_uv=False)[0]
        np.testing.assert_allclose(layer.sigma(), sigma, rtol=1e-3)


def test_without_batch_norm_all_latents_enter_at_the_first_layer(rng):
    options = GeneratorOptions(8, width=1, batch_norm=False)
    generator = biggan.generator((16, 16, 1), options)
    assert generator.get_layer("linear").kernel.shape[0] == 8
    assert not numbers_of(generator, "norm")


def test_bad_input_is_refused():
    with pytest.raises(errors.UsageError, match=r"3 parts.* not 2"):
        biggan.generator((16, 16, 1), GeneratorOptions(2))
    with pytest.raises(errors.UsageError, match="BigGAN has no batch norm"):
        biggan.critic((16, 16, 1), CriticOptions(1, batch_norm=True))
    options = GeneratorOptions(2, spectral_norm=SpectralNorm())
    with pytest.raises(errors.UsageError, match="no spectral normalisation"):
        dcgan.generator((16, 16, 1), options)
