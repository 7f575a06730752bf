"""Values and slopes of the roots, at 0 too."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.kernels import roots


@pytest.mark.parametrize(
    "root, values, slopes",
    [
        (roots.safe_root, [0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 0.5, 0.25]),
        (
            lambda squares: roots.rounded_root(squares + 1.0, 0.25),
            [0.5, 1.25**0.5, 1.5, 5.25**0.5],
            [1.0, 0.5 * 1.25**-0.5, 1 / 3, 0.5 * 5.25**-0.5],
        ),
        (
            lambda squares: roots.floored_root(squares, 0.25),
            [0.5, 0.5, 1.0, 2.0],
            [0.0, 0.0, 0.5, 0.25],
        ),
    ],
    ids=["safe", "rounded", "floored"],
)
def test_values_and_slopes(root, values, slopes):
    squares = tf.constant([-1.0, 0.0, 1.0, 4.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(squares)
        found = root(squares)
    np.testing.assert_allclose(found, values)
    np.testing.assert_allclose(tape.gradient(found, squares), slopes)


@pytest.mark.parametrize(
    "root",
    [
        roots.safe_root,
        roots.floored_root,
        lambda squares: roots.rounded_root(squares, 1e-12),
    ],
)
def test_what_is_not_a_number_stays_so(root):
    assert np.isnan(root(tf.constant([np.nan, 1.0]))).tolist() == [True, False]


@pytest.mark.parametrize("floor", [0.0, -1.0])
def test_a_floor_must_be_positive(floor):
    with pytest.raises(ValueError, match="need a number > 0"):
        roots.floored_root(tf.constant(1.0), floor)
