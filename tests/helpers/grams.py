"""Kernels with their formulas in NumPy, and many samples in one graph."""

import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels

CUBIC = kernels.Polynomial()
GAUSSIAN = kernels.Gaussian()


def gauss(u, v):
    return np.exp(-np.sum((u - v) ** 2) / 2)


def numpy_grams(x, y, formula=gauss):
    pairs = [(x, x), (x, y), (y, y)]
    return [np.array([[formula(u, v) for v in b] for u in a]) for a, b in pairs]


def in_one_graph(function, *sets):
    """Maps a function of matrices [n, d] over many sets of them [s, n, d]."""
    tensors = [tf.constant(s) for s in sets]
    outputs = tf.function(
        lambda *t: tf.vectorized_map(lambda s: function(*s), t)
    )(*tensors)
    return tf.nest.map_structure(lambda t: t.numpy(), outputs)
