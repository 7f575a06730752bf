import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, spectral_normalization
from tf_mmdgan.spectral_normalization import SpectralNorm

# A layer, and the shape of its input without the batch axis.
DENSE = (lambda **kw: keras.layers.Dense(5, **kw), (7,))
EMBEDDING = (lambda **kw: keras.layers.Embedding(6, 4, **kw), ())
CONV = (
    lambda **kw: keras.layers.Conv2D(4, 3, strides=2, padding="same", **kw),
    (6, 5, 3),
)
CONV_VALID = (lambda **kw: keras.layers.Conv2D(4, 3, **kw), (5, 6, 2))
CONV_DILATED = (
    lambda **kw: keras.layers.Conv2D(
        3, 3, padding="same", dilation_rate=2, **kw
    ),
    (6, 6, 2),
)
DECONV = (
    lambda **kw: keras.layers.Conv2DTranspose(
        2, 5, strides=2, padding="same", **kw
    ),
    (4, 3, 3),
)
DECONV_PADDED = (
    lambda **kw: keras.layers.Conv2DTranspose(
        2, 5, strides=2, padding="same", output_padding=(0, 1), **kw
    ),
    (4, 3, 3),
)
CONVOLUTIONS = [CONV, CONV_VALID, CONV_DILATED, DECONV, DECONV_PADDED]
CASES = [DENSE, EMBEDDING, *CONVOLUTIONS]
CASES_AND_FORMS = [(case, "matrix") for case in CASES] + [
    (case, "operator") for case in CONVOLUTIONS
]


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def make(case, norm, rng, **kwargs):
    """A built layer with a random kernel, u and v at their limit."""
    layer, shape = case
    wrapped = norm.wrap(layer(**kwargs))
    wrapped.build((None, *shape))
    kernel = raw(wrapped)
    # A mean sets the first singular value apart, so that few steps find it.
    kernel.assign(0.5 + rng.normal(size=kernel.shape))
    wrapped.power_iteration(100)
    return wrapped


def raw(wrapped):
    layer = wrapped.layer
    is_embedding = isinstance(layer, keras.layers.Embedding)
    return layer.embeddings if is_embedding else layer.kernel


def matrix_norm(layer, kernel):
    kernel = np.asarray(kernel, np.float64)
    if isinstance(layer, keras.layers.Conv2DTranspose):
        kernel = np.moveaxis(kernel, 2, 3)
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]))[1][0]


def operator_norm(layer, kernel, shape):
    """Of the matrix that the layer's own outputs for unit images make."""
    unit = np.eye(np.prod(shape)).reshape(-1, *shape)
    plain = type(layer).from_config({**layer.get_config(), "use_bias": False})
    plain.build(unit.shape)
    plain.set_weights([kernel])
    return np.linalg.norm(np.reshape(plain(unit), [len(unit), -1]), 2)


@pytest.mark.parametrize("case", CASES)
def test_sigma_is_the_norm_of_the_matrix(case, rng):
    wrapped = make(case, SpectralNorm(scale=2.0), rng)
    kernel = raw(wrapped).numpy()
    norm = matrix_norm(wrapped.layer, kernel)
    np.testing.assert_allclose(wrapped.sigma(), norm, rtol=1e-3)
    np.testing.assert_allclose(
        wrapped.normalized_kernel(), 2.0 * kernel / norm, rtol=2e-3
    )


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_sigma_is_the_norm_of_the_operator(case, rng):
    wrapped = make(case, SpectralNorm("operator"), rng)
    norm = operator_norm(wrapped.layer, raw(wrapped), case[1])
    np.testing.assert_allclose(wrapped.sigma(), norm, rtol=1e-3)
    other = matrix_norm(wrapped.layer, raw(wrapped))
    assert abs(other / norm - 1.0) > 0.05


@pytest.mark.parametrize("case", [DENSE, EMBEDDING])
def test_operator_of_a_matrix_is_the_matrix(case, rng):
    wrapped = make(case, SpectralNorm("operator"), rng)
    norm = matrix_norm(wrapped.layer, raw(wrapped))
    np.testing.assert_allclose(wrapped.sigma(), norm, rtol=1e-3)


@pytest.mark.parametrize("case, form", CASES_AND_FORMS)
def test_layer_computes_with_the_normalized_kernel(case, form, rng):
    wrapped = make(case, SpectralNorm(form, scale=1.5), rng)
    layer = wrapped.layer
    inputs = rng.integers(0, 6, size=(3, *case[1]))
    if case is not EMBEDDING:
        inputs = rng.normal(size=inputs.shape).astype(np.float32)
        layer.bias.assign(rng.normal(size=layer.bias.shape))
    before = wrapped.get_weights()
    outputs = wrapped(inputs, training=True)
    np.testing.assert_array_equal(wrapped(inputs, training=False), outputs)
    np.testing.assert_array_equal(wrapped(inputs), outputs)
    for one, other in zip(wrapped.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)

    plain = type(layer).from_config(layer.get_config())
    plain.build((None, *case[1]))
    plain.set_weights([wrapped.normalized_kernel(), *layer.get_weights()[1:]])
    np.testing.assert_allclose(outputs, plain(inputs), rtol=1e-5, atol=1e-5)
    assert wrapped.compute_output_shape(inputs.shape) == outputs.shape


# TensorFlow's CPU code has no adjoint of a dilated convolution in float64.
@pytest.mark.parametrize(
    "case, form", [pair for pair in CASES_AND_FORMS if CONV_DILATED not in pair]
)
def test_gradient_goes_through_sigma(case, form, rng):
    wrapped = make(case, SpectralNorm(form), rng, dtype="float64")
    kernel = raw(wrapped).numpy()
    upstream = rng.normal(size=kernel.shape)

    def loss(kernel):
        if form == "operator":
            norm = operator_norm(wrapped.layer, kernel, case[1])
        else:
            norm = matrix_norm(wrapped.layer, kernel)
        return np.sum(upstream * kernel / norm)

    with tf.GradientTape() as tape:
        value = tf.reduce_sum(upstream * wrapped.normalized_kernel())
    gradient = tape.gradient(value, raw(wrapped)).numpy()
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(value, loss(kernel), rtol=1e-6)
    direction = rng.normal(size=kernel.shape)
    ahead, behind = (loss(kernel + h * direction) for h in (1e-5, -1e-5))
    np.testing.assert_allclose(
        np.sum(gradient * direction), (ahead - behind) / 2e-5, rtol=1e-4
    )


def test_gradient_is_miyatos(rng):
    wrapped = make(DENSE, SpectralNorm(), rng, dtype="float64")
    inputs = rng.normal(size=(9, 7))
    upstream = rng.normal(size=(9, 5))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(upstream * wrapped(inputs))
    found = tape.gradient(loss, wrapped.layer.kernel)
    kernel = wrapped.layer.kernel.numpy()
    left, values, right = np.linalg.svd(kernel)
    by_normalized = inputs.T @ upstream
    inner = np.sum(by_normalized * kernel / values[0])
    rank_one = np.outer(left[:, 0], right[0])
    expected = (by_normalized - inner * rank_one) / values[0]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.sum(found * kernel), 0.0, atol=1e-5)


def test_gradient_of_the_scale(rng):
    wrapped = make(DENSE, SpectralNorm(learnable_scale=True, scale=3.0), rng)
    upstream = rng.normal(size=(7, 5)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(upstream * wrapped.normalized_kernel())
    found = tape.gradient(loss, wrapped.scale)
    kernel = wrapped.layer.kernel.numpy()
    expected = np.sum(upstream * kernel) / matrix_norm(wrapped.layer, kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    names = [weight.name for weight in wrapped.trainable_weights]
    assert sorted(names) == ["bias", "kernel", "scale"]
    assert float(wrapped.scale.value) == 3.0


def test_only_a_learnable_scale_is_trained(rng):
    wrapped = make(DENSE, SpectralNorm(scale=3.0), rng)
    trained = [weight.name for weight in wrapped.trainable_weights]
    kept = [weight.name for weight in wrapped.non_trainable_weights]
    assert sorted(trained) == ["bias", "kernel"]
    assert sorted(kept) == ["scale", "u", "v"]


def test_power_steps_by_numpy(rng):
    wrapped = make(DENSE, SpectralNorm(), rng)
    kernel = rng.normal(size=(7, 5)).astype(np.float32)
    wrapped.layer.kernel.assign(kernel)
    u = wrapped.u.numpy()[0]
    for _ in range(2):
        v = kernel @ u / np.linalg.norm(kernel @ u)
        u = kernel.T @ v / np.linalg.norm(kernel.T @ v)
    wrapped.power_iteration(2)
    np.testing.assert_allclose(wrapped.u.numpy()[0], u, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(wrapped.v.numpy()[0], v, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(wrapped.sigma(), v @ kernel @ u, rtol=1e-5)


@pytest.mark.parametrize("form", ["matrix", "operator"])
def test_a_built_layer_is_near_the_limit(form):
    wrapped = SpectralNorm(form).wrap(keras.layers.Conv2D(32, 3))
    wrapped.build((None, 8, 8, 16))
    start = wrapped.sigma()
    wrapped.power_iteration(300)
    np.testing.assert_allclose(start, wrapped.sigma(), rtol=0.01)


def test_a_kernel_of_zeros_leaves_the_vectors(rng):
    wrapped = make(DENSE, SpectralNorm(), rng)
    kernel, u = wrapped.layer.kernel.numpy(), wrapped.u.numpy()
    wrapped.layer.kernel.assign(np.zeros_like(kernel))
    wrapped.power_iteration(3)
    np.testing.assert_array_equal(wrapped.u, u)
    wrapped.layer.kernel.assign(kernel)
    norm = matrix_norm(wrapped.layer, kernel)
    np.testing.assert_allclose(wrapped.sigma(), norm, rtol=1e-3)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.DepthwiseConv2D(3, name="odd"),
        keras.layers.BatchNormalization(name="odd"),
        keras.layers.Conv2D(4, 3, groups=2, name="odd"),
    ],
)
def test_other_layers_are_refused(layer):
    known = "Dense, Conv2D, Conv2DTranspose, Embedding"
    with pytest.raises(ValueError, match=f"'odd' is a .* takes {known}"):
        SpectralNorm().wrap(layer)


def test_bad_settings_are_refused():
    with pytest.raises(errors.UsageError, match="known: matrix, operator"):
        SpectralNorm("opreator")
    for scale in (0.0, -1.0, float("nan")):
        with pytest.raises(errors.UsageError, match="scale="):
            SpectralNorm(scale=scale)


def test_the_operator_form_needs_one_size():
    wrapped = SpectralNorm("operator").wrap(keras.layers.Conv2D(2, 3))
    with pytest.raises(errors.UsageError, match="size"):
        wrapped.build((None, None, 8, 1))
    wrapped.build((None, 8, 8, 1))
    with pytest.raises(ValueError, match="incompatible"):
        wrapped(np.zeros([1, 6, 8, 1], np.float32))


def test_layers_of_nested_models(rng):
    inner = keras.Sequential(
        [keras.Input((3,)), SpectralNorm().wrap(keras.layers.Dense(4))]
    )
    wrapped = SpectralNorm().wrap(keras.layers.Dense(2, name="last"))
    outer = keras.Sequential(
        [keras.Input((3,)), inner, keras.layers.ReLU(), wrapped]
    )
    found = spectral_normalization.spectral_layers(outer)
    assert {id(layer) for layer in found} == {
        id(inner.layers[-1]),
        id(wrapped),
    }
    assert outer.get_layer("last") is wrapped
    for layer in found:
        layer.layer.kernel.assign(rng.normal(size=layer.layer.kernel.shape))
    spectral_normalization.move(outer, 200)
    for layer in found:
        norm = matrix_norm(layer.layer, layer.layer.kernel)
        np.testing.assert_allclose(layer.sigma(), norm, rtol=1e-3)
