"""Subspace iteration against NumPy's singular value decomposition."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.networks.subspaces import orthonormal, power_steps

# The first two lie closer than a single vector can tell apart in 40 steps.
VALUES = np.array([5.0, 4.95, 3.0, 2.0, 1.0, 0.5])


def orthogonal(rng, n):
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def steps(matrix, u, iterations):
    """`power_steps` for a matrix [columns, rows of u]."""

    def linear_map(x, adjoint=False):
        return x @ (tf.constant(matrix) if adjoint else tf.constant(matrix.T))

    # W x of rows x [k, rows]: W is [columns, rows].
    v = tf.constant(np.eye(1, matrix.shape[1]))
    return power_steps(linear_map, tf.constant(u), v, 6, iterations)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_vectors_turn_towards_the_first_singular_ones(rng, count):
    left, right = orthogonal(rng, 8), orthogonal(rng, 6)
    matrix = left[:, :6] * VALUES @ right.T
    u, v = steps(matrix, orthogonal(rng, 8)[:count], 40)
    np.testing.assert_allclose(u @ tf.transpose(u), np.eye(count), atol=1e-12)
    sigma = (u[:1] @ matrix @ tf.transpose(v)).numpy().item()
    if count == 1:
        assert 4.95 <= sigma < 4.999
    else:
        assert sigma == pytest.approx(5.0, abs=1e-12)
        found = np.abs(u.numpy() @ left[:, :count])
        np.testing.assert_allclose(found, np.eye(count), atol=1e-6)


def test_one_vector_takes_a_power_step(rng):
    matrix, start = rng.normal(size=(8, 6)), orthogonal(rng, 8)[:1]
    u, v = steps(matrix, start, 1)
    expected = start @ matrix
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(v, expected, atol=1e-12)
    expected = expected @ matrix.T
    np.testing.assert_allclose(u, expected / np.linalg.norm(expected))


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_map_without_directions_moves_nothing(rng, value):
    start = orthogonal(rng, 8)[:2]
    u, v = steps(np.full([8, 6], value), start, 3)
    np.testing.assert_array_equal(u, start)
    np.testing.assert_array_equal(v, np.eye(1, 6))


def test_orthonormal_rows_span_what_the_rows_before_did(rng):
    rows = rng.normal(size=(3, 5))
    found = orthonormal(tf.constant(rows), tf.constant(np.eye(3, 5))).numpy()
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-12)
    for count in (1, 2, 3):
        both = np.concatenate([rows[:count], found[:count]])
        assert np.linalg.matrix_rank(both, tol=1e-9) == count


def test_two_rows_become_orthonormal():
    rows = tf.constant([[3.0, 0.0, 0.0], [1.0, 2.0, 0.0]])
    found = orthonormal(rows, rows)
    np.testing.assert_allclose(
        np.abs(found), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], atol=1e-6
    )
    one = orthonormal(rows[1:], rows[1:])
    np.testing.assert_allclose(one, rows[1:] / np.sqrt(5.0), atol=1e-6)
