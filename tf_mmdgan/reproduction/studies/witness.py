"""The optimal witness of two samples, in closed form and by search."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan import kernels, mmd
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_KERNEL = kernels.Gaussian((0.5,))
_TOLERANCE = 1e-6
_STEP = 30.0  # of the search


def ascend(
    gram: np.ndarray, weights: np.ndarray, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Maximises E f(x) - E f(y) over functions f of norm 1, by gradient ascent.

    f = sum_i a_i k(z_i, .) has the squared norm a^T K a. In the RKHS the
    gradient of the mean difference has the coefficients `weights`, whatever f
    is. Each step is followed by a projection onto functions of norm 1.

    Args:
      gram: K, of all points, [n, n].
      weights: 1 / n for points of x, -1 / m for points of y.
      steps: of gradient ascent, from a random function.

    Returns:
      The coefficients a, and the mean difference after each step.
    """
    coefficients = np.random.default_rng(1).normal(size=len(gram))
    values = []
    for _ in range(steps):
        coefficients = coefficients / np.sqrt(
            coefficients @ gram @ coefficients
        )
        values.append(weights @ gram @ coefficients)
        coefficients = coefficients + _STEP * weights
    return coefficients, np.array(values)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """A Gaussian and a Laplace sample of mean 0 and variance 1."""
    del parts
    rng = np.random.default_rng(budget.seeds[0])
    x = rng.normal(size=(budget.steps(500, 200), 1))
    y = rng.laplace(scale=np.sqrt(0.5), size=x.shape)
    points = np.linspace(-4.0, 4.0, 161)[:, None]
    joint = np.concatenate([x, y])
    gram = _KERNEL(joint, joint).numpy()
    weights = np.repeat([1.0, -1.0], len(x)) / len(x)
    mmd2 = weights @ gram @ weights
    eta = mmd.witness(_KERNEL, joint, x, y).numpy()
    _, values = ascend(gram, weights, 200)
    return {
        "x": np.sort(x[:, 0]),
        "y": np.sort(y[:, 0]),
        "points": points[:, 0],
        "witness": mmd.witness(_KERNEL, points, x, y).numpy(),
        "mmd2": mmd2,
        "mean_difference": eta[: len(x)].mean() - eta[len(x) :].mean(),
        "mmd": np.sqrt(mmd2),
        "search": values,
        "searched_mmd": values[-1],
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """Both equalities, up to the tolerance."""
    closed = abs(numbers["mean_difference"] - numbers["mmd2"])
    searched = abs(numbers["searched_mmd"] - numbers["mmd"])
    return max(closed, searched) < _TOLERANCE


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """The witness between the two laws, and the search."""
    left, right = figure.subplots(1, 2, width_ratios=[2, 1])
    points = np.array(numbers["points"])
    normal = np.exp(-(points**2) / 2) / np.sqrt(2 * np.pi)
    laplace = np.exp(-np.abs(points) * np.sqrt(2)) / np.sqrt(2)
    left.plot(points, normal, "--", label="density of P, Gaussian")
    left.plot(points, laplace, "--", label="density of Q, Laplace")
    scaled = np.array(numbers["witness"]) / numbers["mmd"]
    left.plot(points, scaled, lw=2, label="witness η / MMD")
    left.axhline(0, color="0.7", lw=0.8)
    left.set(xlabel="t", title="Optimal witness of two samples")
    left.legend(loc="upper left", fontsize=8)
    search = np.array(numbers["search"])
    right.semilogy(numbers["mmd"] - search + 1e-16)
    right.set(
        xlabel="step of gradient ascent",
        ylabel="MMD minus mean difference of f",
        title="Best f of norm 1 by search",
    )


def caption(numbers: Mapping[str, Any]) -> str:
    """The two equalities."""
    return (
        "The witness is positive where P has more mass. Its mean difference is "
        f"{numbers['mean_difference']:.6f}, the squared MMD "
        f"{numbers['mmd2']:.6f}; gradient ascent over functions of norm 1 "
        f"reaches {numbers['searched_mmd']:.6f}, the MMD is "
        f"{numbers['mmd']:.6f}."
    )


STUDY: Study = Study(
    title="The optimal witness function",
    claim=(
        "The function of norm 1 that tells two samples apart best is the "
        "difference of their mean embeddings, divided by its norm, the MMD; so "
        "no critic has to be trained."
    ),
    source="Gretton et al. 2012, A Kernel Two-Sample Test, section 2.3.",
    threshold=(
        "the mean difference of the witness is MMD², and the best function "
        "found by gradient ascent has the mean difference MMD, both up to 1e-6."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
)
