"""Kernel mean matching and ratio matching against NumPy and known laws."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import density_ratio
from tf_mmdgan.objectives.density_ratio import RatioMatching

# p = N(0, 1), q = N(.5, 1.2^2): E_q (p / q - 1)^2.
PEARSON = 0.1996


def gram(x, y, sigma):
    return np.exp(-((x[:, None] - y) ** 2).sum(-1) / (2 * sigma**2))


def normal(x, mean, std):
    return np.exp(-0.5 * ((x - mean) / std) ** 2) / std


def true_ratio(y):
    return normal(y, 0, 1) / normal(y, 0.5, 1.2)


def test_pearson_divergence_of_two_normal_laws():
    y = np.linspace(-12, 12, 100_001)
    q = normal(y, 0.5, 1.2) / np.sqrt(2 * np.pi)
    ratio = true_ratio(y)
    np.testing.assert_allclose(
        (q * (ratio - 1) ** 2).sum() * (y[1] - y[0]), PEARSON, atol=1e-4
    )
    drawn = 0.5 + 1.2 * np.random.default_rng(0).normal(size=200_000)
    found = density_ratio.pearson_divergence(tf.constant(true_ratio(drawn)))
    np.testing.assert_allclose(found, PEARSON, atol=0.003)


def test_ratio_solves_the_regularised_system(rng):
    u, v = rng.normal(size=(7, 2)), rng.normal(size=(5, 2))
    qq, qp = gram(v, v, 1.0), gram(v, u, 1.0)
    found = density_ratio.density_ratio(qq, qp, 0.1)
    inverse = np.linalg.inv(qq + 0.1 * np.eye(5))
    np.testing.assert_allclose(found, 5 / 7 * inverse @ qp.sum(1), rtol=1e-10)


def test_ratio_of_normal_laws_is_recovered():
    correlations = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(300, 1)), 0.5 + 1.2 * rng.normal(size=(300, 1))
        ratio = density_ratio.density_ratio(
            gram(y, y, 1.0), gram(y, x, 1.0), 0.1
        )
        correlations.append(np.corrcoef(ratio, true_ratio(y[:, 0]))[0, 1])
    assert np.mean(correlations) > 0.8


def expected_losses(u, v, objective):
    """In NumPy: projection's and generator's loss."""
    sigmas = np.array(objective.bandwidths)
    if objective.median_bandwidth:
        pooled = np.concatenate([u, v])
        squares = ((pooled[:, None] - pooled) ** 2).sum(-1)
        rows = np.triu_indices(len(pooled), 1)
        sigmas = sigmas * np.sqrt(np.median(squares[rows]))
    ratios, mmd2 = [], 0.0
    for s in sigmas:
        uu, vu, vv = gram(u, u, s), gram(v, u, s), gram(v, v, s)
        system = vv + objective.ridge * np.eye(len(v))
        right = vu.sum(1) * len(v) / len(u)
        ratios.append(np.linalg.solve(system, right))
        mmd2 += uu.mean() + vv.mean() - 2 * vu.mean()
    ratio = np.mean(ratios, axis=0)
    if objective.positivity == "clip":
        ratio = np.maximum(ratio, 0)
    loss = -np.mean((ratio - 1) ** 2)
    if objective.positivity == "penalty":
        loss -= ratio.sum()
    return loss, np.sqrt(mmd2)


CASES = [
    RatioMatching(),
    RatioMatching((0.5, 2.0), 0.1, "none"),
    RatioMatching((1.0,), 1e-2, "clip"),
    RatioMatching((0.3, 1.0, 3.0), 1e-2, "penalty", median_bandwidth=True),
]


@pytest.mark.parametrize("objective", CASES, ids=str)
def test_losses_and_gradients(rng, objective):
    u, v = rng.normal(size=(6, 2)), 0.7 * rng.normal(size=(5, 2)) + 0.5
    a, b = tf.constant(u), tf.constant(v)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([a, b])
        losses = objective(a, b)
    expected = expected_losses(u, v, objective)
    found = losses.projection, losses.generator
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    if objective.median_bandwidth:
        return  # which finite differences see, and gradients do not
    for place, loss in enumerate(found):
        for name, gradient in zip(
            ("u", "v"), tape.gradient(loss, [a, b]), strict=True
        ):
            rows = {"u": u, "v": v}
            step = rng.normal(size=rows[name].shape)
            ends = [
                expected_losses(
                    **{**rows, name: rows[name] + h * step},
                    objective=objective,
                )[place]
                for h in (-1e-5, 1e-5)
            ]
            slope = (ends[1] - ends[0]) / 2e-5
            np.testing.assert_allclose(
                np.sum(gradient * step), slope, rtol=1e-3, atol=1e-6
            )


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"ridge": 0.0}, "ridge=0.0: without a ridge"),
        ({"ridge": 1e-9}, "ridge=1e-09: without a ridge"),
        ({"ridge": float("nan")}, "ridge=nan"),
        ({"bandwidths": (0.0,)}, "bandwidths="),
        ({"bandwidths": ()}, "bandwidths="),
        ({"bandwidths": tf.zeros([4, 2])}, "bandwidths=.*need numbers > 0"),
        ({"positivity": "squared"}, "Unknown positivity"),
    ],
    ids=str,
)
def test_bad_settings(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        RatioMatching(**wrong)


@pytest.mark.parametrize("ridge", [0.0, 1e-9, tf.constant(0.0)], ids=str)
def test_equal_points_need_a_ridge(ridge):
    equal = tf.ones((5, 5))
    with pytest.raises(errors.UsageError, match="points of q are equal; try"):
        density_ratio.density_ratio(equal, equal, ridge)


@pytest.mark.parametrize("ridge", [-1.0, float("nan"), float("inf")])
def test_a_ridge_that_is_none_is_named(ridge):
    with pytest.raises(errors.UsageError, match=f"ridge={ridge}, need"):
        density_ratio.density_ratio(np.eye(3), np.ones((3, 2)), ridge)
