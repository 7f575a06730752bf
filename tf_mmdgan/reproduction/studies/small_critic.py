"""Small and big critics: MMD GAN against WGAN-GP, on the ring.

Binkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs", section 5
and tables 1 and 2, https://arxiv.org/abs/1801.01401.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies import ring_gans
from tf_mmdgan.reproduction.studies.ring_gan import Group
from tf_mmdgan.reproduction.studies.ring_gans import Setting
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

COMPARED = {
    "MMD GAN-GP": Group("mmd_gp", critic_output=8),
    "WGAN-GP": Group("wgan_gp"),
}
WIDTHS = {"small": 4, "big": 64}


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Both methods with both critics, from all seeds."""
    steps = budget.steps(1500, 100)
    settings = [Setting(seed) for seed in budget.seeds]
    found: dict[str, Any] = {}
    for name, method in COMPARED.items():
        for size, width in WIDTHS.items():
            found[f"{name}, {size}"] = parts.get(
                f"{name}, width {width}, {steps} steps, {budget.seeds}",
                ring_gans.train,
                dataclasses.replace(method, critic_width=width),
                settings, steps,
            )  # fmt: skip
    return {"steps": steps, "runs": found}


def quality(numbers: Mapping[str, Any], name: str) -> np.ndarray:
    """Share of points in a mode of each run."""
    return np.array([run["high_quality"] for run in numbers["runs"][name]])


def holds(numbers: Mapping[str, Any]) -> bool:
    """MMD is ahead with the small critic, by more than with the big one."""
    ahead = {
        size: quality(numbers, f"MMD GAN-GP, {size}")
        - quality(numbers, f"WGAN-GP, {size}")
        for size in WIDTHS
    }
    small = ahead["small"]
    return bool(small.min() > 0.0 and small.mean() > ahead["big"].mean())


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Points of each run, a row for method and size."""
    names = list(numbers["runs"])
    count = len(numbers["runs"][names[0]])
    grid = figure.subplots(len(names), count, squeeze=False)
    for row, name in zip(grid, names, strict=True):
        for axes, run in zip(row, numbers["runs"][name], strict=True):
            ring_gans.scatter(
                axes, run["points"],
                f"{run['modes']} modes, {100 * run['high_quality']:.0f} %",
            )  # fmt: skip
        row[0].set_ylabel(name, fontsize=8)


def caption(numbers: Mapping[str, Any]) -> str:
    """Shares by method, size and seed."""
    rows = "; ".join(
        f"{name} "
        + ", ".join(f"{100 * share:.0f}" for share in quality(numbers, name))
        + " %"
        for name in numbers["runs"]
    )
    return (
        f"Share of points in a mode after {numbers['steps']} generator steps, "
        f"by seed: {rows}."
    )


STUDY: Study = Study(
    title="Small and big critics",
    claim=(
        "With a small critic an MMD GAN is ahead of WGAN-GP, because part of "
        "the critic's optimum is in closed form; with a big one both are alike."
    ),
    source=(
        "Binkowski, Sutherland, Arbel, Gretton 2018, Demystifying MMD GANs, "
        "tables 1 and 2, on images; here the ring, hidden layers of "
        f"{WIDTHS['small']} and {WIDTHS['big']} units."
    ),
    threshold=(
        "with the small critic the MMD GAN has the larger share of points in a "
        "mode on every seed, and its lead is larger on average than with the "
        "big one."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    quick_seeds=(0, 1),
    size=(6.0, 7.6),
)
