"""Distances between point masses at 0 and at theta, with critic x -> psi x.

The kernel is k(psi x, psi y), k Gaussian of sigma 1, in one dimension; lambda
is 1. Each distance is optimised over psi.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import optimize

from tf_mmdgan import kernels
from tf_mmdgan.mmd import constrained
from tf_mmdgan.mmd.constrained import Optimum, expansions, scale
from tf_mmdgan.mmd.constrained.lipschitz import lipschitz as solve_lipschitz

RIDGE = 1.0
# Of the broad measure mu = N(0, 10^2).
BROAD = 10.0
KERNEL = kernels.Gaussian()
# The least psi that is tried, and the largest psi theta: there a supremum at
# infinity has been reached, and the grids still resolve the kernel.
_SMALLEST, _LARGEST, _LARGEST_LIPSCHITZ = 0.03, 30.0, 8.0

PairDistance = Callable[[float, float], Optimum]


def _column(values: np.ndarray) -> tf.Tensor:
    return tf.constant(np.reshape(values, [-1, 1]), tf.float64)


@tf.function(autograph=False)
def _solve(kind, pair, points, weights, psi):
    jacobian_squares = tf.fill([points.shape[0], 1, 1], psi**2)
    real, fake = tf.split(psi * pair, 2)
    common = {"jacobian_squares": jacobian_squares, "solver": "direct"}
    arguments = real, fake, psi * points, KERNEL, RIDGE
    if kind == "lipschitz":
        found = solve_lipschitz(
            *arguments, **common, tolerance=3e-3, max_iterations=60
        )
    else:
        found = constrained.gradient_constrained(
            *arguments, weights=weights, **common
        )
    return (
        found.square,
        found.jets,
        found.critic.centres,
        (found.critic.coefficients),
    )


def _found(
    kind: str,
    theta: float,
    psi: float,
    points: np.ndarray,
    weights: np.ndarray,
) -> Optimum:
    square, jets, centres, coefficients = _solve(
        kind, _column(np.array([0.0, theta])), _column(points),
        tf.constant(weights, tf.float64), tf.constant(psi, tf.float64),
    )  # fmt: skip
    return Optimum(square, jets, expansions.Expansion(centres, coefficients))


def _grid(theta: float, psi: float, count: int, reach: float) -> np.ndarray:
    """Points that lie close about 0 and theta, and farther apart far out.

    Close means much less than the kernel's width.
    """
    ends = np.arcsinh(psi * reach)
    side = np.sinh(np.linspace(0.0, ends, count // 3)) / psi
    between = np.linspace(0.0, theta, count - 2 * len(side) + 2)[1:-1]
    return np.concatenate([-side[::-1], between, theta + side])


def broad_measure(theta: float, psi: float) -> Optimum:
    """GC-MMD with mu = N(0, 10^2), by the trapezoid rule on a grid."""
    points = _grid(theta, psi, 300, 4.0 * BROAD)
    spacing = np.gradient(points)
    density = np.exp(-((points / BROAD) ** 2) / 2.0)
    density /= BROAD * np.sqrt(2.0 * np.pi)
    return _found("gc", theta, psi, points, spacing * density)


def point_measure(theta: float, psi: float) -> Optimum:
    """GC-MMD where mu is a point mass at 0."""
    return _found("gc", theta, psi, np.zeros(1), np.ones(1))


def lipschitz(theta: float, psi: float, count: int = 75) -> Optimum:
    """Lipschitz MMD, on a grid."""
    points = _grid(theta, psi, count, 6.0 / psi)
    return _found("lipschitz", theta, psi, points, np.ones(len(points)))


def _plain(theta: float, psi: float) -> float:
    return -2.0 * np.expm1(-((psi * theta) ** 2) / 2.0)


def _witness(theta: float, psi: float, square: float) -> Optimum:
    """The critic of the MMD, scaled such that <eta, f> = `square` MMD^2."""
    centres = psi * np.array([0.0, theta])
    coefficients = square * np.array([[1.0, 0.0], [-1.0, 0.0]])
    return Optimum(
        tf.constant(square * _plain(theta, psi), tf.float64),
        tf.zeros([0, 2], tf.float64),
        expansions.Expansion(
            _column(centres), tf.constant(coefficients, tf.float64)
        ),
    )


def plain(theta: float, psi: float) -> Optimum:
    """MMD, in closed form."""
    return _witness(theta, psi, 1.0)


def scaled(theta: float, psi: float) -> Optimum:
    """Scaled MMD; psi^2 is the slope squared, everywhere."""
    terms = scale.scaled_mmd_terms(
        KERNEL, tf.zeros([1, 1], tf.float64), tf.constant([psi**2], tf.float64)
    )
    square = scale.scaled_mmd_square(terms, RIDGE)
    return _witness(theta, psi, float(square))


DISTANCES: Mapping[str, PairDistance] = {
    "MMD": plain,
    "SMMD": scaled,
    "LipMMD": lipschitz,
    "GC-MMD, broad": broad_measure,
    "GC-MMD, point": point_measure,
}


def optimised(distance: PairDistance, theta: float) -> dict[str, Any]:
    """The largest distance over psi, and that psi."""

    def negative(log_psi):
        return -float(distance(theta, np.exp(log_psi)).square)

    largest = _LARGEST_LIPSCHITZ if distance is lipschitz else _LARGEST
    # It rises to one maximum and falls, or stays, after it.
    result = optimize.minimize_scalar(
        negative,
        bounds=(np.log(_SMALLEST), np.log(largest / theta)),
        method="bounded",
        options={"xatol": 0.03},
    )
    return {
        "distance": float(-result.fun) ** 0.5, "psi": float(np.exp(result.x))
    }  # fmt: skip


def critic(
    distance: PairDistance, theta: float, psi: float, at: np.ndarray
) -> np.ndarray:
    """The best critic's values and slopes df / dx at points x [n]: [n, 2]."""
    found = distance(theta, psi)
    jets = found.critic.jets(KERNEL, _column(psi * at)).numpy()
    return jets * np.array([1.0, psi]) / float(found.square) ** 0.5
