import keras
import numpy as np
import other_keras
import pytest
import tensorflow as tf
from numpy_layers import normalize, randomize, weights

from tf_mmdgan import errors
from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks import CriticOptions, GeneratorOptions, dcgan, mlp
from tf_mmdgan.networks.conditioning import Conditioning

LABELS = tf.constant([2, 0, 1, 2, 2])
ROWS = np.eye(3, dtype=np.float32)[LABELS.numpy()]


@pytest.fixture
def points(rng):
    return tf.constant(rng.normal(size=(5, 4)), tf.float32)


def test_projection_adds_a_share_linear_in_the_activations(points, rng):
    conditioning = Conditioning(Classes(3), "projection")
    options = CriticOptions(2, width=6, conditioning=conditioning)
    critic = mlp.critic((4,), options)
    randomize(critic, rng)
    outputs = critic([points, LABELS])
    phi = outputs["activations"][-1].numpy()
    kernel, bias = weights(critic, "features")
    (table,) = weights(critic, "embedding")
    assert table.shape == (3, 12)
    expected = [
        (kernel + table[label].reshape(6, 2)).T @ row + bias
        for row, label in zip(phi, LABELS.numpy(), strict=True)
    ]
    np.testing.assert_allclose(outputs["features"], expected, rtol=1e-4)


def test_project_output_adds_a_product_with_the_output(points, rng):
    conditioning = Conditioning(Classes(3), "projection", project_output=True)
    options = CriticOptions(2, width=6, conditioning=conditioning)
    critic = mlp.critic((4,), options)
    randomize(critic, rng)
    outputs = critic([points, LABELS])
    kernel, bias = weights(critic, "features")
    (table,) = weights(critic, "embedding")
    f = outputs["activations"][-1].numpy() @ kernel + bias
    share = (table[LABELS.numpy()] * f).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outputs["features"], f + share, rtol=1e-4)


def test_generator_scales_and_shifts_each_class(points, rng):
    conditioning = Conditioning(Classes(3), "projection")
    options = GeneratorOptions(4, width=6, conditioning=conditioning)
    generator = mlp.generator((2,), options)
    plain = mlp.generator((2,), GeneratorOptions(4, width=6))
    # Scales of 1 and offsets of 0 are those of unconditional layers.
    for layer in plain.layers:
        if layer.name.startswith(("hidden", "outputs")):
            values = weights(generator, layer.name)
            layer.set_weights(values)
    np.testing.assert_allclose(
        generator([points, LABELS], training=True),
        plain(points, training=True),
        rtol=1e-4,
        atol=1e-6,
    )
    randomize(generator, rng)
    x = points.numpy()
    for number in (1, 2):
        kernel, bias = weights(generator, f"hidden{number}")
        norm = generator.get_layer(f"bn{number}")
        x = normalize(x @ kernel + bias, 0)
        x = x * norm.class_scale.numpy()[LABELS]
        x = np.maximum(x + norm.class_offset.numpy()[LABELS], 0.0)
    kernel, bias = weights(generator, "outputs")
    np.testing.assert_allclose(
        generator([points, LABELS], training=True),
        x @ kernel + bias,
        rtol=1e-3,
        atol=1e-4,
    )


def test_concatenation_appends_one_hot_rows(points, rng):
    conditioning = Conditioning(Classes(3), "concatenation")
    for build, options in (
        (mlp.generator, GeneratorOptions),
        (mlp.critic, CriticOptions),
    ):
        chosen = options(4, width=6, conditioning=conditioning)
        network = build((4,), chosen)
        labelled = network.get_layer("labelled").output
        probe = keras.Model(network.input, labelled)
        np.testing.assert_array_equal(
            probe([points, LABELS]), np.concatenate([points, ROWS], axis=1)
        )


def test_concatenation_appends_constant_channels(rng):
    conditioning = Conditioning(Classes(3), "concatenation")
    options = CriticOptions(4, width=2, conditioning=conditioning)
    critic = dcgan.critic((16, 18, 2), options)
    probe = keras.Model(critic.input, critic.get_layer("labelled").output)
    images = tf.constant(rng.uniform(-1, 1, (5, 16, 18, 2)), tf.float32)
    x = probe([images, LABELS]).numpy()
    np.testing.assert_allclose(x[..., :2], (images + 1) / 2, rtol=1e-6)
    channels = np.broadcast_to(ROWS[:, None, None], (5, 16, 18, 3))
    np.testing.assert_array_equal(x[..., 2:], channels)


@pytest.mark.parametrize("kind", ["projection", "concatenation"])
def test_labels_out_of_range_are_an_error(kind, points):
    conditioning = Conditioning(Classes(3), kind)
    options = CriticOptions(2, width=6, conditioning=conditioning)
    critic = mlp.critic((4,), options)
    for label in (-1, 3):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="Labels must be 0 to 2"
        ):
            critic([points, tf.fill([5], label)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, "projection"), "condition: need a Condition"),
        ((Classes(3), "projecton"), "Did you mean 'projection'"),
        ((Classes(3), "concatenation", True), "project_output belongs to"),
    ],
)
def test_impossible_conditioning(arguments, message):
    with pytest.raises(errors.UsageError, match=message):
        Conditioning(*arguments)


@pytest.mark.parametrize("make", ["generator", "critic"])
def test_no_network_is_made_of_other_axes(make):
    options = {"generator": GeneratorOptions(3), "critic": CriticOptions(3)}
    with (
        other_keras.setting("image_data_format", "channels_first"),
        pytest.raises(errors.UsageError, match="needs channels_last"),
    ):
        getattr(dcgan, make)((16, 16, 1), options[make])


def test_projection_needs_batch_norm_in_the_generator():
    conditioning = Conditioning(Classes(3), "projection")
    options = GeneratorOptions(3, batch_norm=False, conditioning=conditioning)
    with pytest.raises(errors.UsageError, match="leave that on"):
        mlp.generator((2,), options)
