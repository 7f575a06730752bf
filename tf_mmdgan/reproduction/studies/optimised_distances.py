"""Point masses at 0 and theta: which distance is continuous once optimised."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies import dirac_pair
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

# Values of an independent computation, which must be met.
EXPECTED = {
    0.01: {"MMD": 1.414, "SMMD": 0.0099, "GC-MMD, broad": 0.423},
    0.05: {"SMMD": 0.0483, "LipMMD": 0.0498, "GC-MMD, broad": 0.762},
    0.2: {"SMMD": 0.1743, "LipMMD": 0.196, "GC-MMD, broad": 1.085},
    1.0: {"SMMD": 0.5638, "LipMMD": 0.766, "GC-MMD, broad": 1.305},
    5.0: {"SMMD": 0.9224, "LipMMD": 1.328, "GC-MMD, broad": 1.352},
    20.0: {"SMMD": 0.991, "LipMMD": 1.408, "GC-MMD, broad": 1.377},
}
EVERYWHERE = {"MMD": 2.0**0.5, "GC-MMD, point": 1.5**0.5}
TOLERANCE = 0.01
# Of the exponents 1 and 1/2 that distances have near 0.
_POWER_TOLERANCE = 0.05
_THETAS = (0.0001, 0.001, 0.01, 0.05, 0.2, 1.0, 5.0, 20.0)
_QUICK_THETAS = (0.01, 1.0)
_COLOURS = dict(
    zip(dirac_pair.DISTANCES, ("k", "C0", "C2", "C1", "C3"), strict=True)
)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Each distance, optimised over psi, for each theta."""
    thetas = budget.steps(_THETAS, _QUICK_THETAS)
    distances = {
        name: [
            parts.get(f"{name} theta={theta}", dirac_pair.optimised,
                      distance, theta)["distance"]
            for theta in thetas
        ]
        for name, distance in dirac_pair.DISTANCES.items()
    }  # fmt: skip
    return {"thetas": thetas, "distances": distances}


def errors_of(numbers: Mapping[str, Any]) -> list[float]:
    """Differences to the expected values, where there are any."""
    found = []
    for i, theta in enumerate(numbers["thetas"]):
        expected = {**EXPECTED.get(theta, {}), **EVERYWHERE}
        for name, value in expected.items():
            found.append(abs(numbers["distances"][name][i] - value))
    return found


def power(numbers: Mapping[str, Any], name: str) -> float:
    """Exponent of theta between the two smallest thetas."""
    thetas, values = numbers["thetas"], numbers["distances"][name]
    return float(np.log(values[1] / values[0]) / np.log(thetas[1] / thetas[0]))


def _powers_hold(numbers: Mapping[str, Any]) -> bool:
    if numbers["thetas"][1] > 0.1:  # A quick run has one small theta only.
        return True
    expected = {"SMMD": 1.0, "LipMMD": 1.0, "GC-MMD, broad": 0.5}
    return all(
        abs(power(numbers, name) - value) <= _POWER_TOLERANCE
        for name, value in expected.items()
    )


def holds(numbers: Mapping[str, Any]) -> bool:
    """Whether values and exponents are as expected."""
    return max(errors_of(numbers)) <= TOLERANCE and _powers_hold(numbers)


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Distances by theta, on a line and on logarithmic axes."""
    left, right = figure.subplots(1, 2)
    thetas = np.array(numbers["thetas"])
    for axes in (left, right):
        for name, values in numbers["distances"].items():
            axes.plot(
                thetas, values, marker=".", color=_COLOURS[name], label=name,
                ls="--" if name.endswith("point") else "-",
            )  # fmt: skip
        axes.set(xscale="log", xlabel="θ, distance of the point masses")
    left.set(
        ylim=(0.0, 1.5),
        ylabel="distance, optimised over ψ",
        title="MMD, and GC-MMD with μ = δ₀, jump at 0",
    )
    right.set(
        yscale="log", ylabel="the same, logarithmic",
        title="slopes 1 (SMMD, LipMMD) and 1/2",
    )  # fmt: skip
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles, labels, ncols=len(labels), loc="outside lower center"
    )


def caption(numbers: Mapping[str, Any]) -> str:
    """The values at the smallest theta, and the exponents."""
    thetas, distances = numbers["thetas"], numbers["distances"]
    first = ", ".join(f"{n} {v[0]:.4f}" for n, v in distances.items())
    powers = ", ".join(
        f"{name} {power(numbers, name):.3f}"
        for name in ("SMMD", "LipMMD", "GC-MMD, broad")
    )
    return (
        f"At θ = {thetas[0]:g}: {first}. Exponents of θ between the two "
        f"smallest: {powers}. The largest difference to the expected values is "
        f"{max(errors_of(numbers)):.4f}. A broad μ makes the gradient-"
        "constrained MMD continuous, but not Lipschitz; with μ on the data "
        "itself it jumps like the MMD."
    )


STUDY: Study = Study(
    title="Optimised distances between two points",
    claim=(
        "Optimised over critics x -> ψx, the MMD between point masses at 0 and "
        "θ is discontinuous in θ; the Scaled, the Lipschitz and the "
        "gradient-constrained MMD are continuous, the latter if its measure μ "
        "has a density."
    ),
    source=(
        "Arbel, Sutherland, Binkowski, Gretton 2018, On gradient regularizers "
        "for MMD GANs, section 2 and figure 1; the case of a point measure "
        "is derived here."
    ),
    threshold=(
        "values are within .01 of an independent computation, and exponents of "
        "θ near 0 within .05 of 1 (SMMD, LipMMD) and 1/2 (GC-MMD, μ = "
        "N(0, 10²)); MMD is √2 and GC-MMD with μ = δ₀ is √1.5 for every θ."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(9.0, 4.6),
)
