"""The layers of the networks in NumPy, and sizes worked out by hand."""

import math

import numpy as np

SIZES = {  # side before each stage and after the last
    28: (28, 14, 7, 4, 2, 1),
    32: (32, 16, 8, 4, 2, 1),
    48: (48, 24, 12, 6, 3, 2),
    64: (64, 32, 16, 8, 4, 2),
    160: (160, 80, 40, 20, 10, 5),
}


def conv(images, kernel, bias=0.0, stride=1):
    """Zero padding as TensorFlow's SAME: what is odd, after the image."""
    pads = []
    for side, extent in zip(images.shape[1:3], kernel.shape[:2], strict=True):
        total = max((math.ceil(side / stride) - 1) * stride + extent - side, 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(images, ((0, 0), *pads, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, kernel.shape[:2], axis=(1, 2)
    )[:, ::stride, ::stride]
    return np.einsum("bhwcij,ijco->bhwo", windows, kernel) + bias


def leaky_relu(x, slope):
    return np.maximum(x, slope * x)


def normalize(x, axes):
    """Mean 0 and variance 1 over the axes, epsilon 1e-5."""
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


def double(x, height, width):
    """Nearest neighbours, cut to height x width."""
    return x.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]


def halve(x):
    """Means of 2 x 2 pixels, of fewer at an odd side's end."""
    rows = [x[:, i : i + 2] for i in range(0, x.shape[1], 2)]
    return np.stack(
        [
            np.stack(
                [
                    row[:, :, j : j + 2].mean(axis=(1, 2))
                    for j in range(0, x.shape[2], 2)
                ],
                axis=1,
            )
            for row in rows
        ],
        axis=1,
    )


def randomize(network, rng, scale=0.3):
    """Gives every trainable weight a random value."""
    for weight in network.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))


def weights(network, name):
    return network.get_layer(name).get_weights()
