"""Plain and Adam moving averages of the moments that a generator matches."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies import gfmn_training
from tf_mmdgan.reproduction.studies.gfmn_training import FeatureTraining
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study, without

STEPS, QUICK_STEPS = 3000, 200
TIMES, QUICK_TIMES = 10, 2
_GENERATOR_RATE = 2e-4
# The published plain average has alpha = 1: it does not average at all.
RUNS = {
    "MA, batch 64": FeatureTraining("plain", 1.0, _GENERATOR_RATE, 64),
    "MA, batch 512": FeatureTraining("plain", 1.0, _GENERATOR_RATE, 512),
    "AMA, batch 64": FeatureTraining("adam", 5e-3, _GENERATOR_RATE, 64),
}


def compute(budget: Budget, parts: Parts) -> dict[str, Any]:
    """Distance of moments along training, for each run and seed."""
    steps = budget.steps(STEPS, QUICK_STEPS)
    every = steps // budget.steps(TIMES, QUICK_TIMES)
    runs: dict[str, Any] = {name: [] for name in RUNS}
    pictures: dict[str, Any] = {}
    for name, chosen in RUNS.items():
        for seed in budget.seeds:
            run = dataclasses.replace(chosen, seed=seed)
            key = f"{run} steps {steps} every {every}"
            times = parts.get(key, gfmn_training.train, run, steps, every)
            pictures.setdefault(name, times[-1]["pictures"][:9])
            runs[name].append([without(t, "pictures") for t in times])
    return {"runs": runs, "pictures": pictures}


def _ends(numbers: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(np.mean([times[-1]["distance"] for times in runs]))
        for name, runs in numbers["runs"].items()
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """Whether the distances at the end are in the published order."""
    single, large, adam = (_ends(numbers)[name] for name in RUNS)
    return adam <= large < single


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Distances along training, and samples at its end."""
    axes, *pictures = figure.subplots(
        1, 1 + len(RUNS), width_ratios=(2, 1, 1, 1)
    )
    for colour, (panel, (name, runs)) in enumerate(
        zip(pictures, numbers["runs"].items(), strict=True)
    ):
        for place, times in enumerate(runs):
            axes.plot(
                [time["step"] for time in times],
                [time["distance"] for time in times],
                f"C{colour}", lw=1, label=None if place else name,
            )  # fmt: skip
        shown = np.reshape(numbers["pictures"][name], (3, 3, 16, 16))
        sheet = shown.transpose(0, 2, 1, 3).reshape(48, 48)
        panel.imshow(sheet, cmap="gray", vmin=0, vmax=255)
        panel.set_title(name, fontsize=8)
        panel.set_axis_off()
    axes.set(xlabel="step", ylabel="distance of moments", yscale="log")
    axes.legend(fontsize=7)


def caption(numbers: Mapping[str, Any]) -> str:
    """The numbers that decide."""
    kids = {
        name: np.mean([times[-1]["kid"] for times in runs])
        for name, runs in numbers["runs"].items()
    }
    rows = "; ".join(
        f"{name} {end:.3g} and KID {kids[name]:.2f}"
        for name, end in _ends(numbers).items()
    )
    return (
        "Squared distance of the moments of 1,000 generated digits from the "
        "data's, for every seed, and samples of the first at the end. Means at "
        f"the end: {rows}. The generator's rate is {_GENERATOR_RATE:g}; five "
        "times as fast, it runs ahead of Adam's averages, circles about the "
        "data's moments, and the claim fails."
    )


STUDY: Study = Study(
    title="Moving averages for feature matching",
    claim=(
        "With Adam moving averages a batch of 64 does as well as plain "
        "matching of a batch of 512, and better than that of 64."
    ),
    source=(
        "dos Santos, Mroueh, Padhi, Dognin 2019, Learning implicit generative "
        "models by matching perceptual features, the figure on moving "
        "averages."
    ),
    threshold=(
        "mean distance of moments at the end: AMA with 64 at most that of "
        "batches of 512, and that less than that of batches of 64."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    size=(8.0, 3.0),
)
