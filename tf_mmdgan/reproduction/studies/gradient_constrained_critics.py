"""The best critics of two points, and how steep they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies import dirac_pair
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study, rounded

FAR, NEAR = 20.0, 0.2
_NAMES = ("MMD", "SMMD", "LipMMD", "GC-MMD, broad")
_COLOURS = dict(zip(_NAMES, ("k", "C0", "C2", "C1"), strict=True))
# What a grid may miss of a slope of 1.
_SLACK = 0.05


def curve(name: str, theta: float, count: int) -> dict[str, Any]:
    """Values and slopes of the best critic at the best psi."""
    distance = dirac_pair.DISTANCES[name]
    best = dirac_pair.optimised(distance, theta)
    # The MMD grows with psi for ever; its critic is drawn at this one.
    psi = 3.0 if name == "MMD" else best["psi"]
    at = np.linspace(-1.0 - theta / 4.0, 1.0 + 1.25 * theta, count)
    jets = dirac_pair.critic(distance, theta, psi, at)
    return {"psi": psi, "at": at, "values": jets[:, 0], "slopes": jets[:, 1]}


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """A curve for each distance, far apart and near."""
    count = budget.steps(401, 201)
    curves = {
        f"{theta:g}": {
            name: parts.get(f"{name} theta={theta} count={count}",
                            curve, name, theta, count)
            for name in _NAMES
        }
        for theta in (FAR, NEAR)
    }  # fmt: skip
    return rounded(curves, 5)


def steepest(numbers: Mapping[str, Any], theta: float, name: str) -> float:
    """Largest slope on the curve."""
    return float(np.max(np.abs(numbers[f"{theta:g}"][name]["slopes"])))


def holds(numbers: Mapping[str, Any]) -> bool:
    """The gradient-constrained critic is steeper than 1, the other is not."""
    return bool(
        steepest(numbers, NEAR, "GC-MMD, broad") > 1.0 + _SLACK
        and all(
            steepest(numbers, theta, "LipMMD") <= 1.0 + _SLACK
            for theta in (FAR, NEAR)
        )
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Critics above, their slopes below; far apart left, near right."""
    rows = figure.subplots(2, 2, sharex="col")
    for column, theta in enumerate((FAR, NEAR)):
        upper, lower = rows[:, column]
        for name, found in numbers[f"{theta:g}"].items():
            at, colour = found["at"], _COLOURS[name]
            upper.plot(at, found["values"], color=colour, label=name)
            lower.plot(at, np.abs(found["slopes"]), color=colour)
        lower.axhline(1.0, color="0.6", lw=1, ls="--")
        lower.set(yscale="log", ylim=(1e-3, 20.0), xlabel="x")
        upper.set(title=f"point masses at 0 and θ = {theta:g}")
        for place in (0.0, theta):
            upper.axvline(place, color="0.8", lw=1, zorder=0)
    rows[0, 0].set_ylabel("best critic f(x)")
    rows[1, 0].set_ylabel("slope, |df / dx|")
    handles, labels = rows[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, ncols=len(labels), loc="outside lower center"
    )


def caption(numbers: Mapping[str, Any]) -> str:
    """The largest slopes."""
    texts = []
    for theta in (FAR, NEAR):
        slopes = ", ".join(
            f"{name} {steepest(numbers, theta, name):.2f}" for name in _NAMES
        )
        texts.append(f"at θ = {theta:g}: {slopes}")
    return (
        f"Largest slopes {'; '.join(texts)}. A mean of squared slopes over a "
        "broad measure says little about any one place: what is bounded is a "
        "Sobolev norm."
    )


STUDY: Study = Study(
    title="Critics under a mean and under a uniform bound on slopes",
    claim=(
        "The gradient-constrained MMD bounds a Sobolev norm of the critic; it "
        "does not quite constrain its Lipschitz constant."
    ),
    source=(
        "Arbel, Sutherland, Binkowski, Gretton 2018, On gradient regularizers "
        "for MMD GANs, section 3 and figure 1."
    ),
    threshold=(
        "at θ = 0.2 the gradient-constrained critic has slopes above 1.05, and "
        "the Lipschitz MMD's critic has none, there and at θ = 20; λ = 1, μ = "
        "N(0, 10²)."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(9.0, 6.0),
)
