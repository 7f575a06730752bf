"""Noise of a replica is its share of the global batch's; rows are gathered."""

import numpy as np
import tensorflow as tf

from tf_mmdgan.distribute import Purpose, Update
from tf_mmdgan.distribute.update import gather
from tf_mmdgan.latents import Latents

LATENTS = Latents(3, "normal")
SHAPE = tf.TensorShape([2, 3, 1])


def update(number=4, seed=1):
    return Update(seed, tf.constant(number, tf.int64))


def test_replicas_share_out_the_noise_of_one_device(two_cpus):
    @tf.function
    def on_replicas():
        latents = two_cpus.run(lambda: update().latents(LATENTS, 2))
        weights = two_cpus.run(lambda: update().uniform(2, 2))
        signs = two_cpus.run(lambda: update().signs(2, 2, 3))
        noise = two_cpus.run(lambda: update().normal(2, 2, SHAPE, 1))
        return [
            tf.concat(two_cpus.experimental_local_results(value), 0)
            for value in (latents, weights, signs, noise)
        ]

    latents, weights, signs, noise = on_replicas()
    np.testing.assert_array_equal(latents, update().latents(LATENTS, 4))
    np.testing.assert_array_equal(weights, update().uniform(2, 4))
    np.testing.assert_array_equal(signs, update().signs(2, 4, 3))
    np.testing.assert_array_equal(noise, update().normal(2, 4, SHAPE, 1))


def test_every_key_gives_other_numbers():
    draws = [
        update().latents(LATENTS, 2),
        update(number=5).latents(LATENTS, 2),
        update(seed=2).latents(LATENTS, 2),
        update().latents(LATENTS, 2, index=1),
        update().normal(2, 2, tf.TensorShape([3])),
        update().normal(3, 2, tf.TensorShape([3])),
        update().normal(2, 2, tf.TensorShape([3]), index=1),
    ]
    for i, first in enumerate(draws):
        for second in draws[:i]:
            assert (first.numpy() != second.numpy()).any()
    for method in (
        lambda p: update().uniform(p, 8),
        lambda p: update().signs(p, 8, 3),
    ):
        assert (method(2).numpy() != method(3).numpy()).any()


def test_interpolation_weights_are_uniform():
    draws = [update(n).uniform(Purpose.INTERPOLATION, 64) for n in range(50)]
    numbers = np.concatenate(draws)
    assert abs(numbers.mean() - 0.5) < 4 / np.sqrt(12 * len(numbers))
    assert numbers.min() >= 0 and numbers.max() < 1


def test_signs_are_fair_and_independent():
    signs = update().signs(Purpose.PROBES, 4000, 3).numpy()
    assert set(signs.ravel()) == {-1.0, 1.0}
    # Mean products of two columns, and means: standard deviation 1 / sqrt(n).
    moments = np.concatenate(
        [signs.mean(0), *(signs.T @ signs / 4000 - np.eye(3))]
    )
    assert np.abs(moments).max() < 4 / np.sqrt(4000)


def test_normal_noise_has_mean_0_and_variance_1():
    noise = update().normal(Purpose.INSTANCE_NOISE, 2000, SHAPE).numpy()
    assert noise.shape == (2000, 2, 3, 1)
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / noise.size)


def on_both(strategy, function):
    """What a function of the replica's index gives on each replica."""

    def of_replica():
        context = tf.distribute.get_replica_context()
        return function(context.replica_id_in_sync_group)

    @tf.function(autograph=False)
    def run():
        return strategy.run(of_replica)

    return strategy.experimental_local_results(run())


SCALARS = np.array([3.0, -1.0, np.inf, np.nan])
ROWS = np.arange(24.0).reshape(4, 3, 2) - 7.0


def own(rows, index):
    return tf.constant(rows.reshape(2, 2, *rows.shape[1:]))[index]


def test_gather_joins_rows_in_replica_order(two_cpus):
    def gathered(index):
        # What is not finite on one replica must not spread to the other's.
        return gather([own(SCALARS, index), own(ROWS, index)])

    for scalars, rows in on_both(two_cpus, gathered):
        np.testing.assert_array_equal(scalars, SCALARS)
        np.testing.assert_array_equal(rows, ROWS)
    alone = gather([tf.constant(SCALARS), tf.constant(ROWS)])
    np.testing.assert_array_equal(alone[0], SCALARS)
    np.testing.assert_array_equal(alone[1], ROWS)


def test_gradient_of_gather_is_the_sum_over_replicas(two_cpus):
    weights = np.random.default_rng(0).normal(size=(2, 4, 3, 2))

    def gradient(index):
        rows = own(ROWS, index)
        with tf.GradientTape() as tape:
            tape.watch(rows)
            _, joined = gather([own(SCALARS, index), rows])
            loss = tf.reduce_sum(tf.constant(weights)[index] * joined**2)
        return tape.gradient(loss, rows)

    expected = 2.0 * ROWS * weights.sum(0)
    for index, found in enumerate(on_both(two_cpus, gradient)):
        rows = expected[2 * index : 2 * index + 2]
        np.testing.assert_allclose(found, rows, rtol=1e-14)


def test_a_replica_keeps_to_itself_where_its_loss_does(two_cpus):
    for scope, expected in (("replica", 2), ("global", 4)):

        def gathered(index, scope=scope):
            own = Update(0, tf.constant(0), mmd_scope=scope)
            return tf.shape(own.gather([tf.zeros([2, 1])])[0])[0]

        assert [int(n) for n in on_both(two_cpus, gathered)] == [expected] * 2
