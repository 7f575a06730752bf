"""Layers of trained networks as differentiable features."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features import LENETS, FrozenFeatures, get_matched, lenet


def images(rng, size=16, channels=1):
    shape = (3, size, size, channels)
    return rng.uniform(-1, 1, shape).astype(np.float32)


def test_layers_of_a_lenet_are_flattened_side_by_side(rng):
    model, _ = lenet.load(LENETS["lenet_digits"])
    x = images(rng)
    found = get_matched("lenet_digits@conv_2+features", (16, 16, 1))
    parts = [
        keras.Model(model.inputs, model.get_layer(name).output)(x)
        for name in ("conv_2", "features")
    ]
    expected = np.concatenate([np.reshape(p, (3, -1)) for p in parts], axis=1)
    np.testing.assert_allclose(found(x), expected, rtol=1e-5, atol=1e-6)


def test_several_networks_and_the_same_by_its_file(rng):
    path = LENETS["lenet_digits"]
    text = f"lenet:{path}@features, lenet_digits@features"
    rows = get_matched(text, (16, 16, 1))(images(rng)).numpy()
    np.testing.assert_array_equal(*np.split(rows, 2, axis=1))


def test_gradients_reach_the_images(rng):
    x = tf.constant(images(rng))
    features = get_matched("lenet_digits", (16, 16, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(tf.square(features(x)))
    assert np.abs(tape.gradient(value, x)).max() > 0


def test_networks_of_keras_applications_with_local_weights(rng, tmp_path):
    network = keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    path = tmp_path / "vgg19.weights.h5"
    network.save_weights(path)
    features = get_matched(f"vgg19:{path}@block1_conv1", (32, 32, 3))
    x = images(rng, 32, 3)
    levels = 127.5 * (x[..., ::-1] + 1) - [103.939, 116.779, 123.68]
    expected = network.get_layer("block1_conv1")(levels.astype(np.float32))
    np.testing.assert_allclose(
        features(x), np.reshape(expected, (3, -1)), rtol=1e-4, atol=1e-3
    )
    chosen = get_matched(f"vgg19:{path}", (32, 32, 3))
    # All sixteen convolutions, as wide as the published ones.
    width = sum(np.prod(shape[1:]) for shape in chosen.network.output_shape)
    assert (len(chosen.network.outputs), width) == (16, 303_104)


def test_grey_images_of_another_size_are_adapted(rng, tmp_path):
    network = keras.Sequential(
        [keras.Input((4, 4, 3)), keras.layers.Flatten(name="flat")]
    )
    path = tmp_path / "flat.keras"
    network.save(path)
    features = get_matched(f"keras:{path}", (8, 8, 1))
    grey = np.full((2, 8, 8, 1), 0.25, np.float32)
    np.testing.assert_allclose(features(grey), np.full((2, 48), 0.25), 1e-5)


@pytest.mark.parametrize(
    "text, error, words",
    [
        ("vgg18:x", errors.UsageError, "Did you mean 'vgg19'"),
        ("vgg19", errors.DataError, "vgg19:PATH"),
        ("vgg19:none.h5", errors.DataError, r"no file none\.h5"),
        ("lenet_digits@conv_9", errors.UsageError, "Unknown layer .*conv_2"),
        ("keras:BAD", errors.DataError, "no Keras model"),
        ("resnet50:BAD", errors.DataError, "no weights of resnet50"),
    ],
)
def test_bad_input(tmp_path, monkeypatch, text, error, words):
    for cache in ("XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.setenv(cache, str(tmp_path))
    bad = tmp_path / "bad.weights.h5"
    bad.write_bytes(b"no weights")
    bad.with_name("bad.keras").write_bytes(b"no model")
    name = "bad.keras" if "keras:" in text else "bad.weights.h5"
    text = text.replace("BAD", str(tmp_path / name))
    with pytest.raises(error, match=words):
        get_matched(text, (32, 32, 3))


def test_images_with_other_channels_are_refused(rng):
    features = get_matched("lenet_digits", (16, 16, 3))
    with pytest.raises(errors.UsageError, match="1 channel"):
        features(images(rng, 16, 3))


def test_a_network_of_the_user_can_be_trained_on():
    network = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Dense(2, name="code")]
    )
    FrozenFeatures("own", network, layers=["code"])
    assert len(network.trainable_variables) == 2
