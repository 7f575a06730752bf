"""Whether the loss of feature matching follows the quality of samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies import gfmn_training
from tf_mmdgan.reproduction.studies.gfmn_training import FeatureTraining
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study, without

STEPS, QUICK_STEPS = 2000, 300
TIMES, QUICK_TIMES = 20, 4
LEAST = 0.8
_RUN = FeatureTraining("adam", 1e-3)


def compute(budget: Budget, parts: Parts) -> dict[str, Any]:
    """Distance and KID along one training run for each seed."""
    steps = budget.steps(STEPS, QUICK_STEPS)
    every = steps // budget.steps(TIMES, QUICK_TIMES)
    runs = {}
    for seed in budget.seeds:
        run = FeatureTraining(_RUN.average, _RUN.rate, seed=seed)
        key = f"{run} steps {steps} every {every}"
        times = parts.get(key, gfmn_training.train, run, steps, every)
        runs[str(seed)] = [without(t, "pictures") for t in times]
    return {"runs": runs}


def correlations(numbers: Mapping[str, Any]) -> list[float]:
    """Spearman's rank correlation of distance and KID, for each seed."""
    return [
        gfmn_training.rank_correlation(
            [time["distance"] for time in times],
            [time["kid"] for time in times],
        )
        for times in numbers["runs"].values()
    ]


def holds(numbers: Mapping[str, Any]) -> bool:
    """Whether the two fall together, in every run."""
    return min(correlations(numbers)) > LEAST


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Both along training, and one against the other."""
    left, right = figure.subplots(1, 2)
    twin = left.twinx()
    for seed, times in numbers["runs"].items():
        steps, distances, kids = np.array(
            [[t["step"], t["distance"], t["kid"]] for t in times]
        ).T
        left.plot(steps, distances, "C0-", lw=1)
        twin.plot(steps, kids, "C1--", lw=1)
        right.plot(distances, kids, "o", ms=3, label=f"seed {seed}")
    left.set(xlabel="step", ylabel="distance of moments (-)", yscale="log")
    twin.set_ylabel("KID (--)")
    twin.spines["right"].set_visible(True)
    right.set(xlabel="distance of moments", ylabel="KID, raw")
    right.legend(fontsize=8)


def caption(numbers: Mapping[str, Any]) -> str:
    """The numbers that decide."""
    rows = ", ".join(f"{value:.2f}" for value in correlations(numbers))
    return (
        "Squared distance of the moments of 1,000 generated digits from the "
        "data's, which the loss estimates, and their KID against held-out "
        "digits, on one of the matched layers. Rank correlation along "
        f"training, by seed: {rows}."
    )


STUDY: Study = Study(
    title="The loss of feature matching says how good samples are",
    claim=(
        "Unlike a GAN's, the loss of a generative feature matching network "
        "correlates with the quality of its samples."
    ),
    source=(
        "dos Santos, Mroueh, Padhi, Dognin 2019, Learning implicit generative "
        "models by matching perceptual features, section 5."
    ),
    threshold=(
        "Spearman's rank correlation of the distance of moments and KID along "
        f"training above {LEAST}, for every seed."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    size=(8.0, 3.6),
)
