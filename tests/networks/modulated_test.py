"""Modulated convolutions against kernels of each image."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy_layers import conv

from tf_mmdgan.networks import matrices, resampling
from tf_mmdgan.networks.modulated import ModulatedConv2D


def modulated(rng, filters=4, channels=3, width=5, **settings):
    """A layer with random weights, and its weights."""
    layer = ModulatedConv2D(
        filters, settings.pop("size", 3), dtype="float64", **settings
    )
    layer.build((None, 6, 6, channels), (None, width))
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    layer.style.bias.assign(rng.normal(size=channels) + 2.0)
    return layer


def by_kernels(layer, x, style):
    """Karras et al. 2020, eqs. 1 and 3: a kernel of its own for each image."""
    scale = 1.0 / np.prod(layer.kernel.shape[:-1]) ** 0.5
    made = layer.style.kernel.numpy() / layer.style.kernel.shape[0] ** 0.5
    rows = []
    for image, row in zip(x, style, strict=True):
        s = row @ made + layer.style.bias.numpy()
        kernel = scale * layer.kernel.numpy() * s[:, None]
        if layer.demodulate:
            kernel /= np.sqrt((kernel**2).sum((0, 1, 2)) + 1e-8)
        rows.append(conv(image[None], kernel, layer.bias.numpy())[0])
    return np.stack(rows)


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulation_is_a_kernel_for_each_image(demodulate, rng):
    layer = modulated(rng, demodulate=demodulate)
    x, style = rng.normal(size=(3, 6, 6, 3)), rng.normal(size=(3, 5))
    np.testing.assert_allclose(
        layer(x, style), by_kernels(layer, x, style), rtol=1e-9
    )


def test_doubling_is_a_convolution_of_the_image_blown_up(rng):
    """Inside; at the border the blur sees what lies beyond it."""
    layer, plain = modulated(rng, target=(11, 12)), modulated(rng)
    for own, other in zip(layer.weights, plain.weights, strict=True):
        other.assign(own)
    # A transposed convolution turns its kernel over.
    plain.kernel.assign(layer.kernel.numpy()[::-1, ::-1])
    x, style = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(2, 5))
    expected = plain(resampling.up(tf.constant(x), (12, 12)), style)
    found = layer(x, style)
    assert found.shape == (2, 11, 12, 4)
    np.testing.assert_allclose(
        found[:, 2:-2, 2:-2], expected[:, 2:-3, 2:-2], rtol=1e-9
    )


def test_demodulation_keeps_the_variance_of_white_noise(rng):
    layer = modulated(rng, filters=16, channels=16)
    layer.bias.assign(np.zeros(16))
    x = rng.normal(size=(1, 102, 102, 16))
    y = layer(x, rng.normal(size=(1, 5)))[:, 1:-1, 1:-1]
    np.testing.assert_allclose(np.var(y), 1.0, rtol=0.02)


def test_the_length_of_a_style_has_no_effect(rng):
    layer = modulated(rng)
    x, style = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(2, 5))
    layer.style.bias.assign(np.zeros(3))
    np.testing.assert_allclose(
        layer(x, 3.0 * style), layer(x, style), atol=1e-6
    )


@pytest.mark.parametrize("target", [None, (12, 12)])
def test_gradients_are_those_of_finite_differences(target, rng):
    layer = modulated(rng, filters=2, target=target)
    x, style = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(2, 5))
    shape = layer(x, style).shape
    weights = tf.constant(rng.normal(size=shape))

    def of(x, style, kernel):
        layer.kernel.assign(kernel)
        return tf.reduce_sum(weights * layer(x, style))

    variables = [tf.Variable(x), tf.Variable(style)]
    kernel = layer.kernel.numpy()
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(weights * layer(*variables))
    gradients = tape.gradient(value, [*variables, layer.kernel.value])
    for index, gradient in enumerate(gradients):
        given = [x, style, kernel]
        direction = rng.normal(size=given[index].shape)
        ends = []
        for step in (1e-5, -1e-5):
            moved = list(given)
            moved[index] = given[index] + step * direction
            ends.append(float(of(*moved)))
        slope = (ends[0] - ends[1]) / 2e-5
        assert slope == pytest.approx(
            float(tf.reduce_sum(gradient * direction)), rel=1e-6
        )


def test_orthogonal_penalties_see_both_kernels():
    layer = ModulatedConv2D(4, 3)
    x, style = keras.Input((6, 6, 3)), keras.Input((5,))
    network = keras.Model([x, style], layer(x, style))
    shapes = [matrix.shape for matrix in matrices.kernel_matrices(network)]
    assert sorted(map(tuple, shapes)) == [(5, 3), (27, 4)]
