"""The kernel of a layer as a matrix, whatever the layer."""

import keras
import tensorflow as tf

from tf_mmdgan.networks.equalized import EqualizedConv2D, EqualizedDense
from tf_mmdgan.networks.modulated import ModulatedConv2D

# Layers whose kernel is a matrix, or can be read as one.
SUPPORTED = (
    keras.layers.Dense,
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.Embedding,
)


def kernel_variable(layer: keras.layers.Layer) -> keras.Variable:
    """The trained kernel of one of the `SUPPORTED` layers."""
    if isinstance(layer, keras.layers.Embedding):
        return layer.embeddings
    return layer.kernel


def used_kernel(layer: keras.layers.Layer) -> tf.Tensor:
    """The kernel that one of the `SUPPORTED` layers computes with.

    Equalised layers scale that which they train.
    """
    kernel = kernel_variable(layer).value
    if isinstance(layer, EqualizedConv2D | EqualizedDense):
        return kernel * layer.kernel_scale
    return kernel


def kernel_matrix(layer: keras.layers.Layer, kernel: tf.Tensor) -> tf.Tensor:
    """A kernel of this layer as a matrix, the output channels last.

    A convolution's is [height * width * inputs, outputs].
    """
    if isinstance(layer, keras.layers.Conv2DTranspose):
        kernel = tf.transpose(kernel, [0, 1, 3, 2])
    return tf.reshape(kernel, [-1, kernel.shape[-1]])


def kernel_matrices(network: keras.Model) -> list[tf.Tensor]:
    """The trained kernels of all layers that have one, as matrices.

    Those of spectrally normalised layers are as they are before it, those of
    equalised layers before they are scaled.
    """
    return [
        kernel_matrix(layer, kernel_variable(layer).value)
        for layer in network._flatten_layers()
        if isinstance(layer, (*SUPPORTED, ModulatedConv2D))
    ]
