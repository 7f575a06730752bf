"""Spectral normalisation as all that holds the critic of a WGAN.

Sutherland and Gretton, slides of the Gaussian Process Summer School 2018;
Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 4, https://arxiv.org/abs/1805.11565.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan.data.sets import ring
from tf_mmdgan.objectives import gradients
from tf_mmdgan.reproduction.studies import ring_gans
from tf_mmdgan.reproduction.studies.ring_gan import Group
from tf_mmdgan.reproduction.studies.ring_gans import Runs, Setting
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

COMPARED = {
    "SN-WGAN": Group("wgan", spectral_norm=True),
    "WGAN-GP": Group("wgan_gp"),
    "SN-SMMD": Group("smmd", spectral_norm=True, learnable_scale=True),
}


# Runs of a method whose points are drawn.
_SHOWN = 4


def train(group: Group, seeds: tuple[int, ...], steps: int) -> Any:
    """Scores and the critic's mean slope at the data, and points of some."""
    runs = Runs(group, [Setting(seed) for seed in seeds])
    runs.train(steps)
    real = tf.constant(np.stack([ring.ring(500, 10**6)] * len(seeds)))
    slopes = gradients.gradient_norms(
        lambda points: runs.criticise(points)[..., 0], real, axes=[2]
    )
    return [
        {
            **ring_gans.score(points),
            "points": np.round(points[: 300 * (run < _SHOWN)], 2),
            "slope": float(tf.reduce_mean(slope)),
        }
        for run, (points, slope) in enumerate(
            zip(runs.points(), slopes, strict=True)
        )
    ]


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All methods from all seeds."""
    steps = budget.steps(1500, 100)
    return {
        "steps": steps,
        "runs": {
            name: parts.get(
                f"{name}, {steps} steps, seeds {budget.seeds}",
                train, group, budget.seeds, steps,
            )
            for name, group in COMPARED.items()
        },
    }  # fmt: skip


def holds(numbers: Mapping[str, Any]) -> bool:
    """SN-WGAN is worse than each of the others by two standard errors."""
    quality = {
        name: np.array([run["high_quality"] for run in runs])
        for name, runs in numbers["runs"].items()
    }
    worst = quality.pop("SN-WGAN")
    return all(
        other.mean() - worst.mean()
        > 2 * np.sqrt((other.var(ddof=1) + worst.var(ddof=1)) / len(worst))
        for other in quality.values()
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Points of the first runs, a row for each method."""
    seeds = min(_SHOWN, len(numbers["runs"]["SN-WGAN"]))
    grid = figure.subplots(len(COMPARED), seeds, squeeze=False)
    for row, name in zip(grid, COMPARED, strict=True):
        runs = numbers["runs"][name][:seeds]
        for axes, run in zip(row, runs, strict=True):
            ring_gans.scatter(
                axes, run["points"],
                f"{run['modes']} modes, {100 * run['high_quality']:.0f} % in "
                f"one\nmean slope {run['slope']:.2g}",
            )  # fmt: skip
        row[0].set_ylabel(name)


def caption(numbers: Mapping[str, Any]) -> str:
    """Quality and slope by method."""
    rows = "; ".join(
        f"{name} "
        + ", ".join(f"{100 * run['high_quality']:.0f}" for run in runs)
        + " % (critic's mean slope at the data "
        + ", ".join(f"{run['slope']:.2g}" for run in runs)
        + ")"
        for name, runs in numbers["runs"].items()
    )
    return (
        f"Share of points in a mode after {numbers['steps']} generator steps, "
        f"by seed: {rows}. Spectral normalisation bounds the critic's slope by "
        "1, but the real one is less."
    )


STUDY: Study = Study(
    title="Spectral normalisation alone in a WGAN",
    claim=(
        "Spectral normalisation as the only constraint of a WGAN's critic does "
        "not work; with a scaled MMD it does."
    ),
    source=(
        "Sutherland and Gretton, slides of the Gaussian Process Summer School "
        "2018, on images; here the ring of eight Gaussians."
    ),
    threshold=(
        "over twelve seeds the SN-WGAN has a smaller mean share of points in "
        "a mode than WGAN-GP and than SN-SMMD, by more than two standard "
        "errors of the difference."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=tuple(range(12)),
    quick_seeds=(0, 1),
    size=(8.0, 6.4),
)
