"""The sliced energy distance against all pairs."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tf_mmdgan import kernels, mmd

ENERGY = kernels.KERNELS["energy"]


def energy(x, y):
    """Unbiased, by all pairs."""
    return float(mmd.mmd2_unbiased(mmd.gram_matrices(ENERGY, x, y)))


def samples(rng, d=3):
    return rng.normal(size=(9, d)), rng.normal(size=(7, d)) * 1.5 + 0.3


def test_in_one_dimension_it_is_the_energy_distance(rng):
    x, y = samples(rng, 1)
    found = mmd.sliced_energy(x, y, np.array([[2.0], [-0.1]]))
    np.testing.assert_allclose(found, energy(x, y), rtol=1e-9)


def test_points_that_repeat_count_as_often(rng):
    x, y = np.zeros([4, 1]), np.array([[0.0], [0.0], [1.0]])
    found = mmd.sliced_energy(x, y, np.ones([1, 1]))
    np.testing.assert_allclose(found, energy(x, y), atol=1e-12)


@pytest.mark.parametrize("width", [2, 5, 40])
def test_mean_over_directions_is_the_energy_distance(rng, width):
    x, y = samples(rng, width)
    directions = rng.normal(size=(4000, width))
    each = [mmd.sliced_energy(x, y, d) for d in np.split(directions, 40)]
    error = scipy.stats.sem(each)
    assert abs(np.mean(each) - energy(x, y)) < 4 * error
    assert error < 0.15 * abs(energy(x, y))


def test_it_is_unbiased_where_the_laws_are_one(rng):
    values = [
        mmd.sliced_energy(
            rng.normal(size=(5, 2)),
            rng.normal(size=(4, 2)),
            rng.normal(size=(3, 2)),
        )
        for _ in range(200)
    ]
    assert abs(np.mean(values)) < 4 * scipy.stats.sem(values)


def test_gradient_is_that_of_finite_differences(rng):
    x, y = samples(rng)
    directions = rng.normal(size=(4, 3))
    variable = tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = mmd.sliced_energy(x, variable, directions)
    gradient = tape.gradient(value, variable).numpy()
    for index in np.ndindex(y.shape):
        step = np.zeros_like(y)
        step[index] = 1e-6
        ahead, behind = (
            mmd.sliced_energy(x, y + s, directions) for s in (step, -step)
        )
        slope = (ahead - behind) / 2e-6
        np.testing.assert_allclose(gradient[index], slope, atol=1e-8)


def test_single_precision_does_not_suffer_from_a_common_offset(rng):
    x, y = samples(rng)
    directions = rng.normal(size=(4, 3))
    shifted = [np.float32(rows + 1000.0) for rows in (x, y)]
    exact = mmd.sliced_energy(*(np.float64(s) for s in shifted), directions)
    found = mmd.sliced_energy(*shifted, np.float32(directions))
    np.testing.assert_allclose(found, exact, rtol=1e-4)


def test_zeros_are_no_direction(rng):
    x, y = samples(rng)
    directions = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 0.0]])
    found = mmd.sliced_energy(x, y, directions)
    exact = mmd.sliced_energy(x, y, directions[1:])
    np.testing.assert_allclose(found, exact / 2.0)


def test_features_are_checked_at_the_door(rng):
    x, y = samples(rng)
    with pytest.raises(ValueError, match="unequal widths"):
        mmd.sliced_energy(x, y, np.ones([4, 2]))
    with pytest.raises(ValueError, match="at least 2"):
        mmd.sliced_energy(x[:1], y, np.ones([4, 3]))
