"""Rank collapse of the critic of a scaled MMD, on digits.

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 3.3, https://arxiv.org/abs/1805.11565.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tf_mmdgan.reproduction.studies import digit_games
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

COMPARED = {
    "SMMD": {"objective": "smmd"},
    "SN-SMMD": {"objective": "sn_smmd"},
}
_TIMES = 10
_LOSS = 0.25


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Both parametrisations from all seeds."""
    steps = budget.steps(3000, 20)
    runs = digit_games.play_all(parts, COMPARED, budget, steps, _TIMES)
    return {"steps": steps, "runs": runs}


def largest_loss(run: Sequence[Mapping[str, Any]]) -> float:
    """The share of its effective rank that the worst layer has lost."""
    first, last = run[0]["ranks"], run[-1]["ranks"]
    if not last:
        return 1.0  # The critic is not finite any more.
    return max(1.0 - last[name] / first[name] for name in first)


def holds(numbers: Mapping[str, Any]) -> bool:
    """SMMD loses rank, and more of it than SN-SMMD."""
    free, normed = (
        list(map(largest_loss, numbers["runs"][name])) for name in COMPARED
    )
    return min(free) > max(_LOSS, *normed)


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Effective rank of each layer, and KID, over steps."""
    panels = figure.subplots(1, 3)
    for axes, (name, runs) in zip(
        panels, numbers["runs"].items(), strict=False
    ):
        for run in runs:
            steps = [look["step"] for look in run if look["ranks"]]
            for index, layer in enumerate(run[0]["ranks"]):
                axes.plot(
                    steps,
                    [
                        look["ranks"][layer] / run[0]["ranks"][layer]
                        for look in run
                        if look["ranks"]
                    ],
                    color=f"C{index}", lw=1,
                    label=layer if run is runs[0] else None,
                )  # fmt: skip
        axes.set(title=name, xlabel="generator step", ylim=(0, None))
        axes.set_ylabel("effective rank, share of the first")
        axes.legend(fontsize=6)
    digit_games.draw_curves(panels[-1], numbers["runs"])


def caption(numbers: Mapping[str, Any]) -> str:
    """The worst layer's loss and KID, by seed."""
    rows = [
        f"{name} loses "
        + ", ".join(f"{100 * largest_loss(run):.0f}" for run in runs)
        + " % (KID "
        + ", ".join(f"{digit_games.curve(run)[-1]:.1f}" for run in runs)
        + ")"
        for name, runs in numbers["runs"].items()
    ]
    return (
        "Of the effective rank of the critic's layer that loses most, "
        f"{'; '.join(rows)}, by seed, in {numbers['steps']} generator steps."
    )


STUDY: Study = Study(
    title="Rank collapse of the critic, on digits",
    claim=(
        "Without a spectral parametrisation the layers of a scaled MMD's "
        "critic become of low rank in training; with learnt norms they stay "
        "spread."
    ),
    source=(
        "Arbel, Sutherland, Binkowski, Gretton 2018, On gradient regularizers "
        "for MMD GANs, section 3.3, on larger images."
    ),
    threshold=(
        "on every seed some layer loses more than a quarter of its effective "
        "rank (exponential of the entropy of its singular values) without the "
        "parametrisation, and no layer loses as much with it."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    size=(9.0, 3.4),
)
