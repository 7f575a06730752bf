"""Spectral normalisation as all that holds the critic of a WGAN, on digits.

Sutherland and Gretton, slides of the Gaussian Process Summer School 2018;
Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 4, https://arxiv.org/abs/1805.11565.
"""

from collections.abc import Mapping
from typing import Any

from tf_mmdgan.reproduction.studies import digit_games
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

COMPARED: dict[str, dict[str, Any]] = {
    "SN-WGAN": digit_games.SN_WGAN,
    "WGAN-GP": {"objective": "wgan_gp"},
    "SN-SMMD": {"objective": "sn_smmd"},
}
_TIMES = 6


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All methods from all seeds."""
    steps = budget.steps(3000, 12)
    runs = digit_games.play_all(parts, COMPARED, budget, steps, _TIMES)
    return {"steps": steps, "runs": runs}


def holds(numbers: Mapping[str, Any]) -> bool:
    """The best SN-WGAN is worse than the worst of the others."""
    left = {
        name: [digit_games.share_left(run) for run in runs]
        for name, runs in numbers["runs"].items()
    }
    best = min(left.pop("SN-WGAN"))
    return all(best > max(shares) for shares in left.values())


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """KID over steps, and samples of the first seed."""
    curves, *samples = figure.subplots(1, 1 + len(COMPARED))
    digit_games.draw_curves(curves, numbers["runs"])
    for axes, (name, runs) in zip(
        samples, numbers["runs"].items(), strict=True
    ):
        digit_games.draw_samples(axes, runs[0])
        axes.set_title(name)


def caption(numbers: Mapping[str, Any]) -> str:
    """KID in the end, by seed."""
    rows = "; ".join(
        f"{name} "
        + ", ".join(f"{digit_games.curve(run)[-1]:.1f}" for run in runs)
        for name, runs in numbers["runs"].items()
    )
    return f"KID after {numbers['steps']} generator steps, by seed: {rows}."


STUDY: Study = Study(
    title="Spectral normalisation alone in a WGAN, on digits",
    claim=(
        "Spectral normalisation as the only constraint of a WGAN's critic does "
        "not work; with a scaled MMD it does."
    ),
    source=(
        "Sutherland and Gretton, slides of the Gaussian Process Summer School "
        "2018, on larger images."
    ),
    threshold=(
        "the KID of every SN-WGAN is above that of every WGAN-GP and of every "
        "SN-SMMD, each from three seeds."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    size=(9.0, 2.8),
)
