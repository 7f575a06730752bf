import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives.inductive import InductiveMatching


def numpy_loss(x, y, scale, weights, unbiased):
    """By loops over groups and pairs."""
    total = 0.0
    for u, v, c, w in zip(x, y, scale, weights, strict=True):
        m, d = u.shape

        def kernel(a, b):
            return np.exp(-np.linalg.norm(a - b) / (d * c))  # noqa: B023

        pairs = [(i, j) for i in range(m) for j in range(m)]
        pairs = [(i, j) for i, j in pairs if i != j or not unbiased]
        values = [
            kernel(u[i], u[j]) + kernel(v[i], v[j]) - 2 * kernel(u[i], v[j])
            for i, j in pairs
        ]
        total += w * np.mean(values) / len(x)
    return total


@pytest.mark.parametrize("estimator", ["biased", "unbiased"])
def test_values_and_gradients(estimator, rng):
    x, y = rng.normal(size=(2, 3, 4, 5))
    scale, t = np.array([0.1, 0.3, 0.5]), np.array([0.2, 0.5, 0.9])
    made = InductiveMatching(estimator)
    weights = made.weight(tf.constant(t)).numpy()
    ratio = 2 * np.log((1 - t) / t)
    expected = 0.5 / (1 + np.exp(ratio - 5)) * 2 / (t * (1 - t)) * (1 - t)
    np.testing.assert_allclose(weights, expected / ((1 - t) ** 2 + t**2))
    u, v = tf.constant(x), tf.constant(y)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([u, v])
        loss = made(u, v, tf.constant(scale), tf.constant(t))
    unbiased = estimator == "unbiased"
    value = numpy_loss(x, y, scale, weights, unbiased)
    assert float(loss) == pytest.approx(value, rel=1e-9)
    assert tape.gradient(loss, v) is None
    gradient, step = tape.gradient(loss, u).numpy(), 1e-6
    for index in [(0, 0, 0), (2, 3, 1)]:
        slopes = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * step
            slopes.append(numpy_loss(moved, y, scale, weights, unbiased))
        slope = (slopes[0] - slopes[1]) / (2 * step)
        assert gradient[index] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_groups_of_one_are_a_consistency_model(rng):
    x, y = rng.normal(size=(2, 3, 1, 4))
    scale, t = np.array([0.2, 0.3, 0.4]), np.array([0.3, 0.5, 0.7])
    made = InductiveMatching()
    distance = np.linalg.norm(x - y, axis=-1)[:, 0]
    expected = made.weight(tf.constant(t)).numpy()
    expected *= 2 - 2 * np.exp(-distance / (4 * scale))
    found = made(*map(tf.constant, (x, y, scale, t)))
    assert float(found) == pytest.approx(expected.mean(), rel=1e-9)


def test_unbiased_where_both_laws_are_equal(rng):
    x, y = rng.normal(size=(2, 4000, 4, 3))
    arguments = np.full(4000, 0.4), np.full(4000, 0.5)
    for estimator, near_zero in (("unbiased", True), ("biased", False)):
        made = InductiveMatching(estimator)
        found = [
            float(made(*(tf.constant(part) for part in parts)))
            for parts in zip(
                *(np.split(a, 10) for a in (x, y, *arguments)), strict=True
            )
        ]
        error = np.std(found) / 10**0.5
        assert (abs(np.mean(found)) < 4 * error) == near_zero


def test_the_time_between():
    made = InductiveMatching(gap=8)
    t = tf.constant([0.9, 0.5, 0.2, 0.9], tf.float64)
    s = tf.constant([0.0, 0.0, 0.1, 0.895], tf.float64)
    found = made.between(t, s).numpy()
    eta = np.array([9.0, 1.0]) - 160 / 256
    np.testing.assert_allclose(found[:2], eta / (1 + eta))
    # Within one step of s it is s, where the network says the data themselves.
    np.testing.assert_allclose(found[2:], [0.1, 0.895])


def test_coinciding_samples_have_no_loss():
    same = tf.zeros([2, 3, 4])
    with tf.GradientTape() as tape:
        tape.watch(same)
        loss = InductiveMatching()(same, same, tf.ones([2]), tf.fill([2], 0.5))
    assert float(loss) == 0.0
    np.testing.assert_array_equal(tape.gradient(loss, same), 0.0)


def test_refusals():
    with pytest.raises(errors.UsageError, match="has biased and unbiased"):
        InductiveMatching("ratio")
    with pytest.raises(errors.UsageError, match="gap=0"):
        InductiveMatching(gap=0)
    # There r is t of most times, in float32.
    with pytest.raises(errors.UsageError, match="gap=31: need 1 to 30"):
        InductiveMatching(gap=31)
