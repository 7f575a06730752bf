"""One GAN of digits, many seeds: whether the same code gives the same again.

Goodfellow et al. 2014, "Generative adversarial nets",
https://arxiv.org/abs/1406.2661, with the loss that does not saturate.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies import digit_games
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_TIMES = 10
_GOOD, _BROKEN = 0.25, 0.5


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All seeds."""
    steps = budget.steps(3000, 20)
    games = {"GAN": {"objective": "gan"}}
    runs = digit_games.play_all(parts, games, budget, steps, _TIMES)
    return {"steps": steps, "runs": runs["GAN"]}


def holds(numbers: Mapping[str, Any]) -> bool:
    """One run learns digits, another ends broken."""
    left = [digit_games.share_left(run) for run in numbers["runs"]]
    return min(left) < _GOOD and max(left) > _BROKEN


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """All curves, and samples of the best and of the worst run."""
    curves, best, worst = figure.subplots(1, 3)
    runs = numbers["runs"]
    digit_games.draw_curves(curves, {"GAN": runs})
    left = [digit_games.share_left(run) for run in runs]
    for axes, index in ((best, np.argmin(left)), (worst, np.argmax(left))):
        digit_games.draw_samples(axes, runs[int(index)])
    best.set_title("best seed")
    worst.set_title("worst seed")


def caption(numbers: Mapping[str, Any]) -> str:
    """KID in the end, and how much runs fall back, by seed."""
    found = [digit_games.curve(run) for run in numbers["runs"]]
    ends = ", ".join(f"{kid[-1]:.1f}" for kid in found)
    back = sum(int((np.diff(kid) > 0.1 * kid[0]).any()) for kid in found)
    return (
        f"KID after {numbers['steps']} steps, by seed: {ends}; "
        f"{found[0][0]:.1f} before. In {back} of {len(found)} runs KID rises "
        "between two looks by more than a tenth of that."
    )


STUDY: Study = Study(
    title="One GAN, other seeds, on digits",
    claim=(
        "GAN training is unstable: the same code, run again with another seed, "
        "gives another result, good or broken."
    ),
    source=(
        "Gretton, introduction to GANs, lecture notes, with two runs of the "
        "code of Salimans et al. 2016."
    ),
    threshold=(
        "of ten seeds, one ends with a KID below a quarter of the untrained "
        "generator's, and another with one above half of it."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=tuple(range(10)),
    size=(8.0, 2.8),
)
