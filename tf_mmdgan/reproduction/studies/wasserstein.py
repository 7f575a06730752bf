"""The Wasserstein distance: primal, dual, a trained critic; and continuity.

Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN", section 2 and example 1,
https://arxiv.org/abs/1701.07875.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import scipy.optimize
import scipy.spatial.distance
import scipy.stats
import tensorflow as tf

from tf_mmdgan.networks import CriticOptions, mlp
from tf_mmdgan.objectives import gradients, regularizers
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_THETA = np.linspace(-1.0, 1.0, 41)
_TOLERANCE = 1e-6
_ON_A_SEGMENT = 8
# Of the distance that a trained critic must find.
_LEAST = 0.8


def primal(costs: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """Least cost of a coupling with marginals p [n] and q [m]."""
    n, m = costs.shape
    marginals = np.concatenate(
        [np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))]
    )
    found = scipy.optimize.linprog(
        costs.ravel(), A_eq=marginals, b_eq=np.r_[p, q]
    )
    return float(found.fun)


def dual(points: np.ndarray, weights: np.ndarray) -> float:
    """Greatest sum_i w_i f(z_i) over functions with slopes of at most 1.

    Args:
      points: z, [n, d].
      weights: those of P, and minus those of Q: their sum is 0.
    """
    distances = scipy.spatial.distance.cdist(points, points)
    i, j = np.nonzero(~np.eye(len(points), dtype=bool))
    rows = np.zeros((len(i), len(points)))
    rows[np.arange(len(i)), i] = 1.0
    rows[np.arange(len(i)), j] = -1.0
    found = scipy.optimize.linprog(
        -weights,
        A_ub=rows,
        b_ub=distances[i, j],
        bounds=[(0.0, 0.0)] + [(None, None)] * (len(points) - 1),
    )
    return float(-found.fun)


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """JS of two laws on the same atoms, in nats: 0 to log 2."""
    middle = (p + q) / 2.0
    halves = [scipy.special.rel_entr(law, middle).sum() / 2.0 for law in (p, q)]
    return float(sum(halves))


def segment(theta: float) -> np.ndarray:
    """Points of {theta} x [0, 1], evenly spaced: [n, 2]."""
    heights = np.linspace(0.0, 1.0, _ON_A_SEGMENT)
    return np.stack([np.full_like(heights, theta), heights], axis=1)


def trained_critic(
    points: np.ndarray, weights: np.ndarray, steps: int, seed: int
) -> float:
    """`dual`, by gradient ascent of a network with a gradient penalty.

    Gulrajani et al. 2017, "Improved training of Wasserstein GANs", with slopes
    penalised between all points. The critic's difference of means is divided by
    its steepest slope between two points, and so is at most the distance.
    """
    keras.utils.set_random_seed(seed)
    network = mlp.critic((2,), CriticOptions(1, width=64))
    adam = keras.optimizers.Adam(2e-3, beta_1=0.5, beta_2=0.9)
    adam.build(network.trainable_variables)
    at, masses = (tf.constant(a, tf.float32) for a in (points, weights))

    def function(x):
        return network(x)["features"][:, 0]

    @tf.function
    def ascend(count):
        for _ in tf.range(count):
            chosen = tf.random.uniform([2, 128], 0, len(points), tf.int32)
            first, last = tf.unstack(tf.gather(at, chosen))
            ways = tf.random.uniform([128])
            between = gradients.interpolate(first, last, ways)
            with tf.GradientTape() as tape:
                slopes = gradients.gradient_norms(function, between)
                penalty = 10.0 * regularizers.two_sided(slopes)
                loss = penalty - tf.reduce_sum(masses * function(at))
            variables = network.trainable_variables
            adam.apply(tape.gradient(loss, variables), variables)

    ascend(tf.constant(steps))
    values = function(at).numpy()
    rises = np.abs(values[:, None] - values)
    distances = scipy.spatial.distance.cdist(points, points)
    steepest = np.max(rises[distances > 0] / distances[distances > 0])
    return float(weights @ values / steepest)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Random pairs of laws, some with a critic; and a segment that moves."""
    rng = np.random.default_rng(budget.seeds[0])
    pairs: list[tuple[float, float]] = []
    trained: list[tuple[float, float]] = []
    steps = budget.steps(5000, 1000)
    for _ in range(budget.steps(40, 10)):
        n, m, width = rng.integers(2, 13), rng.integers(2, 13), 2
        x, y = rng.normal(size=(n, width)), rng.normal(0.5, 1.5, (m, width))
        p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        costs = scipy.spatial.distance.cdist(x, y)
        points, weights = np.concatenate([x, y]), np.r_[p, -q]
        pairs.append((primal(costs, p, q), dual(points, weights)))
        if len(trained) < budget.steps(8, 2):
            key = f"critic {len(trained)}, {steps} steps"
            found = parts.get(
                key, trained_critic, points, weights, steps, len(trained)
            )
            trained.append((pairs[-1][0], found))
    even = np.full(_ON_A_SEGMENT, 1.0 / _ON_A_SEGMENT)
    moved = [
        dual(np.concatenate([segment(0.0), segment(theta)]), np.r_[even, -even])
        for theta in _THETA
    ]
    apart, same = np.eye(2), np.array([[0.5, 0.5], [0.5, 0.5]])
    js = [jensen_shannon(*(same if t == 0.0 else apart)) for t in _THETA]
    gap = np.abs(np.diff(pairs, axis=1)).max()
    return {
        "pairs": pairs,
        "trained": trained,
        "largest_gap": gap,
        "theta": _THETA,
        "moved": moved,
        "js": js,
    }


def shares(numbers: Mapping[str, Any]) -> list[float]:
    """What each trained critic tells apart, over the true distance."""
    return [found / exact for exact, found in numbers["trained"]]


def holds(numbers: Mapping[str, Any]) -> bool:
    """Primal = dual, nearly = critic; W = |theta|, JS = log 2 but at 0."""
    theta, js = np.array(numbers["theta"]), np.array(numbers["js"])
    return bool(
        numbers["largest_gap"] < _TOLERANCE
        and min(shares(numbers)) > _LEAST
        and max(shares(numbers)) < 1.0 + _TOLERANCE
        and np.abs(numbers["moved"] - np.abs(theta)).max() < _TOLERANCE
        and np.abs(js - np.log(2.0) * (theta != 0.0)).max() < _TOLERANCE
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """The pairs, and the two distances of the moving segment."""
    left, right = figure.subplots(1, 2)
    pairs = np.array(numbers["pairs"])
    left.plot([0, pairs.max()], [0, pairs.max()], "--", color="0.6")
    left.plot(*pairs.T, "o", label="the best critic, by a linear program")
    left.plot(
        *np.transpose(numbers["trained"]), "C1x",
        label="a network with a gradient penalty",
    )  # fmt: skip
    left.legend(loc="upper left")
    left.set(
        title="Random laws on at most 12 points each",
        xlabel="least cost of a coupling",
        ylabel="most that a 1-Lipschitz critic tells apart",
        aspect="equal",
    )
    theta, js = np.array(numbers["theta"]), np.array(numbers["js"])
    away = theta != 0.0
    right.plot(theta, numbers["moved"], label="Wasserstein distance")
    for side in (theta < 0, theta > 0):
        right.plot(theta[side], js[side], "C1")
    right.plot([], [], "C1", label="Jensen-Shannon divergence / nats")
    right.plot(theta[~away], js[~away], "C1o")
    right.set(
        title="Segments x = 0 and x = θ, 0 ≤ y ≤ 1", xlabel="θ",
        ylim=(-0.02, 1.2), xticks=[-1.0, -0.5, 0.0, 0.5, 1.0],
    )  # fmt: skip
    right.legend(loc="upper center")


def caption(numbers: Mapping[str, Any]) -> str:
    """The largest gap."""
    count, gap = len(numbers["pairs"]), numbers["largest_gap"]
    return (
        f"{count} linear programs and their duals differ by at most "
        f"{gap:.0e}. Networks trained with a gradient penalty tell apart "
        f"{min(shares(numbers)):.0%} to {max(shares(numbers)):.0%} of the "
        "distance, relative to their steepest slope. Two segments side by "
        "side in the plane share no point; their divergence is log 2 wherever "
        "the second one is, and so has no gradient; the distance is |θ|."
    )


STUDY: Study = Study(
    title="Wasserstein distance: duality and continuity",
    claim=(
        "The cost of the best coupling is what the best 1-Lipschitz critic "
        "tells apart; between laws on two segments in the plane it is "
        "continuous in their distance, where the Jensen-Shannon divergence "
        "jumps to log 2."
    ),
    source=(
        "Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, section 2; "
        "Isachenko, lectures on deep generative models 2022, lecture 11."
    ),
    threshold=(
        "all equalities are met up to 1e-6; a critic trained with a gradient "
        f"penalty finds at least {_LEAST:.0%} of the distance, and no more "
        "than all."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 4.0),
)
