"""Self-attention against NumPy, and what it does not depend on."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_layers import randomize, weights

from tf_mmdgan.networks import blocks
from tf_mmdgan.networks.attention import Attention, self_attention


def network(shape=(4, 6, 16)):
    inputs = keras.Input(shape)
    return keras.Model(inputs, self_attention(inputs, blocks.LayerFactory()))


def images(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def pooled(x):
    b, h, w, c = x.shape
    return x.reshape(b, h // 2, 2, w // 2, 2, c).max((2, 4))


def test_it_begins_as_the_identity(rng):
    x = images(rng, 3, 4, 6, 16)
    np.testing.assert_array_equal(network()(x), x)


def test_the_formula(rng):
    made = network()
    randomize(made, rng, scale=0.5)
    x = images(rng, 3, 4, 6, 16)
    theta, phi, g, out = (
        weights(made, f"attention_{part}")[0][0, 0]
        for part in ("theta", "phi", "g", "out")
    )
    assert [k.shape[1] for k in (theta, phi, g, out)] == [2, 2, 8, 16]
    rows = [
        projected.reshape(3, -1, projected.shape[-1])
        for projected in (x @ theta, pooled(x @ phi), pooled(x @ g))
    ]
    scores = rows[0] @ rows[1].transpose(0, 2, 1)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    gamma = made.get_layer("attention").gamma.numpy()
    found = (shares @ rows[2]).reshape(3, 4, 6, 8) @ out
    np.testing.assert_allclose(made(x), x + gamma * found, rtol=1e-4, atol=1e-5)


def test_the_map_has_rows_of_sum_one(rng):
    theta, phi = images(rng, 2, 16, 16, 3), images(rng, 2, 8, 8, 3)
    found = Attention().attention_map(theta, phi)
    assert found.shape == (2, 256, 64)
    np.testing.assert_allclose(tf.reduce_sum(found, -1), 1.0, rtol=1e-5)


def test_a_constant_is_its_own_mean_and_order_does_not_matter(rng):
    layer = Attention()
    theta, phi = images(rng, 2, 4, 4, 3), images(rng, 2, 2, 2, 3)
    g = images(rng, 2, 2, 2, 5)
    constant = np.broadcast_to(g[:, :1, :1], g.shape)
    found = layer(theta, phi, constant)
    expected = np.broadcast_to(g[:, :1, :1], found.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    turned = [x.reshape(2, 4, -1)[:, [2, 0, 3, 1]] for x in (phi, g)]
    turned = [x.reshape(2, 2, 2, -1) for x in turned]
    np.testing.assert_allclose(
        layer(theta, *turned), layer(theta, phi, g), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("shape", [(5, 3, 4), (1, 1, 1)])
def test_odd_sides_and_few_channels(shape, rng):
    made = network(shape)
    made.get_layer("attention").gamma.assign(1.0)
    found = made(images(rng, 2, *shape))
    assert found.shape == (2, *shape) and np.isfinite(found).all()
