"""The median heuristic against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.kernels import bandwidths
from tf_mmdgan.objectives.density_ratio import RatioMatching
from tf_mmdgan.objectives.discrepancies import KernelDiscrepancy


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


def test_pairs_of_equal_rows_do_not_count():
    x = np.array([[0.0], [0.0], [0.0], [0.0], [3.0]])
    y = np.array([[0.0], [0.0], [5.0]])
    # 0 to 3, 0 to 5, six times each, and 3 to 5.
    assert bandwidths.median_distance(x, y).numpy() == np.sqrt(9.0)
    assert bandwidths.median_distance(x[:4], y[:2]).numpy() == 1.0
    assert bandwidths.median_distance(x[3:4], y[2:]).numpy() == 5.0


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32])
def test_a_loss_at_the_median_distance_of_equal_rows_is_finite(dtype):
    real = tf.constant(np.zeros((6, 2)), dtype)
    fake = tf.constant(np.r_[np.zeros((5, 2)), [[3.0, 4.0]]], dtype)
    loss = KernelDiscrepancy(
        kernels.Gaussian(), root=False, median_bandwidth=True
    )
    # One of six rows lies a bandwidth away.
    expected = 2.0 * (1.0 - np.exp(-0.5)) / 36.0
    assert loss(real, fake).numpy() == pytest.approx(expected, rel=1e-5)
    assert loss(real, real).numpy() == 0.0
    losses = RatioMatching(median_bandwidth=True)(real, fake)
    assert np.isfinite(losses).all()
