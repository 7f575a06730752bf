"""The gradient-constrained MMD against maximisation over a span."""

import functools

import numpy as np
import pytest
import spans
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.mmd import constrained
from tf_mmdgan.mmd.constrained import scale
from tf_mmdgan.mmd.constrained.solvers import SOLVERS

WIDTH = 0.8
KERNEL = kernels.Gaussian((WIDTH,))


def make_samples(rng, width, sizes=(6, 5, 7)):
    shifts = (0.0, 1.0, 0.5)
    pairs = zip(sizes, shifts, strict=True)
    return [rng.normal(size=(n, width)) + shift for n, shift in pairs]


@pytest.fixture
def exact(monkeypatch):
    """The solvers, to rounding."""
    solvers = SOLVERS
    monkeypatch.setitem(
        solvers, "iterative",
        lambda system, solve=solvers["iterative"]: solve(system, 1e-13),
    )  # fmt: skip
    monkeypatch.setitem(
        solvers, "incomplete_cholesky",
        lambda system, solve=solvers["incomplete_cholesky"]: solve(
            system, 1e-12
        ),
    )  # fmt: skip


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "width, constrain_values", [(1, True), (2, True), (3, True), (2, False)]
)
def test_equals_direct_maximisation(
    rng, exact, width, constrain_values, solver
):
    samples = make_samples(rng, width)
    for ridge in (1.0, 0.1, 0.01):
        expected = spans.gradient_constrained(
            WIDTH, *samples, ridge, values=constrain_values
        )
        actual = constrained.gradient_constrained_mmd2(
            *samples, KERNEL, ridge,
            constrain_values=constrain_values, solver=solver,
        )  # fmt: skip
        assert float(actual) == pytest.approx(expected, rel=1e-6), ridge


@pytest.mark.parametrize("solver", SOLVERS)
def test_inexact_solvers_stay_above_within_their_tolerance(rng, solver):
    samples = make_samples(rng, 3)
    expected = spans.gradient_constrained(WIDTH, *samples, 0.01)
    actual = constrained.gradient_constrained_mmd2(
        *samples, KERNEL, 0.01, solver=solver
    )
    assert 1 - 1e-9 < float(actual) / expected < 1 + 1e-4


@pytest.mark.parametrize("solver", SOLVERS)
def test_gradients_equal_differences(rng, exact, solver):
    samples = [tf.constant(s) for s in make_samples(rng, 2)]
    shifts = [rng.normal(size=s.shape) for s in samples]

    @functools.partial(tf.function, autograph=False)
    def moved(step):
        return constrained.gradient_constrained_mmd2(
            *(s + step * d for s, d in zip(samples, shifts, strict=True)),
            KERNEL, 0.1, solver=solver,
        )  # fmt: skip

    with tf.GradientTape() as tape:
        step = tf.constant(0.0, tf.float64)
        tape.watch(step)
        value = moved(step)
    slope = float(tape.gradient(value, step))
    above, below = (moved(tf.constant(s, tf.float64)) for s in (1e-5, -1e-5))
    assert slope == pytest.approx(float(above - below) / 2e-5, rel=1e-5)


def test_single_precision_agrees(rng):
    samples = make_samples(rng, 3)
    double = constrained.gradient_constrained_mmd2(*samples, KERNEL, 0.01)
    single = constrained.gradient_constrained_mmd2(
        *(s.astype("float32") for s in samples), KERNEL, 0.01
    )
    assert single.dtype == tf.float32
    assert float(single) == pytest.approx(float(double), rel=1e-3)


def test_dropping_the_values_makes_it_larger_and_scaling_smaller(rng):
    for seed in range(3):
        samples = make_samples(np.random.default_rng(seed), 2)
        mmd2 = spans.Span(WIDTH, *samples).best(1.0, np.zeros(7), np.zeros(7))
        for ridge in (1.0, 0.03):
            full, dropped = (
                constrained.gradient_constrained_mmd2(
                    *samples, KERNEL, ridge,
                    constrain_values=constrain, solver="direct",
                )
                for constrain in (True, False)
            )  # fmt: skip
            terms = scale.scaled_mmd_terms(KERNEL, samples[2], np.full(7, 2.0))
            square = scale.scaled_mmd_square(terms, ridge)
            assert 0 < square * mmd2[0] <= full <= dropped <= mmd2[0] / ridge


def test_critic_attains_the_distance(rng, exact):
    """f has <eta, f> = C f^2 = D, so that f / sqrt(D) is the best critic."""
    real, fake, points = make_samples(rng, 2)
    found = constrained.gradient_constrained(real, fake, points, KERNEL, 0.1)
    difference = tf.reduce_mean(
        found.critic.values(KERNEL, real)
    ) - tf.reduce_mean(found.critic.values(KERNEL, fake))
    assert float(difference) == pytest.approx(float(found.square), rel=1e-6)
    np.testing.assert_allclose(
        found.critic.jets(KERNEL, points), found.jets, atol=1e-6
    )


def test_same_samples_have_distance_zero(rng):
    real, _, points = make_samples(rng, 2)
    real = tf.constant(real)
    with tf.GradientTape() as tape:
        tape.watch(real)
        value = constrained.gradient_constrained_mmd2(
            real, tf.identity(real), points, KERNEL, 0.1
        )
    assert abs(value) < 1e-14
    np.testing.assert_allclose(tape.gradient(value, real), 0.0, atol=1e-12)


@pytest.mark.parametrize("name", ["rq_linear", "polynomial"])
def test_other_kernels(rng, name):
    """All solvers agree; the ridge alone is left where it is large."""
    samples = make_samples(rng, 2)
    kernel = kernels.KERNELS[name]
    direct, iterative, pivoted = (
        float(
            constrained.gradient_constrained_mmd2(
                *samples, kernel, 0.1, solver=solver
            )
        )
        for solver in SOLVERS
    )
    assert iterative == pytest.approx(direct, rel=2e-6)
    assert direct < pivoted == pytest.approx(direct, rel=2e-3)
    far = constrained.gradient_constrained_mmd2(*samples, kernel, 1e9)
    x, y = samples[:2]
    mmd2 = kernel(x, x).numpy().mean() + kernel(y, y).numpy().mean()
    mmd2 -= 2 * kernel(x, y).numpy().mean()
    assert float(far) == pytest.approx(mmd2 / 1e9, rel=1e-6)


@pytest.mark.parametrize("ridge", [0.0, -1.0])
def test_refuses_a_ridge_that_is_not_positive(rng, ridge):
    with pytest.raises(errors.UsageError, match=r"ridge=.*lambda > 0"):
        constrained.gradient_constrained_mmd2(
            *make_samples(rng, 2), KERNEL, ridge
        )


def test_names_the_ridge_that_would_do(rng):
    real, fake, points = make_samples(rng, 2, (20, 20, 40))
    samples = real, fake, np.concatenate([points, points + 1e-7])

    def distance(ridge):
        return constrained.gradient_constrained_mmd2(
            *(s.astype("float32") for s in samples),
            KERNEL, ridge, solver="direct",
        )  # fmt: skip

    with pytest.raises(errors.UsageError, match=r"ridge.*1e-09; try") as info:
        distance(1e-9)
    remedy = float(str(info.value).rsplit(" ", 1)[1].rstrip("."))
    assert np.isfinite(distance(remedy))
    with pytest.raises(tf.errors.InvalidArgumentError, match="try at least"):
        tf.function(distance, autograph=False)(1e-9)


def test_names_a_ridge_where_iterations_do_not_end(rng, monkeypatch):
    solve = SOLVERS["iterative"]
    monkeypatch.setitem(
        SOLVERS, "iterative",
        lambda system: solve(system, max_iterations=3),
    )  # fmt: skip
    samples = make_samples(rng, 2)
    with pytest.raises(errors.UsageError, match=r"over 3 iter.*1e-05; try"):
        constrained.gradient_constrained_mmd2(*samples, KERNEL, 1e-5)
    easy = constrained.gradient_constrained_mmd2(*samples, KERNEL, 100.0)
    assert np.isfinite(easy)


@pytest.mark.parametrize(
    "kernel, match",
    [
        (kernels.KERNELS["distance"], "not differentiable"),
        (kernels.KERNELS["tanh_distance"], "not differentiable"),
    ],
)
def test_refuses_kernels_without_derivatives(rng, kernel, match):
    with pytest.raises(errors.UsageError, match=match):
        constrained.gradient_constrained_mmd2(
            *make_samples(rng, 2), kernel, 1.0
        )


def test_refuses_unknown_solvers_and_unequal_widths(rng):
    samples = make_samples(rng, 2)
    with pytest.raises(errors.UsageError, match="solver 'lu'; known: direct"):
        constrained.gradient_constrained_mmd2(
            *samples, KERNEL, 1.0, solver="lu"
        )
    with pytest.raises(ValueError, match="unequal widths"):
        constrained.gradient_constrained_mmd2(
            samples[0], samples[1], samples[2][:, :1], KERNEL, 1.0
        )


def test_refuses_a_bandwidth_of_zero():
    with pytest.raises(ValueError, match=r"sigmas=.*need numbers > 0"):
        kernels.Gaussian((0.0,))
