import itertools

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.objectives.energy_score import EnergyScore


def numpy_score(x, draws, power=1.0, repulsion=1.0):
    def length(gap):
        return np.sum(gap**2, axis=-1) ** (power / 2)

    m = len(draws)
    near = sum(length(y - x) for y in draws) / m
    pairs = itertools.permutations(draws, 2)
    spread = sum(length(a - b) for a, b in pairs)
    return near - repulsion * spread / (2 * m * (m - 1)) if m > 1 else near


@pytest.mark.parametrize("power, repulsion", [(1, 1), (1.5, 0.5), (2, 0)])
def test_values_and_gradients(power, repulsion, rng):
    x, draws = rng.normal(size=(5, 3)), rng.normal(size=(4, 5, 3))
    score = EnergyScore(power, repulsion)
    expected = numpy_score(x, draws, power, repulsion)
    y = tf.constant(draws)
    with tf.GradientTape() as tape:
        tape.watch(y)
        found = score(tf.constant(x), y)
        total = tf.reduce_sum(found)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    gradient, step = tape.gradient(total, y).numpy(), 1e-6
    for index in [(0, 0, 0), (3, 2, 1), (1, 4, 2)]:
        values = []
        for sign in (1, -1):
            moved = draws.copy()
            moved[index] += sign * step
            values.append(numpy_score(x, moved, power, repulsion).sum())
        slope = (values[0] - values[1]) / (2 * step)
        assert gradient[index] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_images_are_long_rows(rng):
    x, draws = rng.normal(size=(2, 3, 2, 1)), rng.normal(size=(3, 2, 3, 2, 1))
    flat = EnergyScore()(x.reshape(2, 6), draws.reshape(3, 2, 6))
    np.testing.assert_allclose(EnergyScore()(x, draws), flat, rtol=1e-12)


def test_least_where_draws_have_the_law_of_the_outcomes():
    # Outcomes and draws are 0 or 1; all pairs of draws are enumerated.
    law, shares = 0.3, np.linspace(0, 1, 101)
    both = tf.constant([[0.0], [1.0]], tf.float64)

    def mean(score, share):
        chance = [1 - share, share]
        total = 0.0
        for a, b in itertools.product((0, 1), repeat=2):
            draws = tf.stack([tf.gather(both, [a, a]), tf.gather(both, [b, b])])
            values = score(both, draws).numpy()
            total += chance[a] * chance[b] * (values @ [1 - law, law])
        return total

    proper = [mean(EnergyScore(), share) for share in shares]
    assert shares[np.argmin(proper)] == pytest.approx(law)
    # Half of an energy distance above the least: MMD^2 of -|x - y| / 2.
    excess = np.array(proper) - min(proper)
    np.testing.assert_allclose(excess, (shares - law) ** 2, atol=1e-12)
    # Without the draws' distances, the median is best.
    alone = [mean(EnergyScore(1.0, 0.0), share) for share in shares]
    assert shares[np.argmin(alone)] == 0.0


def test_the_u_statistic_of_one_real_point(rng):
    x, y = rng.normal(size=(1, 4)), rng.normal(size=(6, 4))
    grams = mmd.gram_matrices(
        kernels.Distance(), tf.constant(x), tf.constant(y)
    )
    own = tf.reduce_sum(grams.yy) - tf.linalg.trace(grams.yy)
    # -||x - y|| / 2 up to terms that vanish in an MMD: those of the origin.
    expected = own / 30.0 - 2.0 * tf.reduce_mean(grams.xy) + grams.xx[0, 0]
    found = EnergyScore()(tf.constant(x), tf.constant(y[:, None]))
    np.testing.assert_allclose(found[0], expected, rtol=1e-10)


def test_a_squared_error_without_repulsion(rng):
    x, y = (
        tf.constant(rng.normal(size=(5, 3))),
        tf.constant(rng.normal(size=(5, 3))),
    )
    with tf.GradientTape() as tape:
        tape.watch(y)
        loss = tf.reduce_mean(EnergyScore(2.0, 0.0)(x, y[None]))
    np.testing.assert_allclose(
        tape.gradient(loss, y), 2.0 * (y - x) / 5.0, rtol=1e-12
    )


def test_coinciding_draws_have_finite_gradients():
    for power in (0.5, 1.0, 2.0):
        y = tf.zeros([3, 2, 4])
        with tf.GradientTape() as tape:
            tape.watch(y)
            loss = tf.reduce_sum(EnergyScore(power)(tf.zeros([2, 4]), y))
        np.testing.assert_array_equal(tape.gradient(loss, y), 0.0)


def test_refusals():
    for given in ({"power": 0.0}, {"power": 2.5}, {"repulsion": 1.1}):
        name = next(iter(given))
        with pytest.raises(errors.UsageError, match=f"{name}=.*need a number"):
            EnergyScore(**given)
    with pytest.raises(errors.UsageError, match="draws=1, need 2 or more"):
        EnergyScore()(tf.zeros([2, 4]), tf.zeros([1, 2, 4]))
    for given in ({"power": "one"}, {"repulsion": None}):
        with pytest.raises(errors.UsageError, match="need a finite number"):
            EnergyScore(**given)
    with pytest.raises(errors.UsageError, match="draws='2', need an integer"):
        EnergyScore().check_draws("2")
