"""What every generator and critic must satisfy."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks import (
    ARCHITECTURES,
    Conditioning,
    CriticOptions,
    GeneratorOptions,
    matrices,
)
from tf_mmdgan.networks.attention import Gate
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm,
    SpectralNormalization,
)

# Their many layers take long to build; tests of their own have them small.
HEAVY = ("biggan", "biggan_deep", "biggan_plain", "sagan", "stylegan2")
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] if name in HEAVY else [])
    for name in ARCHITECTURES
]
# One name for each critic: several generators share DCGAN's.
CRITICS = {ARCHITECTURES[name.values[0]].critic: name for name in NAMES}
NORMALIZED = [
    name for name in NAMES if not ARCHITECTURES[name.values[0]].style_based
]
LABELS = tf.constant([0, 1, 2])


def shapes(name):
    entry = ARCHITECTURES[name]
    low, high = entry.minimum_size, entry.maximum_size
    step = entry.size_multiple
    yield low, low, 1
    yield low + step, low + step, 3
    yield low + 2 * step, low + step, 1
    yield high, high, 3
    if entry.makes_points:
        yield (2,)
        yield (3,)


def small(name):
    """A small size that is not the smallest, with unequal sides."""
    entry = ARCHITECTURES[name]
    low, step = entry.minimum_size, entry.size_multiple
    return low + step, low, 3


def build(name, shape, conditioning=None, **options):
    """Generator and critic of a few channels."""
    entry = ARCHITECTURES[name]
    # Of a few units with ReLU, all may be off by chance.
    keras.utils.set_random_seed(0)
    both = {"width": 4, "conditioning": conditioning}
    critic = entry.critic(shape, CriticOptions(5, **both))
    generator = entry.generator(shape, GeneratorOptions(6, **both, **options))
    return generator, critic


def projection(name):
    """By projection, of the kind that the critic can."""
    projected = name == "fullconv5"
    return Conditioning(Classes(3), "projection", project_output=projected)


def randomize(network, rng):
    """Random weights, so that the output is far from zero, but not at 1."""
    for weight in network.trainable_weights:
        scale = min(1.0, 3.0 / math.prod(weight.shape[:-1]) ** 0.5)
        # Equalised layers begin with more, which they scale down.
        scale = max(scale, np.std(weight))
        weight.assign(scale * rng.normal(size=weight.shape))


def uniform(rng, *shape):
    return tf.constant(rng.uniform(-1, 1, shape), tf.float32)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        pytest.param(name.values[0], shape, marks=name.marks)
        for name in NAMES
        for shape in shapes(name.values[0])
    ],
)
def test_generator_and_critic_fit(name, shape, rng):
    generator, critic = build(name, shape)
    randomize(generator, rng)
    images = generator(uniform(rng, 3, 6))
    assert images.dtype == tf.float32 and images.shape == (3, *shape)
    assert np.std(images) > 0.1
    if len(shape) > 1:
        assert np.abs(images).max() <= 1.0
    else:
        assert np.abs(images).max() > 1.0
    outputs = critic(images)
    features, activations = outputs["features"], outputs["activations"]
    positions = 1
    if name == "fullconv5":
        positions = math.prod(math.ceil(side / 32) for side in shape[:2])
    assert features.dtype == tf.float32
    assert features.shape == (3, 5 * positions)
    assert np.std(features) > 0.0
    assert all(x.shape[0] == 3 for x in activations) and activations
    if name != "fullconv5":
        layer = critic.get_layer("features")
        kernel = matrices.used_kernel(layer)
        linear = outputs["penultimate"] @ kernel + layer.bias
        np.testing.assert_allclose(features, linear, rtol=1e-4, atol=1e-4)
    # One image does not see another.
    alone = critic(images[1:2])["features"]
    np.testing.assert_allclose(features[1:2], alone, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_weights_survive_a_file_and_a_clone(name, tmp_path, rng):
    shape, path = small(name), tmp_path / "network.weights.h5"
    options = {"conditioning": projection(name), "batch_statistics": True}
    networks = build(name, shape, **options)
    others = build(name, shape, **options)
    for network, loaded, sizes in zip(
        networks, others, ((3, 6), (3, *shape)), strict=True
    ):
        randomize(network, rng)
        inputs = [uniform(rng, *sizes), LABELS]
        network.save_weights(path)
        loaded.load_weights(path)
        clone = keras.models.clone_model(network)
        clone.set_weights(network.get_weights())
        expected = tf.nest.flatten(network(inputs))
        for other in (loaded, clone):
            found = tf.nest.flatten(other(inputs))
            for one, two in zip(expected, found, strict=True):
                np.testing.assert_array_equal(one, two)
                assert np.std(one) > 0.0


@pytest.mark.parametrize("name", NAMES)
def test_impossible_sizes_name_the_range(name):
    entry = ARCHITECTURES[name]
    low, high = entry.minimum_size, entry.maximum_size
    for make, options in (
        (entry.generator, GeneratorOptions(4, width=4)),
        (entry.critic, CriticOptions(4, width=4)),
    ):
        for size in (low - 1, high + 1):
            with pytest.raises(errors.UsageError, match=f"{low} to {high}"):
                make((size, size, 3), options)
        if entry.size_multiple > 1:
            with pytest.raises(
                errors.UsageError, match=f"steps of {entry.size_multiple}"
            ):
                make((low, low + 1, 3), options)
        if not entry.makes_points:
            with pytest.raises(errors.UsageError, match="architecture mlp"):
                make((2,), options)


@pytest.mark.parametrize("kind", ["projection", "concatenation"])
@pytest.mark.parametrize("name", NAMES)
def test_labels_change_what_they_label(name, kind, rng):
    shape = small(name)
    conditioning = Conditioning(Classes(3), kind)
    if kind == "projection":
        conditioning = projection(name)
    generator, critic = build(name, shape, conditioning=conditioning)
    randomize(generator, rng)
    randomize(critic, rng)
    others = tf.constant([0, 1, 1])
    latents = uniform(rng, 3, 6)
    images = [generator([latents, y]) for y in (LABELS, others)]
    features = [critic([images[0], y])["features"] for y in (LABELS, others)]
    for mine, changed in (images, features):
        np.testing.assert_allclose(mine[:2], changed[:2], rtol=1e-3, atol=1e-5)
        assert np.abs(mine[2] - changed[2]).max() > 1e-3


@pytest.mark.parametrize("name", NORMALIZED)
def test_projection_needs_batch_norm(name):
    entry = ARCHITECTURES[name]
    options = GeneratorOptions(
        6, width=4, batch_norm=False, conditioning=projection(name)
    )
    with pytest.raises(errors.UsageError, match=r"projection .* batch norm"):
        entry.generator(small(name), options)


@pytest.mark.parametrize("name", NORMALIZED)
def test_batch_statistics_are_used_in_evaluation(name, rng):
    entry = ARCHITECTURES[name]
    generator = entry.generator(
        small(name), GeneratorOptions(6, width=4, batch_statistics=True)
    )
    usual = entry.generator(small(name), GeneratorOptions(6, width=4))
    randomize(generator, rng)
    usual.set_weights(generator.get_weights())
    latents = uniform(rng, 8, 6)
    evaluated, moving = generator(latents), generator.get_weights()
    np.testing.assert_allclose(
        evaluated, usual(latents, training=True), rtol=1e-3, atol=1e-4
    )
    usual.set_weights(moving)
    assert np.abs(evaluated - usual(latents)).max() > 1e-2
    for before, after in zip(moving, generator.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def kernels(network):
    """Layers by name that have a kernel of two axes or more."""
    return {
        layer.name: layer
        for layer in network.layers
        if any(len(weight.shape) > 1 for weight in layer.trainable_weights)
    }


@pytest.mark.parametrize("name", CRITICS.values())
def test_spectral_norm_wraps_every_kernel_and_penalties_are_finite(name, rng):
    entry = ARCHITECTURES[name]
    shape = small(name)
    options = CriticOptions(5, width=4, conditioning=projection(name))
    bare = entry.critic(shape, options)
    critic = entry.critic(
        shape, dataclasses.replace(options, spectral_norm=SpectralNorm())
    )
    for layer in critic.layers:
        if isinstance(layer, Gate):  # closed at first
            layer.gamma.assign(1.0)
    wrapped = kernels(critic)
    assert set(wrapped) == set(kernels(bare)) and "embedding" in wrapped
    assert all(isinstance(x, SpectralNormalization) for x in wrapped.values())
    weights = [
        weight
        for layer in wrapped.values()
        for weight in layer.trainable_weights
        if len(weight.shape) > 1
    ]
    images = uniform(rng, 3, *shape)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(images)
            total = tf.reduce_sum(critic([images, LABELS])["features"])
        slopes = inner.gradient(total, images)
        penalty = tf.reduce_mean(tf.reduce_sum(slopes**2, axis=(1, 2, 3)))
    gradients = outer.gradient(penalty, weights)
    for weight, gradient in zip(weights, gradients, strict=True):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0.0, weight.path
