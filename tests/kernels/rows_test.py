"""Squared distances where the norms that they are expanded into cancel.

So it is with points that lie together, far from others.
"""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd

KERNELS = {
    "gaussian": kernels.Gaussian((1.0, 2.0)),
    "rq": kernels.RationalQuadratic(),
    "energy": 2.0 * kernels.Distance(),
    "rescaled": kernels.Rescaled(kernels.Gaussian(), 2.0),
}


def clusters(rng, count):
    """Two of them, as many rows in each."""
    rows = rng.normal(size=(count, 2))
    return rows + 1000.0 * np.sign(np.arange(count) % 2 - 0.5)[:, None]


def outlier(rng, count):
    rows = rng.normal(size=(count, 3))
    rows[0, 0] = 1e5
    return rows


def many(rng, count):
    """A hundred clusters, most of them of one row."""
    rows = rng.normal(size=(count, 2))
    return rows + 1000.0 * np.random.default_rng(5).integers(0, 10, rows.shape)


def few(rng, count):
    """A cluster of four rows far from all others, in a wide space."""
    rows = rng.normal(size=(count, 16))
    rows[::16] += 1000.0
    return rows


LAWS = {"clusters": clusters, "outlier": outlier, "many": many, "few": few}


def samples(law, rng):
    x, y = law(rng, 64), law(rng, 64)
    y[:, 1] += 0.7
    # What single precision keeps of the points is not the question here.
    return [rows.astype(np.float32).astype(np.float64) for rows in (x, y)]


def with_gradient(kernel, x, y):
    with tf.GradientTape() as tape:
        tape.watch(y)
        value = mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x, y))
    return value, tape.gradient(value, y)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_single_precision_has_the_mmd_of_double(rng, law, kernel):
    x, y = samples(law, rng)
    value, gradient = with_gradient(kernel, tf.constant(x), tf.constant(y))
    single = [tf.cast(rows, tf.float32) for rows in (x, y)]
    found, slopes = with_gradient(kernel, *single)
    scale = kernel(x, y).numpy().max()
    np.testing.assert_allclose(found, value, rtol=1e-3, atol=1e-6 * scale)
    largest = np.abs(gradient).max()
    np.testing.assert_allclose(slopes, gradient, atol=0.01 * largest)


@pytest.mark.parametrize("far", [1e3, 3e4])
def test_values_do_not_depend_on_how_far_clusters_are(rng, far):
    near = rng.integers(-64, 65, size=(2, 32, 4)) / 16.0
    shift = far * (np.arange(32) % 2)[:, None]
    kernel = kernels.Gaussian()
    x, y = (tf.constant(rows + shift, tf.float32) for rows in near)
    expected = kernel(*near).numpy()
    expected[shift[:, 0][:, None] != shift[:, 0]] = 0.0
    np.testing.assert_allclose(kernel(x, y), expected, atol=1e-6)


def test_graphs_and_compiled_graphs_do_the_same(rng):
    x, y = (tf.cast(r, tf.float32) for r in samples(clusters, rng))
    expected = kernels.squared_distances(x, y)
    for options in ({}, {"jit_compile": True}):
        found = tf.function(kernels.squared_distances, **options)(x, y)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


def expanded(x, y):
    """The expansion by itself, as usual points have it."""
    centre = tf.reduce_mean(x, axis=0, keepdims=True)
    x, y = x - centre, y - centre
    norms = [tf.reduce_sum(tf.square(rows), axis=1) for rows in (x, y)]
    sums = norms[0][:, None] + norms[1]
    squares = sums - 2.0 * tf.matmul(x, y, transpose_b=True)
    return tf.where(squares <= 2.0**-20 * sums, 0.0, squares)


@pytest.mark.parametrize("width", [1, 2, 16, 256])
def test_usual_points_keep_their_bits(rng, width):
    x, y = (
        tf.constant(rng.normal(size=(64, width)) + shift, tf.float32)
        for shift in (5.0, 5.5)
    )
    for pair in ((x, x), (x, y), (y, y)):
        np.testing.assert_array_equal(
            kernels.squared_distances(*pair), expanded(*pair)
        )
    # Equal rows are no reason to compute anything anew.
    twice = tf.concat([x, x], axis=0)
    np.testing.assert_array_equal(
        kernels.squared_distances(twice, twice), expanded(twice, twice)
    )
