"""Kernels with their formulas in NumPy, and many samples in one graph."""

import numpy as np
import tensorflow as tf

from tf_mmdgan import kernels

CUBIC = kernels.Polynomial()
GAUSSIAN = kernels.Gaussian()


def gauss(u, v):
    return np.exp(-np.sum((u - v) ** 2) / 2)


def on_pairs(formula, x, y):
    """Matrix of a formula k(u, v), written with explicit loops."""
    return np.array([[formula(u, v) for v in y] for u in x])


def numpy_grams(x, y, formula=gauss):
    return [on_pairs(formula, a, b) for a, b in [(x, x), (x, y), (y, y)]]


def two_samples(rng, n, m, d=6, shift=0.3):
    """Normal rows [n, d] and [m, d], whose means differ by `shift` a column."""
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


def in_one_graph(function, *sets):
    """Maps a function of matrices [n, d] over many sets of them [s, n, d]."""
    tensors = [tf.constant(s) for s in sets]
    outputs = tf.function(
        lambda *t: tf.vectorized_map(lambda s: function(*s), t)
    )(*tensors)
    return tf.nest.map_structure(lambda t: t.numpy(), outputs)
