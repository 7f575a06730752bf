"""Do critics of a scaled MMD lose rank, and does a learnt norm prevent it?

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", section 3.3, https://arxiv.org/abs/1805.11565.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.networks import spectra
from tf_mmdgan.reproduction.studies import ring_gans
from tf_mmdgan.reproduction.studies.ring_gan import Group
from tf_mmdgan.reproduction.studies.ring_gans import Runs, Setting
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

COMPARED = {
    "SMMD": Group("smmd"),
    "SN-SMMD": Group("smmd", spectral_norm=True, learnable_scale=True),
}
_SNAPSHOTS = 10


def trace(group: Group, seeds: tuple[int, ...], steps: int) -> dict[str, Any]:
    """Singular values of the critic's square layer, and final scores."""
    runs = Runs(group, [Setting(seed) for seed in seeds])
    found = []
    for _ in range(_SNAPSHOTS + 1):
        hidden = runs.kernels()[1].numpy()
        found.append(np.linalg.svd(hidden, compute_uv=False))
        if len(found) <= _SNAPSHOTS:
            runs.train(steps // _SNAPSHOTS)
    rank = [[spectra.effective_rank(v) for v in values] for values in found]
    return {
        "first": found[0],
        "last": found[-1],
        "rank": np.array(rank).T,
        "scores": [ring_gans.score(points) for points in runs.points()],
    }


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Both parametrisations from all seeds."""
    steps = budget.steps(1500, 100)
    return {
        "steps": steps,
        "methods": {
            name: parts.get(
                f"{name}, {steps} steps, seeds {budget.seeds}",
                trace, group, budget.seeds, steps,
            )
            for name, group in COMPARED.items()
        },
    }  # fmt: skip


def _lost(found: Mapping[str, Any]) -> np.ndarray:
    """Share of the effective rank that each run loses."""
    rank = np.array(found["rank"])
    return 1.0 - rank[:, -1] / rank[:, 0]


def holds(numbers: Mapping[str, Any]) -> bool:
    """SMMD loses rank, and more of it than SN-SMMD."""
    free, normed = (_lost(numbers["methods"][name]) for name in COMPARED)
    return bool(free.min() > 0.25 and free.min() > normed.max())


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Spectra before and after, and the effective rank on the way."""
    panels = figure.subplots(1, 3)
    for axes, (name, found) in zip(
        panels, numbers["methods"].items(), strict=False
    ):
        for time, colour in (("first", "0.7"), ("last", "C0")):
            values = np.array(found[time]).T
            lines = axes.semilogy(values / values[0], color=colour, lw=1.0)
            lines[0].set_label(
                {"first": "at the start", "last": "in the end"}[time]
            )
        axes.set(
            title=f"{name}: hidden layer of the critic", xlabel="index",
            ylabel="singular value / largest", ylim=(1e-5, 1.5),
        )  # fmt: skip
        axes.legend(loc="lower left")
    steps = np.linspace(0, numbers["steps"], _SNAPSHOTS + 1)
    for i, (name, found) in enumerate(numbers["methods"].items()):
        lines = panels[-1].plot(steps, np.array(found["rank"]).T, f"C{i}")
        lines[0].set_label(name)
    panels[-1].set(
        title="Effective rank", xlabel="generator step", ylim=(0, None)
    )
    panels[-1].legend()


def caption(numbers: Mapping[str, Any]) -> str:
    """Ranks before and after, and scores."""
    rows = []
    for name, found in numbers["methods"].items():
        rank = np.array(found["rank"])
        shares = ", ".join(
            f"{100 * s['high_quality']:.0f}" for s in found["scores"]
        )
        rows.append(
            f"{name} from {rank[:, 0].mean():.1f} to {rank[:, -1].mean():.1f} "
            f"({shares} % of points in a mode)"
        )
    return (
        "Effective rank of the 64 x 64 layer, mean over the seeds: "
        f"{'; '.join(rows)}, after {numbers['steps']} generator steps."
    )


STUDY: Study = Study(
    title="Rank collapse of the critic",
    claim=(
        "Without a spectral parametrisation the layers of a scaled MMD's "
        "critic become of low rank in training; with learnt norms they stay "
        "spread."
    ),
    source=(
        "Arbel, Sutherland, Binkowski, Gretton 2018, On gradient regularizers "
        "for MMD GANs, section 3.3, on images; here the ring."
    ),
    threshold=(
        "on every seed the effective rank of the hidden layer (exponential of "
        "the entropy of its singular values) falls by more than a quarter "
        "without the parametrisation, and by less with it."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    quick_seeds=(0, 1),
    size=(8.5, 3.6),
)
