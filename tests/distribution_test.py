"""Noise of a replica is its share of the global batch's."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import distribution, errors
from tf_mmdgan.latents import Latents

LATENTS = Latents(3, "normal")
SHAPE = tf.TensorShape([2, 3, 1])


def draw(update=4, seed=1):
    return distribution.Draw(seed, tf.constant(update, tf.int64))


def test_replicas_share_out_the_noise_of_one_device(two_cpus):
    @tf.function
    def on_replicas():
        latents = two_cpus.run(lambda: draw().latents(LATENTS, 2))
        weights = two_cpus.run(lambda: draw().uniform(2, 2))
        signs = two_cpus.run(lambda: draw().signs(2, 2, 3))
        noise = two_cpus.run(lambda: draw().normal(2, 2, SHAPE, 1))
        return [
            tf.concat(two_cpus.experimental_local_results(value), 0)
            for value in (latents, weights, signs, noise)
        ]

    latents, weights, signs, noise = on_replicas()
    np.testing.assert_array_equal(latents, draw().latents(LATENTS, 4))
    np.testing.assert_array_equal(weights, draw().uniform(2, 4))
    np.testing.assert_array_equal(signs, draw().signs(2, 4, 3))
    np.testing.assert_array_equal(noise, draw().normal(2, 4, SHAPE, 1))


def test_every_key_gives_other_numbers():
    draws = [
        draw().latents(LATENTS, 2),
        draw(update=5).latents(LATENTS, 2),
        draw(seed=2).latents(LATENTS, 2),
        draw().latents(LATENTS, 2, index=1),
        draw().normal(2, 2, tf.TensorShape([3])),
        draw().normal(3, 2, tf.TensorShape([3])),
        draw().normal(2, 2, tf.TensorShape([3]), index=1),
    ]
    for i, first in enumerate(draws):
        for second in draws[:i]:
            assert (first.numpy() != second.numpy()).any()
    for method in (
        lambda p: draw().uniform(p, 8),
        lambda p: draw().signs(p, 8, 3),
    ):
        assert (method(2).numpy() != method(3).numpy()).any()


def test_interpolation_weights_are_uniform():
    draws = [
        draw(update).uniform(distribution.INTERPOLATION, 64)
        for update in range(50)
    ]
    numbers = np.concatenate(draws)
    assert abs(numbers.mean() - 0.5) < 4 / np.sqrt(12 * len(numbers))
    assert numbers.min() >= 0 and numbers.max() < 1


def test_signs_are_fair_and_independent():
    signs = draw().signs(distribution.PROBES, 4000, 3).numpy()
    assert set(signs.ravel()) == {-1.0, 1.0}
    # Mean products of two columns, and means: standard deviation 1 / sqrt(n).
    moments = np.concatenate(
        [signs.mean(0), *(signs.T @ signs / 4000 - np.eye(3))]
    )
    assert np.abs(moments).max() < 4 / np.sqrt(4000)


def test_normal_noise_has_mean_0_and_variance_1():
    noise = draw().normal(distribution.INSTANCE_NOISE, 2000, SHAPE).numpy()
    assert noise.shape == (2000, 2, 3, 1)
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / noise.size)


def test_gather_joins_rows_in_replica_order(two_cpus):
    @tf.function
    def gathered():
        def rows():
            context = tf.distribute.get_replica_context()
            index = tf.cast(context.replica_id_in_sync_group, tf.float32)
            return distribution.gather(tf.fill([2, 1], index))

        return two_cpus.experimental_local_results(two_cpus.run(rows))

    for replica in gathered():
        np.testing.assert_array_equal(replica[:, 0], [0, 0, 1, 1])


def test_a_replica_keeps_to_itself_where_its_loss_does(two_cpus):
    @tf.function
    def gathered(scope):
        def rows():
            own = distribution.Draw(0, tf.constant(0), mmd_scope=scope)
            return tf.shape(own.gather(tf.zeros([2, 1])))[0]

        return two_cpus.experimental_local_results(two_cpus.run(rows))

    assert [int(n) for n in gathered("replica")] == [2, 2]
    assert [int(n) for n in gathered("global")] == [4, 4]


@pytest.mark.parametrize("labelled", [False, True])
def test_each_replica_gets_its_rows_of_the_global_batch(two_cpus, labelled):
    batches = tf.data.Dataset.range(24).batch(6, drop_remainder=True)
    if labelled:
        batches = batches.map(lambda rows: (rows, -rows))
    spread = iter(distribution.spread(two_cpus, batches, 6))
    for first in (0, 6, 12):
        got = tf.nest.flatten(next(spread))
        for sign, part in zip((1, -1), got, strict=False):
            rows = two_cpus.experimental_local_results(part)
            expected = sign * np.arange(first, first + 6).reshape(2, 3)
            np.testing.assert_array_equal(rows, expected)
        assert len(got) == 1 + labelled


@pytest.mark.parametrize("worker", [0, 1])
def test_each_worker_gets_its_rows_of_the_global_batch(worker):
    class Strategy:
        num_replicas_in_sync = 4

        def distribute_datasets_from_function(self, function):
            return function(tf.distribute.InputContext(2, worker, 4))

    batches = tf.data.Dataset.range(16).batch(8, drop_remainder=True)
    rows = list(distribution.spread(Strategy(), batches, 8).as_numpy_iterator())
    first = 4 * worker
    # Two replicas of this worker take turns.
    np.testing.assert_array_equal(
        rows,
        np.arange(16)
        .reshape(2, 4, 2)[:, first // 2 : first // 2 + 2]
        .reshape(4, 2),
    )


def test_batch_must_be_shared_out_evenly(two_cpus):
    with pytest.raises(errors.UsageError, match="multiple of the 2 devices"):
        distribution.spread(two_cpus, tf.data.Dataset.range(3), 3)
