"""The penalty on how unequally styles change images."""

import keras
import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import WGAN, Objective, PathLengthPenalty
from tf_mmdgan.objectives.generator_penalties import path_lengths

SHAPE, LAYERS, WIDTH = (2, 3, 1), 2, 4


class Styled:
    """Images that are a function of styles, with two layers alike."""

    def __init__(self, rng, count, function, dtype="float64"):
        self.given = tf.constant(rng.normal(size=(count, LAYERS, WIDTH)), dtype)
        self.matrix = tf.Variable(rng.normal(size=(WIDTH, 6)), dtype=dtype)
        self.function = function
        self.path_length = keras.Variable(0.0, dtype="float64")

    def images(self, styles):
        of_layers = self.function(styles @ self.matrix)
        return tf.reshape(tf.reduce_sum(of_layers, axis=1), [-1, *SHAPE])

    def styles(self, update):
        return self.given, self.images


def test_lengths_of_a_linear_generator_are_the_norm_of_its_matrix(rng):
    """E |J^T y|^2 = |A|_F^2 / (h w)."""
    made = Styled(rng, 20_000, tf.identity)
    lengths = path_lengths(made.given, made.images, smooth.update())
    expected = np.square(made.matrix.numpy()).sum() / 6.0
    assert np.mean(np.square(lengths)) == pytest.approx(expected, rel=0.03)


def test_the_mean_length_moves_by_a_hundredth(rng):
    made = Styled(rng, 5, tf.identity)
    made.path_length.assign(2.0)
    lengths = path_lengths(made.given, made.images, smooth.update()).numpy()
    value = PathLengthPenalty(2.0).penalty(made, smooth.update())
    mean = 0.99 * 2.0 + 0.01 * lengths.mean()
    np.testing.assert_allclose(made.path_length, mean, rtol=1e-9)
    np.testing.assert_allclose(value, np.square(lengths - mean).mean())


def test_gradients_are_those_of_finite_differences(rng):
    """Through both passes, and through the moving mean's share."""
    made = Styled(rng, 5, tf.tanh)

    def value():
        made.path_length.assign(0.3)
        return PathLengthPenalty(1.0).penalty(made, smooth.update())

    with tf.GradientTape() as tape:
        total = value()
    gradient = tape.gradient(total, made.matrix).numpy()
    before, direction = made.matrix.numpy(), rng.normal(size=(WIDTH, 6))
    ends = []
    for step in (1e-5, -1e-5):
        made.matrix.assign(before + step * direction)
        ends.append(float(value()))
    slope = (ends[0] - ends[1]) / 2e-5
    assert slope == pytest.approx((gradient * direction).sum(), rel=1e-6)


def test_styles_without_effect_have_finite_gradients(rng):
    made = Styled(rng, 3, lambda x: 0.0 * x)
    made.path_length.assign(1.0)
    with tf.GradientTape() as tape:
        tape.watch(made.given)
        value = PathLengthPenalty(1.0).penalty(
            made, smooth.update()
        ) + 0.0 * tf.reduce_sum(made.given)
    assert float(value) == pytest.approx(0.99**2, rel=1e-5)
    assert np.isfinite(tape.gradient(value, made.given)).all()


def test_what_the_penalty_needs():
    objective = Objective(WGAN(), generator_regularizers=PathLengthPenalty(2.0))
    assert objective.needs_styles and not Objective(WGAN()).needs_styles
    plain = objective.unregularized(generator=True)
    assert not plain.needs_styles
    with pytest.raises(errors.UsageError, match="weight"):
        PathLengthPenalty(-1.0)
