import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import layers


def test_leaky_relu_values_and_slopes():
    x = tf.constant([-2.0, -0.5, 0.5, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layers.leaky_relu(x)
    np.testing.assert_allclose(y, [-0.4, -0.1, 0.5, 3.0], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(y, x), [0.2, 0.2, 1.0, 1.0])
    np.testing.assert_allclose(layers.leaky_relu(x, 0.5)[:2], [-1.0, -0.25])


def penalty_gradients(activation, images, kernels):
    """Gradients of a squared gradient norm through two layers."""
    with tf.GradientTape() as outer:
        outer.watch(kernels)
        with tf.GradientTape() as inner:
            inner.watch(images)
            x = images
            for kernel in kernels:
                x = activation(x @ kernel)
            witness = tf.reduce_sum(tf.exp(x))
        slopes = inner.gradient(witness, images)
        penalty = tf.reduce_sum(slopes**2)
    return outer.gradient(penalty, kernels)


def test_leaky_relu_in_a_gradient_penalty(rng):
    images = tf.constant(rng.normal(size=(6, 4)))
    kernels = [tf.constant(rng.normal(size=(4, 4))) for _ in range(2)]
    found = penalty_gradients(  # 0.25, for TensorFlow keeps 0.2 in float32
        lambda x: layers.leaky_relu(x, 0.25), images, kernels
    )
    expected = penalty_gradients(
        lambda x: tf.where(x > 0.0, x, 0.25 * x), images, kernels
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_leaky_relu_has_no_second_derivative():
    x = tf.constant([-2.0, 3.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = layers.leaky_relu(x)
        slope = inner.gradient(y, x)
    assert outer.gradient(slope, x) is None


def test_layers_survive_a_file(tmp_path, rng):
    inputs = keras.Input((3,))
    outputs = layers.LeakyReLU(name="lrelu")(layers.batch_norm("bn")(inputs))
    model = keras.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = rng.normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(loaded(x), model(x))
    normalized = x / np.sqrt(1.0 + 1e-5)  # statistics start at 0 and 1
    expected = np.maximum(normalized, 0.2 * normalized)
    np.testing.assert_allclose(model(x), expected, rtol=1e-5)
