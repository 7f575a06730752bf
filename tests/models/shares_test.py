"""Replicas share out batches evenly, or it is told in one line."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.models import shares, updates


def doubled(strategy, dataset):
    """What a function does to the next batch on each replica."""

    @tf.function
    def run(iterator):
        batch = next(iterator)
        with shares.even(strategy, [batch]):
            return strategy.run(lambda x: 2 * x, (batch,))

    parts = shares.told(run)(
        iter(strategy.experimental_distribute_dataset(dataset))
    )
    return np.concatenate(strategy.experimental_local_results(parts))


@pytest.mark.parametrize("drop_remainder", [False, True])
def test_equal_shares_pass(two_cpus, drop_remainder):
    dataset = tf.data.Dataset.range(6).batch(6, drop_remainder)
    found = doubled(two_cpus, dataset)
    assert found.tolist() == [0, 2, 4, 6, 8, 10]


def test_unequal_shares_are_told_in_one_line(two_cpus):
    with pytest.raises(errors.UsageError, match="drop_remainder=True") as told:
        doubled(two_cpus, tf.data.Dataset.range(7).batch(7))
    assert "shares of a batch, [4 3] rows" in str(told.value)
    assert "\n" not in str(told.value)


def test_other_errors_are_what_they_are():
    def fail():
        raise tf.errors.InvalidArgumentError(None, None, "mine")

    with pytest.raises(tf.errors.InvalidArgumentError, match="mine"):
        shares.told(fail)()


def halved(batches):
    """The next batch in two halves."""

    @tf.function(autograph=False)
    def run(iterator):
        rows = shares.in_multiples(next(iterator), 2, "odd={}: need pairs.")
        return tf.reshape(rows, [2, -1])

    return shares.told(run)(iter(batches))


@pytest.mark.parametrize("drop_remainder", [False, True])
@pytest.mark.parametrize("count", [5, 6])
def test_batches_of_no_such_multiple_are_told_in_one_line(
    count, drop_remainder
):
    batches = tf.data.Dataset.range(count).batch(count, drop_remainder)
    if count == 6:
        assert halved(batches).shape == (2, 3)
        return
    with pytest.raises(errors.UsageError, match=r"^odd=5: need pairs\.$"):
        halved(batches)


@pytest.mark.parametrize("synchronized", [False, True])
def test_statistics_of_a_share_are_refused(two_cpus, synchronized):
    normed = keras.layers.BatchNormalization(synchronized=synchronized)
    network = keras.Sequential([keras.Input((3,)), normed])
    shares.check_synchronized(tf.distribute.get_strategy(), [network])
    if synchronized:
        shares.check_synchronized(two_cpus, [network])
        return
    with pytest.raises(errors.UsageError, match="make it by synchronized=True"):
        shares.check_synchronized(two_cpus, [network])
    normed.trainable = False
    shares.check_synchronized(two_cpus, [network])


@pytest.mark.parametrize(
    "settings",
    [{"use_ema": True}, {"gradient_accumulation_steps": 2}],
    ids=str,
)
def test_what_keras_does_on_one_device_only_is_refused(two_cpus, settings):
    (name,) = settings
    with two_cpus.scope():
        weights = [keras.Variable(np.zeros(3, np.float32))]
        with pytest.raises(errors.UsageError, match=f"{name} .*one device"):
            updates.prepare(keras.optimizers.Adam(**settings), weights)
    alone = [keras.Variable(np.zeros(3, np.float32))]
    updates.prepare(keras.optimizers.Adam(**settings), alone)
