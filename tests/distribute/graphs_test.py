"""Sums in a fixed order, and graphs that are not kept for ever."""

import keras
import numpy as np
import tensorflow as tf
import tiny
from tensorflow.python.framework import ops

from tf_mmdgan.distribute import graphs
from tf_mmdgan.networks import layers


def custom_gradients():
    names = list(ops.gradient_registry._registry)
    return {name for name in names if name.startswith("CustomGradient-")}


def leaky_critic(dtype="float32", outputs=2):
    images = keras.Input(tiny.SHAPE, dtype=dtype)
    hidden = layers.LeakyReLU()(keras.layers.Flatten()(images))
    features = keras.layers.Dense(outputs)(hidden)
    return keras.Model(images, {"features": features, "activations": [hidden]})


def test_training_leaves_no_graph_behind(two_cpus, monkeypatch):
    """Neither of exchanges between replicas nor of what is beside them."""
    monkeypatch.setattr(tiny, "critic", leaky_critic)
    before = custom_gradients()
    with two_cpus.scope():
        made = tiny.model(critic_steps=1)
    function = made.make_train_function()
    batches = two_cpus.experimental_distribute_dataset(tiny.batches())
    function(iter(batches))
    assert custom_gradients() == before


def test_what_others_may_call_keeps_its_gradient(rng):
    x = tf.constant(rng.normal(size=3))
    inner = tf.function(lambda x: layers.leaky_relu(x, 0.2))

    @tf.function
    def step(x):
        value = tf.cond(
            x[0] > 1e9, lambda: layers.leaky_relu(x, 0.5), lambda: x
        )
        value = inner(value)
        graphs.forget_gradients()
        return value

    before = custom_gradients()
    step(x)
    assert len(custom_gradients() - before) == 1
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = inner(x)
    expected = np.where(x > 0.0, 1.0, 0.2)
    np.testing.assert_allclose(tape.gradient(value, x), expected, rtol=1e-6)


def test_sums_have_a_buffer_of_their_own(rng):
    rows = [tf.constant(rng.normal(size=5)) for _ in range(4)]

    @tf.function
    def total(rows):
        value = tf.add_n([2.0 * row for row in rows])
        graphs.order_sums()
        return value

    found = total(rows)
    np.testing.assert_array_equal(found, 2.0 * sum(rows[1:], rows[0]))
    sums = [
        node
        for node in total.get_concrete_function(rows).graph.get_operations()
        if node.type == "AddN"
    ]
    assert len(sums) == 1
    assert sums[0].get_attr("_forward_input") == [-2, 0]
    graphs.order_sums()  # eagerly there is none
    graphs.forget_gradients()


def test_a_graph_for_each_of_many_is_not_told_as_one_traced_anew(caplog):
    """TensorFlow counts by the code of a function."""
    for factor in range(6):

        @graphs.traced
        def scaled(x, factor=factor):
            return factor * x

        assert float(scaled(tf.constant(2.0))) == 2.0 * factor
    assert "retracing" not in caplog.text
