"""One GAN, many seeds: whether the same code gives the same result again.

Goodfellow et al. 2014, with the networks and the ring of Srivastava, Xu,
Gutmann, Sutton 2020, "Generative ratio matching networks", section 4.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies import ring_gans
from tf_mmdgan.reproduction.studies.ring_gan import Group
from tf_mmdgan.reproduction.studies.ring_gans import Runs, Setting
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_GROUP = Group("gan", critic_steps=1, generator_width=200, critic_width=100)
_SNAPSHOTS = 20
_SHOWN = (1, 4, 9, 14, 19)
_GAP = 3  # modes


def trace(seeds: tuple[int, ...], steps: int) -> list[dict[str, Any]]:
    """Scores at each snapshot, with some points, for each seed."""
    runs = Runs(_GROUP, [Setting(seed) for seed in seeds])
    found: list[dict[str, list[Any]]] = [
        {"modes": [], "high_quality": [], "points": []} for _ in seeds
    ]
    for _ in range(_SNAPSHOTS):
        runs.train(steps // _SNAPSHOTS)
        for entry, points in zip(found, runs.points(), strict=True):
            for name, value in ring_gans.score(points).items():
                entry[name].append(value)
            entry["points"].append(np.round(points[:150], 2))
    return found


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All seeds; points of the best and of the worst."""
    steps = budget.steps(2000, 200)
    found = parts.get(
        f"{steps} steps, seeds {budget.seeds}", trace, budget.seeds, steps
    )
    order = sorted(
        found, key=lambda run: (run["modes"][-1], run["high_quality"][-1])
    )
    return {
        "steps": steps,
        "modes": [run["modes"] for run in found],
        "high_quality": [run["high_quality"] for run in found],
        "points": {
            "best": [order[-1]["points"][i] for i in _SHOWN],
            "worst": [order[0]["points"][i] for i in _SHOWN],
        },
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """One run covers the ring in the end, another misses three modes."""
    last = [modes[-1] for modes in numbers["modes"]]
    return max(last) == 8 and max(last) - min(last) >= _GAP


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Snapshots of two runs, over the traces of all."""
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.5, 1])
    grid = top.subplots(2, len(_SHOWN))
    step = numbers["steps"] // _SNAPSHOTS
    for row, (name, snapshots) in zip(
        grid, numbers["points"].items(), strict=True
    ):
        for axes, i, points in zip(row, _SHOWN, snapshots, strict=True):
            ring_gans.scatter(axes, points, f"step {(i + 1) * step}")
        row[0].set_ylabel(f"{name} seed")
    axes = bottom.subplots()
    steps = step * np.arange(1, _SNAPSHOTS + 1)
    for i, modes in enumerate(numbers["modes"]):
        axes.plot(steps, np.array(modes) + 0.04 * i, lw=1.0)
    axes.set(
        title="All seeds (lines set apart a little)", ylim=(-0.2, 8.8),
        xlabel="generator step", ylabel="modes covered of 8",
    )  # fmt: skip


def caption(numbers: Mapping[str, Any]) -> str:
    """Modes in the end, by seed."""
    last = ", ".join(str(modes[-1]) for modes in numbers["modes"])
    drops = sum(int(np.any(np.diff(modes) <= -2)) for modes in numbers["modes"])
    return (
        f"Modes covered after {numbers['steps']} steps, by seed: {last}. "
        f"{drops} of {len(numbers['modes'])} runs lose two or more modes "
        "between two snapshots."
    )


STUDY: Study = Study(
    title="One GAN, other seeds",
    claim=(
        "GAN training is unstable: the same code, run again with another seed, "
        "gives another result, good or broken."
    ),
    source=(
        "Gretton, introduction to GANs, lecture notes, with two runs of the "
        "code of Salimans et al. 2016; here the ring of eight Gaussians."
    ),
    threshold=(
        "of ten seeds, one ends with all eight modes covered, and another with "
        f"at least {_GAP} modes less."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=tuple(range(10)),
    quick_seeds=(0, 1),
    size=(8.0, 6.0),
)
