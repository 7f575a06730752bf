"""Noise dies down geometrically."""

import pytest
import tensorflow as tf

from tf_mmdgan.objectives.annealing import Annealing


@pytest.mark.parametrize(
    "step, expected", [(0, 1.0), (50, 0.1**0.5), (100, 0.1), (1000, 0.1)]
)
def test_deviation_falls_to_a_tenth(step, expected):
    factor = Annealing(100).factor(tf.constant(step, tf.int64))
    assert float(factor) == pytest.approx(expected)


def test_without_a_length_nothing_falls():
    for step in (0, 10**6):
        assert Annealing(0).factor(tf.constant(step, tf.int64)) == 1.0
