"""Halves, copies of networks, and the trainer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.metrics import learning
from tf_mmdgan.metrics.classifier import classifier_test
from tf_mmdgan.metrics.deep_kernel import deep_kernel_test
from tf_mmdgan.mmd.samples import Samples


def test_halves_share_no_row_and_leave_none_out(rng):
    samples = Samples(np.arange(11.0)[:, None], np.arange(8.0)[:, None] + 100)
    first, second = learning.halves(samples, rng, 4)
    assert list(map(len, first)) == [5, 4]
    for rows, one, other in zip(samples, first, second, strict=True):
        together = np.sort(np.concatenate([one, other]), axis=0)
        np.testing.assert_array_equal(together, rows)
    with pytest.raises(errors.DataError, match="need at least 10"):
        learning.halves(samples, rng, 5)


def test_halves_of_pairs_are_told(rng):
    """The one of a pair is learnt on, the other one tested on."""
    x = rng.normal(size=(80, 4))
    with pytest.warns(UserWarning, match="x and y depend on each other"):
        learning.halves(Samples(x, x + 0.01), rng, 1)


def test_given_networks_are_copied(rng):
    given = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    weights = given.get_weights()
    own = learning.own_network(given, 2, 9, rng)
    learning.minimise(
        lambda x, y: tf.reduce_mean(own(x)) ** 2 + tf.reduce_mean(own(y)),
        own.trainable_variables, Samples(*rng.normal(size=(2, 6, 2))), 3, 4,
        0.1, rng,
    )  # fmt: skip
    for before, after in zip(weights, given.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert np.any(own.get_weights()[0] != weights[0])


def test_networks_may_come_from_a_function(rng):
    made = []

    def make():
        made.append(keras.Sequential([keras.Input((2,))]))
        return made[-1]

    assert learning.own_network(make, 2, 1, rng) is made[0]


def test_networks_that_keras_cannot_copy_are_refused(rng):
    class Mine(keras.Model):
        def __init__(self, width):
            super().__init__()
            self.width = width

        def call(self, x):
            return x

    with pytest.raises(errors.UsageError, match="give a function"):
        learning.own_network(Mine(3), 2, 1, rng)


def test_default_network_is_that_of_the_generator():
    one, other = (
        learning.own_network(None, 3, 2, np.random.default_rng(4))
        for _ in range(2)
    )
    for u, v in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(u, v)
    assert one.output_shape == (None, 2)


def test_rows_of_another_length_are_refused():
    made = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    assert learning.row_shape(made, 16) == (4, 4, 1)
    with pytest.raises(errors.UsageError, match=r"\(4, 4, 1\).*15 numbers"):
        learning.row_shape(made, 15)


def test_trainer_minimises_over_batches(rng):
    target = keras.Variable(np.zeros(1), dtype="float32")
    samples = Samples(rng.normal(size=(40, 1)) + 3, rng.normal(size=(9, 1)) - 1)

    def loss(x, y):
        assert x.shape == (8, 1) and y.shape == (8, 1)
        return tf.reduce_mean((x - target) ** 2) + tf.reduce_mean(
            (y - target) ** 2
        )

    learning.minimise(loss, [target], samples, 300, 8, 0.05, rng)
    middle = (samples.x.mean() + samples.y.mean()) / 2
    assert abs(float(target[0]) - middle) < 0.3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"network": "mlp"}, "network: need a Model, not mlp"),
        ({"network": lambda: 5}, "network: need a Model, not 5"),
        ({"network": keras.layers.Dense(1)}, "network: need a Model"),
        ({"learning_rate": float("nan")}, "learning_rate=nan"),
        ({"learning_rate": "fast"}, "learning_rate='fast'"),
    ],
)
def test_networks_and_rates_that_are_none(rng, settings, message):
    x, y = rng.normal(size=(2, 20, 2))
    for test in (classifier_test, deep_kernel_test):
        with pytest.raises(errors.UsageError, match=message):
            test(x, y, **settings)
