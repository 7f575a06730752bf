"""The classifier's statistic against its definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.metrics import classifier
from tf_mmdgan.metrics.classifier import classifier_test


def fixed_line():
    """A network whose logit is the first coordinate."""
    line = keras.layers.Dense(1, use_bias=False)
    made = keras.Sequential([keras.Input((2,)), line])
    made.set_weights([np.array([[1.0], [0.0]])])
    return made


def held_out_scores(x, y, seed):
    """What a test of that seed is given to compare."""
    rng = np.random.default_rng(seed)
    mixed = [rng.permutation(rows) for rows in (x, y)]
    return [rows[len(rows) // 2 :, 0] for rows in mixed]


@pytest.mark.parametrize("estimator", ["logit", "accuracy"])
def test_statistic_is_of_the_other_halves(rng, estimator):
    x, y = rng.normal(size=(20, 2)) + 0.3, rng.normal(size=(31, 2))
    found = classifier_test(
        x, y, fixed_line(), estimator, steps=1, learning_rate=1e-9
    )
    x_scores, y_scores = held_out_scores(x, y, 0)
    if estimator == "accuracy":
        expected = np.mean(x_scores > 0) + np.mean(y_scores <= 0) - 1
    else:
        expected = x_scores.mean() - y_scores.mean()
    np.testing.assert_allclose(found.statistic, expected, rtol=1e-5)
    assert (found.num_x, found.num_y) == (10, 16)


def test_loss_is_the_cross_entropy_of_both_samples(rng):
    logits = classifier._Logits(fixed_line(), (2,))
    x, y = (rng.normal(size=(n, 2)).astype("float32") for n in (3, 5))
    of_x = -np.log(1 / (1 + np.exp(-x[:, 0]))).mean()
    of_y = -np.log(1 - 1 / (1 + np.exp(-y[:, 0]))).mean()
    got = logits.cross_entropy(tf.constant(x), tf.constant(y))
    np.testing.assert_allclose(got, of_x + of_y, rtol=1e-5)


def test_networks_with_more_outputs_are_refused(rng):
    wide = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    with pytest.raises(errors.UsageError, match="need one, the logit"):
        classifier_test(*rng.normal(size=(2, 20, 2)), wide)


def test_unknown_estimators_are_refused(rng):
    with pytest.raises(errors.UsageError, match="Did you mean 'logit'"):
        classifier_test(*rng.normal(size=(2, 20, 2)), estimator="logits")
