"""The Wasserstein distance: primal, dual, a trained critic; and continuity.

Arjovsky, Chintala, Bottou 2017, "Wasserstein GAN", section 2 and example 1,
https://arxiv.org/abs/1701.07875.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.optimize
import scipy.spatial.distance
import scipy.stats

from tf_mmdgan.studies.study import Budget, Parts, Study

_THETA = np.linspace(-1.0, 1.0, 41)
_TOLERANCE = 1e-6


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


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Random pairs of laws, and a point that moves."""
    del parts
    rng = np.random.default_rng(budget.seeds[0])
    pairs = []
    for _ in range(budget.steps(40, 10)):
        n, m, width = rng.integers(2, 13), rng.integers(2, 13), 2
        x, y = rng.normal(size=(n, width)), rng.normal(0.5, 1.5, (m, width))
        p, q = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
        costs = scipy.spatial.distance.cdist(x, y)
        pairs.append(
            (primal(costs, p, q), dual(np.concatenate([x, y]), np.r_[p, -q]))
        )
    moved = [
        dual(np.array([[0.0], [theta]]), np.array([1.0, -1.0]))
        for theta in _THETA
    ]
    apart, same = np.eye(2), np.array([[0.5, 0.5], [0.5, 0.5]])
    steps = [jensen_shannon(*(same if t == 0.0 else apart)) for t in _THETA]
    gap = np.abs(np.diff(pairs, axis=1)).max()
    return {
        "pairs": pairs,
        "largest_gap": gap,
        "theta": _THETA,
        "moved": moved,
        "js": steps,
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """Primal = dual, W = |theta|, JS = log 2 but at 0."""
    theta, js = np.array(numbers["theta"]), np.array(numbers["js"])
    return bool(
        numbers["largest_gap"] < _TOLERANCE
        and np.abs(numbers["moved"] - np.abs(theta)).max() < _TOLERANCE
        and np.abs(js - np.log(2.0) * (theta != 0.0)).max() < _TOLERANCE
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """The pairs, and the two distances of the moving point."""
    left, right = figure.subplots(1, 2)
    pairs = np.array(numbers["pairs"])
    left.plot([0, pairs.max()], [0, pairs.max()], "--", color="0.6")
    left.plot(*pairs.T, "o")
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
        title="A point at 0 and a point at θ", xlabel="θ",
        ylim=(-0.02, 1.2), xticks=[-1.0, -0.5, 0.0, 0.5, 1.0],
    )  # fmt: skip
    right.legend(loc="upper center")


def sees(numbers: Mapping[str, Any]) -> str:
    """The largest gap."""
    count, gap = len(numbers["pairs"]), numbers["largest_gap"]
    return (
        f"{count} linear programs and their duals differ by at most "
        f"{gap:.0e}. The divergence of the two points is log 2 wherever the "
        "second one is, and so has no gradient; the distance is |θ|."
    )


STUDY = Study(
    title="Wasserstein distance: duality and continuity",
    claim=(
        "The cost of the best coupling is what the best 1-Lipschitz critic "
        "tells apart; between two points it is continuous in their distance, "
        "where the Jensen-Shannon divergence jumps to log 2."
    ),
    source=(
        "Arjovsky, Chintala, Bottou 2017, Wasserstein GAN, section 2; "
        "Isachenko, lectures on deep generative models 2022, lecture 11."
    ),
    threshold="all equalities are met up to 1e-6.",
    compute=compute,
    holds=holds,
    draw=draw,
    sees=sees,
    size=(8.0, 4.0),
)
