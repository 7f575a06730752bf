"""Free particles under attractive and repulsive critics.

Wang, Sun, Halgamuge 2019, "Improving MMD-GAN training with repulsive loss
function", figure 1, https://arxiv.org/abs/1812.09916: real and generated points
move themselves, as if critic and generator had no limits.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

CRITIC_STEPS = 450
GENERATOR_STEPS = 600
_RATE = 0.01
_SPREAD = 0.15
_PARTICLES = 6
LOSSES = ("attractive", "repulsive")


def pair_gradient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Sum_j grad_x_i exp(-|x_i - y_j|^2) for x [n, 2] and y [m, 2]: [n, 2]."""
    difference = x[:, None] - y[None]
    kernel = np.exp(-(difference**2).sum(axis=-1, keepdims=True))
    return (-2.0 * kernel * difference).sum(axis=1)


def critic_gradients(
    real: np.ndarray, fake: np.ndarray, loss: str
) -> tuple[np.ndarray, np.ndarray]:
    """Directions in which the critic's loss falls, as sums over pairs.

    attractive: 2 k(x, y) - k(x, x') - k(y, y'); repulsive: k(x, x') - k(y, y').
    """
    within_real = 2.0 * pair_gradient(real, real)
    within_fake = 2.0 * pair_gradient(fake, fake)
    if loss == "repulsive":
        return -within_real, within_fake
    return (
        within_real - 2.0 * pair_gradient(real, fake),
        within_fake - 2.0 * pair_gradient(fake, real),
    )


def generator_gradient(real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """Direction in which k(y, y') - 2 k(x, y) falls, as sums over pairs."""
    return 2.0 * pair_gradient(fake, real) - 2.0 * pair_gradient(fake, fake)


def simulate(loss: str, seed: int) -> np.ndarray:
    """Critic steps of all, then generator steps: [steps + 1, 2, n, 2]."""
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(0.0, _SPREAD, (2, _PARTICLES, 2))
    states = [(real, fake)]
    for _ in range(CRITIC_STEPS):
        real_step, fake_step = critic_gradients(real, fake, loss)
        real, fake = real + _RATE * real_step, fake + _RATE * fake_step
        states.append((real, fake))
    for _ in range(GENERATOR_STEPS):
        fake = fake + _RATE * generator_gradient(real, fake)
        states.append((real, fake))
    return np.array(states)


def spread(points: np.ndarray) -> float:
    """Root mean squared distance from their centre."""
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean()))


def unmatched(real: np.ndarray, fake: np.ndarray) -> float:
    """Mean distance of the real points from the nearest generated one."""
    distances = np.linalg.norm(real[:, None] - fake[None], axis=-1)
    return float(distances.min(axis=1).mean())


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Both losses, for each seed from the same points."""
    del parts
    numbers = {}
    for loss in LOSSES:
        runs = [simulate(loss, seed) for seed in budget.seeds]
        numbers[loss] = {
            "path": np.round(runs[0][::15], 3),
            "real_spread": [spread(r[CRITIC_STEPS, 0]) for r in runs],
            "fake_spread": [spread(r[CRITIC_STEPS, 1]) for r in runs],
            "start_spread": [spread(r[0, 0]) for r in runs],
            "unmatched": [unmatched(*run[-1]) for run in runs],
        }
    return numbers


def holds(numbers: Mapping[str, Any]) -> bool:
    """What spreads, contracts and is matched at the end, on all seeds."""
    attractive = {k: np.array(v) for k, v in _measures(numbers["attractive"])}
    repulsive = {k: np.array(v) for k, v in _measures(numbers["repulsive"])}
    return bool(
        np.all(repulsive["real_spread"] > 3.0 * repulsive["start_spread"])
        and np.all(repulsive["fake_spread"] < repulsive["start_spread"] / 3.0)
        and np.all(attractive["real_spread"] < attractive["start_spread"])
        and np.all(repulsive["unmatched"] < attractive["unmatched"])
    )


def _measures(numbers: Mapping[str, Any]) -> list[tuple[str, list[float]]]:
    return [(k, v) for k, v in numbers.items() if k != "path"]


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Start, after the critic, after the generator; a row for each loss."""
    grid = figure.subplots(2, 3, sharex=True, sharey=True)
    last = CRITIC_STEPS // 15
    titles = ("start", "after the critic", "after the generator")
    for row, loss in zip(grid, LOSSES, strict=True):
        path = np.array(numbers[loss]["path"])
        spans = ((0, 0), (0, last), (last, len(path) - 1))
        for axes, title, (begin, end) in zip(row, titles, spans, strict=True):
            for i, (colour, marker) in enumerate((("C0", "o"), ("C1", "X"))):
                x, y = np.moveaxis(path[begin : end + 1, i], -1, 0)
                axes.plot(x, y, color=colour, lw=0.8)
                axes.plot(
                    *path[end, i].T, marker, color=colour, ms=6,
                    label=("real", "generated")[i],
                )  # fmt: skip
            axes.set(title=f"{loss}: {title}", aspect="equal")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles[:: len(handles) // 2], labels[:: len(labels) // 2],
        loc="outside lower center", ncols=2,
    )  # fmt: skip


def caption(numbers: Mapping[str, Any]) -> str:
    """Means over the seeds."""
    means = {
        loss: {k: np.mean(v) for k, v in _measures(numbers[loss])}
        for loss in LOSSES
    }
    return (
        "; ".join(
            f"{loss}: the real points spread from {m['start_spread']:.2f} to "
            f"{m['real_spread']:.2f}, the generated ones to "
            f"{m['fake_spread']:.2f}, and in the end a real point is "
            f"{m['unmatched']:.2f} from the nearest generated one"
            for loss, m in means.items()
        ).capitalize()
        + ", means over the seeds."
    )


STUDY: Study = Study(
    title="Attractive and repulsive losses on free particles",
    claim=(
        "A critic with the usual, attractive loss contracts the real points "
        "too, which leaves the generator little to learn from; with the "
        "repulsive loss it spreads real points and contracts generated ones, "
        "and the generator then finds the real ones."
    ),
    source=(
        "Wang, Sun, Halgamuge 2019, Improving MMD-GAN Training with Repulsive "
        "Loss Function, figure 1."
    ),
    threshold=(
        "on every seed, the repulsive critic makes real points three times as "
        "wide and generated ones a third as wide as at the start, the "
        "attractive one makes real points narrower, and the generator comes "
        "nearer to the real points after the repulsive critic than after the "
        "attractive one."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=tuple(range(20)),
    quick_seeds=(0, 1),
    size=(8.0, 5.6),
)
