"""Spectral normalisation under six settings of Adam, on digits.

Miyato, Kataoka, Koyama, Yoshida 2018, "Spectral normalization for generative
adversarial networks", section 4 and table 1, https://arxiv.org/abs/1802.05957.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tf_mmdgan.reproduction.studies import digit_games
from tf_mmdgan.reproduction.studies.sn_robustness import ADAM, in_words
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study, without

COMPARED: dict[str, dict[str, Any]] = {
    "SN-GAN": {"objective": "sn_gan"},
    "WGAN-GP": {"objective": "wgan_gp"},
    "WGAN, clipped": {"objective": "wgan", "burn_in_critic_steps": 0},
}
_TIMES = 4
_LEARNT = 0.5


def games() -> dict[str, dict[str, Any]]:
    """Settings of `digit_games.play` for each method and setting of Adam."""
    return {
        f"{method}, {key}": {
            **flags,
            "learning_rate": rate,
            "beta_1": beta_1,
            "beta_2": beta_2,
            "critic_steps": updates,
        }
        for method, flags in COMPARED.items()
        for key, (rate, beta_1, beta_2, updates) in ADAM.items()
    }


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Runs by method, setting and seed."""
    steps = budget.steps(2000, 8)
    found = digit_games.play_all(parts, games(), budget, steps, _TIMES)
    shown = {
        name: [
            [without(without(look, "ranks"), "pictures") for look in run]
            for run in runs
        ]
        for name, runs in found.items()
    }
    return {
        "steps": steps,
        "runs": {
            method: {key: shown[f"{method}, {key}"] for key in ADAM}
            for method in COMPARED
        },
    }


def worst(runs: Sequence[Sequence[Mapping[str, Any]]]) -> float:
    """The largest share of the first KID that is left, over seeds."""
    return max(map(digit_games.share_left, runs))


def holds(numbers: Mapping[str, Any]) -> bool:
    """Spectral normalisation always learns, both others fail somewhere."""
    good = {
        method: [worst(runs) < _LEARNT for runs in by_setting.values()]
        for method, by_setting in numbers["runs"].items()
    }
    normed = good.pop("SN-GAN")
    return all(normed) and not any(map(all, good.values()))


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """KID in the end of each setting, a dot for each seed."""
    axes = figure.subplots()
    for index, (method, by_setting) in enumerate(numbers["runs"].items()):
        for place, runs in enumerate(by_setting.values()):
            axes.plot(
                [place + 0.2 * (index - 1)] * len(runs),
                [min(digit_games.share_left(run), 1.2) for run in runs],
                "o", ms=4, color=f"C{index}",
                label=None if place else method,
            )  # fmt: skip
    axes.axhline(_LEARNT, color="0.6", lw=1)
    axes.set_xticks(range(len(ADAM)), list(ADAM))
    axes.set(
        xlabel="setting of Adam",
        ylabel="KID in the end,\nshare of the untrained",
    )
    axes.legend(fontsize=7)


def caption(numbers: Mapping[str, Any]) -> str:
    """The worse seed's share of each setting, by method."""
    rows = "; ".join(
        f"{method} "
        + ", ".join(f"{key} {worst(runs):.2f}" for key, runs in found.items())
        for method, found in numbers["runs"].items()
    )
    return (
        "KID that is left of the untrained generator's after "
        f"{numbers['steps']} generator steps, of the worse seed: {rows}."
    )


STUDY: Study = Study(
    title="Spectral normalisation under six settings of Adam, on digits",
    claim=(
        "A GAN with spectral normalisation trains with all six settings of "
        "Adam that are in use, where weight clipping and gradient penalties "
        f"fail with some (rate, beta 1, beta 2, critic updates: {in_words()})."
    ),
    source=(
        "Miyato, Kataoka, Koyama, Yoshida 2018, Spectral Normalization for "
        "GANs, section 4 and table 1, for CIFAR-10 and STL-10."
    ),
    threshold=(
        "with spectral normalisation every run ends with a KID below half of "
        "the untrained generator's, and each of the other two misses that with "
        "at least one setting."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1),
    size=(7.0, 3.2),
)
