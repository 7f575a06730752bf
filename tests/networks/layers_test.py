import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.networks import layers


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


@pytest.mark.parametrize("slope", [0.2, 0.1, 0.0])
def test_leaky_relu_layer_has_its_slope(slope):
    x = tf.constant([-2.0, 0.5])
    found = layers.LeakyReLU(slope)(x)
    np.testing.assert_allclose(found, [-2.0 * slope, 0.5], rtol=1e-6)


def normalized(x, mean, variance):
    return (x - mean) / np.sqrt(variance + 1e-5)


def test_batch_statistics_in_evaluation(rng):
    x = rng.normal(2.0, 3.0, size=(6, 4, 5, 2)).astype(np.float32)
    layer = layers.batch_norm(batch_statistics=True)
    layer(x)  # builds it
    scale, offset = rng.normal(size=(2, 2))
    layer.gamma.assign(scale)
    layer.beta.assign(offset)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    expected = normalized(x, mean, variance) * scale + offset
    for training in (False, True):
        found = layer(x, training=training)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
        # Training moves the moving statistics, evaluation does not.
        moved = 0.1 * training
        np.testing.assert_allclose(layer.moving_mean, moved * mean, rtol=1e-4)
        np.testing.assert_allclose(
            layer.moving_variance, 1 + moved * (variance - 1), rtol=1e-4
        )


def test_batch_statistics_in_half_precision(rng):
    x = rng.normal(300.0, 1.0, size=(64, 2)).astype(np.float16)
    layer = layers.BatchNormalization(batch_statistics=True, dtype="float16")
    found = layer(x)
    assert found.dtype == tf.float16
    wide = x.astype(np.float64)
    expected = (wide - wide.mean(0)) / np.sqrt(wide.var(0) + 1e-3)
    np.testing.assert_allclose(found, expected, atol=1e-2)


@pytest.mark.parametrize("shape", [(6, 2), (6, 3, 4, 2)])
def test_conditional_batch_norm(shape, rng):
    x = rng.normal(2.0, 3.0, size=shape).astype(np.float32)
    labels = np.array([0, 2, 2, 1, 0, 2])
    one_hot = tf.constant(np.eye(3)[labels], tf.float32)
    layer = layers.batch_norm(num_classes=3)
    axes = tuple(range(len(shape) - 1))
    mean, variance = x.mean(axes), x.var(axes)
    # Scales start at 1 and offsets at 0, for every class.
    found = layer(x, one_hot, training=True)
    expected = normalized(x, mean, variance)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    scale, offset = rng.normal(size=(2, 3, 2))
    layer.class_scale.assign(scale)
    layer.class_offset.assign(offset)
    rows = (6, *[1] * (len(shape) - 2), 2)
    for training in (True, False):
        if not training:
            # After two updates from 0 and 1 with momentum .9.
            mean, variance = 0.19 * mean, 0.81 + 0.19 * variance
        found = layer(x, one_hot, training=training)
        expected = normalized(x, mean, variance)
        expected = expected * scale[labels].reshape(rows)
        expected = expected + offset[labels].reshape(rows)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "mean, spread, error", [(2.0, 3.0, 1e-4), (1000.0, 0.1, 1e-3)]
)
def test_conditional_batch_norm_over_two_replicas(
    two_cpus, training, mean, spread, error, rng
):
    x = rng.normal(mean, spread, size=(6, 2)).astype(np.float32)
    one_hot = np.eye(3, dtype=np.float32)[[0, 2, 2, 1, 0, 2]]
    with two_cpus.scope():
        layer = layers.batch_norm(num_classes=3, batch_statistics=True)
        layer.build((None, 2), (None, 3))

    def half(array):
        return two_cpus.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                np.split(array, 2)[context.replica_id_in_sync_group]
            )
        )

    @tf.function
    def run(x, one_hot):
        return two_cpus.run(
            lambda x, y: layer(x, y, training=training), (x, one_hot)
        )

    found = np.concatenate(
        two_cpus.experimental_local_results(run(half(x), half(one_hot)))
    )
    wide = x.astype(np.float64)  # in float32 sums of squares cancel
    expected = normalized(wide, wide.mean(0), wide.var(0))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=error)


def test_one_hot():
    layer = layers.OneHot(3)
    np.testing.assert_array_equal(
        layer(tf.constant([2, 0])), [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    )
    for label in (-1, 3):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="must be 0 to 2"
        ):
            layer(tf.constant([1, label]))


def test_conditional_layers_survive_a_file(tmp_path, rng):
    inputs = [keras.Input((4,)), keras.Input((), dtype="int32")]
    norm = layers.batch_norm("bn", num_classes=3, batch_statistics=True)
    x = norm(inputs[0], layers.OneHot(3)(inputs[1]))
    model = keras.Model(inputs, layers.LeakyReLU(0.1)(x))
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = [rng.normal(size=(5, 4)).astype(np.float32), np.arange(5) % 3]
    x = [tf.constant(x[0]), tf.constant(x[1])]
    np.testing.assert_array_equal(loaded(x), model(x))
    assert loaded.get_layer("bn").num_classes == 3


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
