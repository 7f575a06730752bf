"""The learnt kernel against its formula, and what it learns from."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.metrics import deep_kernel, learning
from tf_mmdgan.mmd.samples import Samples


def network(dtype="float32"):
    first = keras.layers.Dense(4, "tanh", dtype=dtype)
    second = keras.layers.Dense(3, dtype=dtype)
    made = keras.Sequential([keras.Input((2,), dtype=dtype), first, second])
    rng = np.random.default_rng(1)
    made.set_weights([rng.normal(size=w.shape) for w in made.get_weights()])
    return made


def features(weights, x):
    w1, b1, w2, b2 = weights
    return np.tanh(x @ w1 + b1) @ w2 + b2


def formula(weights, s, t, e, x, y):
    """The kernel matrix, by differences."""
    f, g = features(weights, x), features(weights, y)
    deep = np.exp(-np.sum((f[:, None] - g) ** 2, -1) / (2 * s**2))
    near = np.exp(-np.sum((x[:, None] - y) ** 2, -1) / (2 * t**2))
    return ((1 - e) * deep + e) * near


def test_kernel_is_the_formula(rng):
    made = network("float64")
    kernel = deep_kernel.DeepKernel(made, (2,), 0.7, 1.9, 0.2)
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(4, 2))
    expected = formula(made.get_weights(), 0.7, 1.9, 0.2, x, y)
    np.testing.assert_allclose(kernel(x, y), expected, rtol=1e-9)
    gram = kernel(x, x).numpy()
    own = formula(made.get_weights(), 0.7, 1.9, 0.2, x, x)
    np.testing.assert_allclose(gram, own, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(kernel.diagonal(x), np.ones(5))
    assert np.linalg.eigvalsh(gram)[0] > -1e-10


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"network": None}, "network: need a function"),
        ({"shape": 2}, "shape: need a tuple"),
        ({"shape": (0,)}, "shape=0, need an integer >= 1"),
        ({"feature_sigma": -1.0}, "feature_sigma=-1.0, need a number > 0"),
        ({"input_sigma": np.inf}, "input_sigma=inf, need a number > 0"),
        ({"epsilon": 1.5}, "epsilon=1.5, need a share"),
    ],
)
def test_a_kernel_is_checked_when_it_is_made(given, message):
    right = {
        "network": network(), "shape": (2,), "feature_sigma": 1.0,
        "input_sigma": 1.0, "epsilon": 0.1,
    }  # fmt: skip
    with pytest.raises(errors.UsageError, match=message):
        deep_kernel.DeepKernel(**{**right, **given})


def test_rows_are_given_to_the_network_in_its_shape(rng):
    images = keras.Sequential(
        [keras.Input((2, 3, 1)), keras.layers.Conv2D(2, 2)]
    )
    shape = learning.row_shape(images, 6)
    kernel = deep_kernel.DeepKernel(images, shape, 1.0, 1.0, 0.1)
    x = rng.normal(size=(4, 6))
    got = kernel.features(tf.constant(x))
    expected = images(x.reshape(4, 2, 3, 1)).numpy().reshape(4, -1)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def numpy_ratio(weights, own, x, y):
    """MMD^2 by the root of the package's own variance, from a NumPy kernel."""
    s, t = np.exp(own[0]), np.exp(own[1])
    e = 1 / (1 + np.exp(-own[2]))
    grams = [
        formula(weights, s, t, e, u, v) for u, v in ((x, x), (x, y), (y, y))
    ]
    return -float(mmd.mmd2_ratio(mmd.Grams(*map(tf.constant, grams)), 1e-8))


def test_gradients_of_the_objective_are_finite_differences(rng):
    made = network("float64")
    x, y = rng.normal(size=(7, 2)), rng.normal(size=(6, 2)) + 1.0
    start = deep_kernel.DeepKernel(made, (2,), 0.7, 1.9, 0.2)
    trainable = deep_kernel.TrainableKernel(start)
    with tf.GradientTape() as tape:
        value = deep_kernel.negative_ratio(
            trainable.kernel, tf.constant(x), tf.constant(y)
        )
    gradients = tape.gradient(value, trainable.variables)
    arrays = [np.array(v) for v in trainable.variables]

    def at(arrays):
        return numpy_ratio(arrays[:4], arrays[4:], x, y)

    np.testing.assert_allclose(value, at(arrays), rtol=1e-9)
    step = 1e-6
    for index, (array, gradient) in enumerate(
        zip(arrays, gradients, strict=True)
    ):
        expected = np.zeros(array.size)
        for entry in range(array.size):
            ends = []
            for sign in (1, -1):
                moved = [a.copy() for a in arrays]
                moved[index].reshape(-1)[entry] += sign * step
                ends.append(at(moved))
            expected[entry] = (ends[0] - ends[1]) / (2 * step)
        got = np.array(gradient).reshape(-1)
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)


def test_learning_raises_the_ratio(rng):
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) * [1.0, 1.6]
    made = learning.own_network(None, 2, 5, rng)
    start = deep_kernel.starting_kernel(made, (2,), Samples(x, y), rng)
    trainable = deep_kernel.TrainableKernel(start)
    x32, y32 = tf.constant(x, tf.float32), tf.constant(y, tf.float32)

    def ratio():
        return -float(deep_kernel.negative_ratio(trainable.kernel, x32, y32))

    before = ratio()
    learning.minimise(
        lambda u, v: deep_kernel.negative_ratio(trainable.kernel, u, v),
        trainable.variables, Samples(x, y), 30, 60, 1e-2, rng,
    )  # fmt: skip
    assert ratio() > before + 0.3


def test_start_is_the_best_of_the_bandwidths(rng):
    x = rng.normal(size=(80, 1))
    y = x + 0.4 * rng.choice([-1.0, 1.0], size=(80, 1))
    made = learning.own_network(None, 1, 5, rng)
    start = deep_kernel.starting_kernel(made, (1,), Samples(x, y), rng)
    ratios = [
        float(
            deep_kernel.negative_ratio(
                dataclasses.replace(start, input_sigma=factor * s), x, y
            )
        )
        for s in (start.input_sigma,)
        for factor in (1.0, 8.0)
    ]
    assert ratios[0] < ratios[1]


def test_p_value_is_that_of_rows_which_were_not_learnt_from(monkeypatch, rng):
    seen = []
    minimise = learning.minimise

    def watched(loss, variables, samples, *rest):
        seen.append(samples)
        minimise(loss, variables, samples, *rest)

    monkeypatch.setattr(learning, "minimise", watched)
    x, y = rng.normal(size=(21, 2)), rng.normal(size=(30, 2)) + 0.5
    found = deep_kernel.deep_kernel_test(x, y, steps=2)
    (training,) = seen
    assert list(map(len, training)) == [10, 15]
    held_out = [
        np.array([row for row in rows if row.tolist() not in used.tolist()])
        for rows, used in zip((x, y), training, strict=True)
    ]
    assert list(map(len, held_out)) == [11, 15]
    plain = mmd.two_sample_test(*held_out, found.kernel)
    # The network is float32.
    np.testing.assert_allclose(found.statistic, plain.statistic, rtol=1e-5)
    # Other permutations, so not the same number.
    assert abs(found.p_value - plain.p_value) < 0.06
    assert found.note == (
        "learnt on 10 and 15 rows of x and y, tested on the other 11 and 15"
    )
