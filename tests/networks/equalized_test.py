"""Layers with equalised rates."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_layers import conv

from tf_mmdgan import errors
from tf_mmdgan.networks import equalized, matrices, spectra


def test_a_dense_layer_scales_its_kernel_and_bias(rng):
    for settings, scale in (
        ({}, 9**-0.5),
        ({"rate": 0.01}, 0.01 * 9**-0.5),
        ({"fan": "out"}, 4**-0.5),
    ):
        layer = equalized.EqualizedDense(4, dtype="float64", **settings)
        x = rng.normal(size=(5, 9))
        layer(x)
        bias = rng.normal(size=4)
        layer.bias.assign(bias)
        kernel, rate = layer.kernel.numpy(), settings.get("rate", 1.0)
        expected = scale * x @ kernel + rate * bias
        np.testing.assert_allclose(layer(x), expected, rtol=1e-12)
        used = matrices.used_kernel(layer)
        np.testing.assert_allclose(used, scale * kernel, rtol=1e-12)
        again = equalized.EqualizedDense.from_config(layer.get_config())
        assert (again.rate, again.fan) == (layer.rate, layer.fan)


def test_kernels_start_normal_and_outputs_keep_their_size(rng):
    x = tf.constant(rng.normal(size=(500, 200)), tf.float32)
    for rate in (1.0, 0.01):
        layer = equalized.EqualizedDense(300, rate=rate)
        assert np.std(layer(x)) == pytest.approx(1.0, abs=0.02)
        assert np.std(layer.kernel) == pytest.approx(1.0 / rate, rel=0.02)
    activated = equalized.ScaledLeakyReLU()(x)
    assert np.mean(np.square(activated)) == pytest.approx(1.04, abs=0.02)
    np.testing.assert_allclose(
        activated, 2**0.5 * np.maximum(x, 0.2 * x), rtol=1e-6
    )


def test_a_convolution_scales_its_kernel(rng):
    layer = equalized.EqualizedConv2D(
        2, 3, 2, padding="same", dtype="float64", name="conv"
    )
    inputs = keras.Input((6, 5, 3), dtype="float64")
    network = keras.Model(inputs, layer(inputs))
    bias = rng.normal(size=2)
    layer.bias.assign(bias)
    x, scale = rng.normal(size=(2, 6, 5, 3)), 27**-0.5
    kernel = layer.kernel.numpy()
    expected = conv(x, scale * kernel, bias, stride=2)
    np.testing.assert_allclose(network(x), expected, rtol=1e-10)
    # What is said of the network is of the kernel that it computes with.
    values = np.linalg.svd(scale * kernel.reshape(27, 2), compute_uv=False)
    np.testing.assert_allclose(spectra.layer_spectra(network)["conv"], values)
    (trained,) = matrices.kernel_matrices(network)
    np.testing.assert_array_equal(trained, kernel.reshape(27, 2))


def test_what_is_no_rate_and_no_fan_is_refused():
    with pytest.raises(errors.UsageError, match="rate"):
        equalized.EqualizedDense(3, rate=0.0)
    with pytest.raises(errors.UsageError, match="fan"):
        equalized.EqualizedDense(3, fan="both")
