import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.networks import spectral_normalization
from tf_mmdgan.networks.spectral_normalization import SpectralNorm

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
    wrapped.power_iteration(30)
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


def test_one_vector_takes_power_steps(rng):
    wrapped = make(DENSE, SpectralNorm(vectors=1), rng)
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


def orthonormal_rows(rows):
    return np.linalg.qr(rows.T)[0].T


def test_a_step_of_many_vectors_by_numpy(rng):
    wrapped = SpectralNorm(vectors=3).wrap(keras.layers.Dense(12))
    wrapped.build((None, 15))
    kernel = rng.normal(size=(15, 12))
    wrapped.layer.kernel.assign(kernel)
    block = wrapped.u.numpy()
    assert block.shape == (3, 12) and wrapped.v.shape == (1, 15)
    wrapped.power_iteration()

    # The largest of the operator on the span of the block and its power.
    basis = orthonormal_rows(np.vstack([block, block @ kernel.T @ kernel]))
    right = np.linalg.svd(basis @ kernel.T, full_matrices=False)[2]
    block = orthonormal_rows(right[:3] @ kernel)
    sign = np.sign(wrapped.v.numpy()[0] @ right[0])
    np.testing.assert_allclose(
        wrapped.v.numpy()[0], sign * right[0], rtol=1e-3, atol=1e-4
    )
    found = wrapped.u.numpy()
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-5)
    np.testing.assert_allclose(
        found.T @ found, block.T @ block, rtol=1e-3, atol=1e-4
    )
    first = right[0] @ kernel
    np.testing.assert_allclose(
        found[0], sign * first / np.linalg.norm(first), rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(wrapped.sigma(), np.linalg.norm(first), 1e-5)


def test_a_block_tells_close_singular_values_apart(rng):
    errors_of = {}
    for vectors in (1, 8):
        wrapped = SpectralNorm(vectors=vectors).wrap(keras.layers.Dense(40))
        wrapped.build((None, 60))
        left = orthonormal_rows(rng.normal(size=(40, 60)))
        right = orthonormal_rows(rng.normal(size=(40, 40)))
        values = np.r_[1.0, 0.99, np.linspace(0.98, 0.1, 38)]
        wrapped.layer.kernel.assign(left.T @ np.diag(values) @ right)
        wrapped.power_iteration(6)
        errors_of[vectors] = 1.0 - float(wrapped.sigma())
    assert errors_of[1] > 0.02
    assert -1e-5 < errors_of[8] < 1e-3


# More vectors than half the matrix has directions, than it has, and than its
# rank: then there is little or nothing to complete their span with.
@pytest.mark.parametrize(
    "vectors, rank, jit_compile",
    [(3, 1, True), (3, 1, False), (4, 5, False), (5, 1, False), (9, 5, False)],
)
def test_any_number_of_vectors(vectors, rank, jit_compile, rng):
    wrapped = make(DENSE, SpectralNorm(vectors=vectors), rng)
    kernel = rng.normal(size=(7, rank)) @ rng.normal(size=(rank, 5))
    wrapped.layer.kernel.assign(kernel)
    step = tf.function(wrapped.power_iteration, jit_compile=jit_compile)
    for _ in range(4):
        step()
    block = wrapped.u.numpy()
    count = min(vectors, 5)
    np.testing.assert_allclose(block @ block.T, np.eye(count), atol=1e-5)
    np.testing.assert_allclose(
        wrapped.sigma(), np.linalg.norm(kernel, 2), rtol=1e-4
    )


@pytest.mark.parametrize("vectors", [1, 8])
@pytest.mark.parametrize("form", ["matrix", "operator"])
def test_a_built_layer_is_near_the_limit(form, vectors):
    norm = SpectralNorm(form, vectors=vectors)
    wrapped = norm.wrap(keras.layers.Conv2D(32, 3))
    wrapped.build((None, 8, 8, 16))
    start = wrapped.sigma()
    wrapped.power_iteration(100)
    np.testing.assert_allclose(start, wrapped.sigma(), rtol=0.01)


@pytest.mark.parametrize("vectors", [1, 3])
@pytest.mark.parametrize("bad", [0.0, np.nan])
def test_a_bad_kernel_leaves_the_vectors(bad, vectors, rng):
    wrapped = make(DENSE, SpectralNorm(vectors=vectors), rng)
    kernel, u = wrapped.layer.kernel.numpy(), wrapped.u.numpy()
    wrapped.layer.kernel.assign(np.full_like(kernel, bad))
    wrapped.power_iteration(3)
    np.testing.assert_array_equal(wrapped.u, u)
    wrapped.layer.kernel.assign(kernel)
    norm = matrix_norm(wrapped.layer, kernel)
    np.testing.assert_allclose(wrapped.sigma(), norm, rtol=1e-3)


@pytest.mark.parametrize("form", ["matrix", "operator"])
def test_a_kernel_of_zeros_begins_to_train(form):
    layer = keras.layers.Conv2D(2, 3, kernel_initializer="zeros")
    wrapped = SpectralNorm(form).wrap(layer)
    images = tf.ones([1, 4, 4, 3])
    with tf.GradientTape() as tape:
        outputs = wrapped(images)
        loss = tf.reduce_sum(outputs)
    np.testing.assert_array_equal(outputs, np.zeros([1, 2, 2, 2]))
    gradient = tape.gradient(loss, layer.kernel.value)
    np.testing.assert_array_equal(gradient, np.full([3, 3, 3, 2], 4.0))
    layer.kernel.assign_sub(gradient)
    assert np.isfinite(wrapped(images)).all()
    wrapped.power_iteration(10)
    norm = {
        "matrix": matrix_norm(layer, layer.kernel),
        "operator": operator_norm(layer, layer.kernel, (4, 4, 3)),
    }[form]
    np.testing.assert_allclose(wrapped.sigma(), norm, rtol=1e-3)


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
    spectral_normalization.power_iterate(outer, 30)
    for layer in found:
        norm = matrix_norm(layer.layer, layer.layer.kernel)
        np.testing.assert_allclose(layer.sigma(), norm, rtol=1e-3)
