"""The median heuristic against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.kernels import bandwidths


@pytest.mark.parametrize("n, m", [(3, 4), (4, 4)])
def test_median_is_over_all_pairs_within_and_between(rng, n, m):
    x, y = rng.normal(size=(n, 3)), rng.normal(size=(m, 3)) + 1.0
    pooled = np.concatenate([x, y])
    distances = [
        np.linalg.norm(pooled[i] - pooled[j])
        for i in range(n + m)
        for j in range(i)
    ]
    found = bandwidths.median_distance(x, y).numpy()
    squares = np.square(distances)
    np.testing.assert_allclose(found**2, np.median(squares), rtol=1e-6)


def test_no_gradient_passes_through_it(rng):
    x = tf.constant(rng.normal(size=(4, 2)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = bandwidths.median_distance(x, x + 1.0)
    assert tape.gradient(value, x) is None
