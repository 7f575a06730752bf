"""Spectral normalisation under six settings of Adam, on the ring.

Miyato, Kataoka, Koyama, Yoshida 2018, "Spectral normalization for generative
adversarial networks", section 4 and table 1, https://arxiv.org/abs/1802.05957.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from tf_mmdgan.reproduction.studies import ring_gans
from tf_mmdgan.reproduction.studies.ring_gan import Group
from tf_mmdgan.reproduction.studies.ring_gans import Setting
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study, without

# Learning rate, beta_1, beta_2, critic updates in a generator step.
ADAM = {
    "A": (1e-4, 0.5, 0.9, 5),
    "B": (1e-4, 0.5, 0.999, 1),
    "C": (2e-4, 0.5, 0.999, 1),
    "D": (1e-3, 0.5, 0.9, 5),
    "E": (1e-3, 0.5, 0.999, 5),
    "F": (1e-3, 0.9, 0.999, 5),
}
COMPARED = {
    "SN-GAN": Group("gan", spectral_norm=True),
    "WGAN-GP": Group("wgan_gp"),
    "WGAN, clipped": Group("wgan", weight_clip=0.1),
}
_MODES = 7
_QUALITY = 0.5


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Modes and quality by method, setting and seed."""
    steps = budget.steps(2000, 100)
    found: dict[str, Any] = {name: {} for name in COMPARED}
    for name, method in COMPARED.items():
        for updates in (5, 1):
            group = dataclasses.replace(method, critic_steps=updates)
            keys = [k for k, adam in ADAM.items() if adam[3] == updates]
            settings = [
                Setting(seed, *ADAM[key][:3])
                for key in keys
                for seed in budget.seeds
            ]
            runs = parts.get(
                f"{name}, {updates} updates, {steps} steps, {budget.seeds}",
                ring_gans.train, group, settings, steps,
            )  # fmt: skip
            count = len(budget.seeds)
            for i, key in enumerate(keys):
                of_key = runs[i * count : (i + 1) * count]
                found[name][key] = [
                    run if run is _worst(of_key) else without(run, "points")
                    for run in of_key
                ]
    return {"steps": steps, "runs": found}


def _worst(runs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return min(runs, key=lambda run: run["high_quality"])


def succeeds(runs: list[Mapping[str, Any]]) -> bool:
    """Whether all runs of a setting cover the ring well."""
    return all(
        run["modes"] >= _MODES and run["high_quality"] >= _QUALITY
        for run in runs
    )


def holds(numbers: Mapping[str, Any]) -> bool:
    """Spectral normalisation always succeeds, both others fail somewhere."""
    good = {
        name: [succeeds(runs) for runs in by_setting.values()]
        for name, by_setting in numbers["runs"].items()
    }
    others = [flags for name, flags in good.items() if name != "SN-GAN"]
    return all(good["SN-GAN"]) and not any(map(all, others))


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """The worse seed's points, a row for each method."""
    grid = figure.subplots(len(COMPARED), len(ADAM))
    for row, name in zip(grid, COMPARED, strict=True):
        for axes, key in zip(row, ADAM, strict=True):
            worst = _worst(numbers["runs"][name][key])
            ring_gans.scatter(
                axes, worst["points"],
                f"{key}: {worst['modes']} / {worst['high_quality']:.2f}",
            )  # fmt: skip
        row[0].set_ylabel(name)
    figure.suptitle(
        "Setting: modes covered of 8 / share of points in a mode (the worse "
        "seed of each)",
        fontsize=9,
    )


def caption(numbers: Mapping[str, Any]) -> str:
    """Which settings succeed, by method."""
    rows = "; ".join(
        f"{name} "
        + (
            ", ".join(k for k, runs in found.items() if succeeds(runs))
            or "none"
        )
        for name, found in numbers["runs"].items()
    )
    return (
        f"Settings with which all seeds succeed after {numbers['steps']} "
        f"generator steps: {rows}."
    )


def in_words() -> str:
    """All settings of Adam, for a sentence."""
    return "; ".join(
        f"{key}: {rate:g}, {b1}, {b2}, {updates}"
        for key, (rate, b1, b2, updates) in ADAM.items()
    )


STUDY: Study = Study(
    title="Spectral normalisation under six settings of Adam",
    claim=(
        "A GAN with spectral normalisation trains with all six settings of "
        "Adam that are in use, where weight clipping and gradient penalties "
        f"fail with some (rate, beta 1, beta 2, critic updates: {in_words()})."
    ),
    source=(
        "Miyato, Kataoka, Koyama, Yoshida 2018, Spectral Normalization for "
        "GANs, section 4 and table 1, for CIFAR-10 and STL-10; here the ring."
    ),
    threshold=(
        f"with spectral normalisation every run covers at least {_MODES} of 8 "
        f"modes with at least {100 * _QUALITY:.0f} % of its points in one, and "
        "each of the other two misses that with at least one setting."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1),
    size=(8.0, 4.8),
)
