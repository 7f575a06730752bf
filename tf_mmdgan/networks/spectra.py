"""Singular values of the kernels of a network."""

from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan.networks import matrices
from tf_mmdgan.networks.spectral_normalization import SpectralNormalization


def singular_values(kernel: tf.Tensor) -> tf.Tensor:
    """Singular values of a kernel [..., outputs] as a matrix, largest first.

    All axes but the last make one: [rows, outputs] -> [min(rows, outputs)],
    float64.
    """
    kernel = tf.cast(kernel, tf.float64)
    matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
    return tf.linalg.svd(matrix, compute_uv=False)


def effective_rank(values: tf.Tensor) -> float:
    """How many singular values matter: a number from 1 to k.

    exp(-sum_i p_i log p_i),  p_i = values_i / sum_j values_j

    O. Roy and M. Vetterli, "The effective rank: a measure of effective
    dimensionality", EUSIPCO 2007, definition 1. For a matrix of zeros, which
    has no effective rank by that definition, it is 0.

    Args:
      values: [k], >= 0.
    """
    values = np.asarray(values, np.float64)
    positive = values[values != 0.0]
    if not positive.size:
        return 0.0
    shares = positive / positive.sum()
    return float(np.exp(-np.sum(shares * np.log(shares))))


def layer_spectra(network: keras.Model) -> dict[str, tf.Tensor]:
    """Singular values of the kernel that each layer computes with.

    The kernel of a spectrally normalized layer is the normalized one. As a
    matrix, a kernel has the output channels as one axis and everything else as
    the other. Layers other than `matrices.SUPPORTED` are left out.

    Returns:
      float64 [k] by the name of the layer; "block/conv1" is within "block".
    """
    return {
        name: singular_values(_matrix(layer))
        for name, layer in _layers(network, "")
    }


def _layers(
    parent: keras.layers.Layer, prefix: str
) -> Iterator[tuple[str, keras.layers.Layer]]:
    known = (SpectralNormalization, *matrices.SUPPORTED)
    for layer in parent._flatten_layers(include_self=False, recursive=False):
        if isinstance(layer, known):
            yield prefix + layer.name, layer
        else:
            yield from _layers(layer, f"{prefix}{layer.name}/")


def _matrix(layer: keras.layers.Layer) -> tf.Tensor:
    if isinstance(layer, SpectralNormalization):
        layer, kernel = layer.layer, layer.normalized_kernel()
    else:
        kernel = matrices.used_kernel(layer)
    return matrices.kernel_matrix(layer, kernel)
