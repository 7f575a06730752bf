"""Networks that are told numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_layers import normalize, randomize, weights

from tf_mmdgan.conditions import Numbers
from tf_mmdgan.networks import (
    ARCHITECTURES,
    Conditioning,
    CriticOptions,
    GeneratorOptions,
    dcgan,
    layers,
    mlp,
)
from tf_mmdgan.networks.spectral_normalization import (
    SpectralNorm,
    spectral_layers,
)

LABELS = tf.constant([[0.3, -1.0], [1.2, 0.4], [0.0, 0.0], [-2.0, 0.1]])


@pytest.fixture
def points(rng):
    return tf.constant(rng.normal(size=(4, 4)), tf.float32)


def embedded(network):
    """The rows of the labels by NumPy."""
    layer = network.get_layer("embedded_labels")
    h = LABELS.numpy() @ layer.directions.numpy() + layer.offsets.numpy()
    h = np.maximum(h, 0.0)
    return h / np.sqrt((h**2).sum(axis=1, keepdims=True))


def test_rows_are_nearer_for_nearer_labels():
    keras.utils.set_random_seed(0)
    layer = layers.DenseEmbedding(64)
    angles = np.linspace(0, 2 * np.pi, 9)
    rows = layer(np.stack([np.cos(angles), np.sin(angles)], 1)).numpy()
    np.testing.assert_allclose((rows**2).sum(axis=1), 1.0, rtol=1e-5)
    products = rows @ rows[0]
    assert np.all(np.diff(products[:5]) < 0) and np.all(
        np.diff(products[4:]) > 0
    )


def test_a_label_that_embeds_to_nothing_has_finite_gradients():
    layer = layers.DenseEmbedding(3)
    layer.build((None, 2))
    layer.offsets.assign([-9.0] * 3)
    with tf.GradientTape() as tape:
        rows = layer(tf.zeros([1, 2]))
        total = tf.reduce_sum(rows)
    np.testing.assert_array_equal(rows, 0.0)
    for gradient in tape.gradient(total, layer.trainable_variables):
        assert np.isfinite(gradient).all()


def test_projection_adds_a_share_linear_in_activations_and_rows(points, rng):
    conditioning = Conditioning(Numbers(2), "projection")
    options = CriticOptions(3, width=6, conditioning=conditioning)
    critic = mlp.critic((4,), options)
    randomize(critic, rng)
    outputs = critic([points, LABELS])
    phi = outputs["activations"][-1].numpy()
    kernel, bias = weights(critic, "features")
    (table,) = weights(critic, "embedding")
    matrices = (embedded(critic) @ table).reshape(4, 6, 3)
    expected = phi @ kernel + bias + np.einsum("bp,bpd->bd", phi, matrices)
    np.testing.assert_allclose(outputs["features"], expected, rtol=2e-4)


def test_generators_scale_and_shift_by_linear_maps_of_the_rows(points, rng):
    conditioning = Conditioning(Numbers(2), "projection")
    options = GeneratorOptions(4, width=6, conditioning=conditioning)
    generator = mlp.generator((2,), options)
    plain = mlp.generator((2,), GeneratorOptions(4, width=6))
    for layer in plain.layers:
        if layer.name.startswith(("hidden", "outputs")):
            layer.set_weights(weights(generator, layer.name))
    # At first labels change nothing, as those of classes do not.
    np.testing.assert_allclose(
        generator([points, LABELS], training=True),
        plain(points, training=True), rtol=1e-4, atol=1e-6,
    )  # fmt: skip
    randomize(generator, rng)
    x, rows = points.numpy(), embedded(generator)
    for number in (1, 2):
        kernel, bias = weights(generator, f"hidden{number}")
        (gain,) = weights(generator, f"bn{number}_gain")
        (offset,) = weights(generator, f"bn{number}_offset")
        x = normalize(x @ kernel + bias, 0)
        x = np.maximum(x * (1.0 + rows @ gain) + rows @ offset, 0.0)
    kernel, bias = weights(generator, "outputs")
    np.testing.assert_allclose(
        generator([points, LABELS], training=True), x @ kernel + bias,
        rtol=1e-3, atol=1e-4,
    )  # fmt: skip


def test_concatenation_appends_the_numbers(points, rng):
    conditioning = Conditioning(Numbers(2), "concatenation")
    options = GeneratorOptions(4, width=6, conditioning=conditioning)
    generator = mlp.generator((2,), options)
    probe = keras.Model(generator.input, generator.get_layer("labelled").output)
    np.testing.assert_array_equal(
        probe([points, LABELS]),
        np.concatenate([points, LABELS.numpy()], axis=1),
    )
    options = CriticOptions(4, width=2, conditioning=conditioning)
    critic = dcgan.critic((16, 18, 1), options)
    probe = keras.Model(critic.input, critic.get_layer("labelled").output)
    images = tf.constant(rng.uniform(-1, 1, (4, 16, 18, 1)), tf.float32)
    channels = np.broadcast_to(LABELS.numpy()[:, None, None], (4, 16, 18, 2))
    np.testing.assert_array_equal(probe([images, LABELS])[..., 1:], channels)


def test_the_embedding_is_not_under_spectral_normalization():
    conditioning = Conditioning(Numbers(2), "projection")
    options = CriticOptions(
        1, width=4, conditioning=conditioning, spectral_norm=SpectralNorm()
    )
    critic = mlp.critic((4,), options)
    names = {layer.layer.name for layer in spectral_layers(critic)}
    assert "embedding" in names and "embedded_labels" not in names


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["projection", "concatenation"])
@pytest.mark.parametrize("name", ["biggan", "biggan_deep", "biggan_plain"])
def test_biggan_is_told_numbers(name, kind):
    keras.utils.set_random_seed(0)
    conditioning = Conditioning(Numbers(2), kind)
    options = GeneratorOptions(9, width=2, conditioning=conditioning)
    generator = ARCHITECTURES[name].generator((16, 16, 1), options)
    latents = tf.random.stateless_normal([1, 9], [1, 2])
    rows = tf.repeat(latents, 4, axis=0)
    for weight in generator.trainable_variables:
        if weight.path.endswith(("_gain/kernel", "_offset/kernel")):
            weight.assign(tf.random.stateless_normal(weight.shape, [3, 4]))
    made = generator([rows, LABELS], training=False).numpy()
    assert made.shape == (4, 16, 16, 1)
    assert all(np.abs(made[0] - other).max() > 1e-7 for other in made[1:])
