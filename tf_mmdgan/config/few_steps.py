"""Settings of generators that take several steps from noise to images."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class FewStepsConfig:
    """Settings of energy_score and imm; None means as published."""

    sampling_steps: int | None = setting(
        None,
        "Steps from noise to images of --objective=energy_score and imm, "
        "wherever the generator is used; tf-mmdgan sample, export and "
        "evaluate take another number.",
        most=1000,
    )
    energy_draws: int | None = setting(
        None,
        "Draws for each real image in a step of --objective=energy_score.",
        most=1000,
    )
    energy_power: float | None = setting(
        None,
        "Power of the distances in the energy score of "
        "--objective=energy_score, in (0, 2].",
    )
    energy_repulsion: float | None = setting(
        None,
        "Weight of the distances between draws in that energy score, in "
        "[0, 1]: 1 for a proper score; with 0 and --energy_power=2 the score "
        "is a squared error.",
    )
    noise_times: str | None = setting(
        None,
        "Noise levels that a generator of --objective=energy_score is trained "
        "at: all, or the last alone, for a generator of one step (engression).",
        choices=("all", "last"),
    )
    data_deviation: float | None = setting(
        None,
        "Standard deviation of the data, images being in [-1, 1]; the noise "
        "has the same.",
    )

    group_size: int | None = setting(
        None,
        "Images that share their times in a step of --objective=imm.",
        most=2**16,
    )
    time_gap: int | None = setting(
        None,
        "k of --objective=imm: the two times that are compared are 160 / 2^k "
        "apart, in units of noise over signal.",
    )

    def __post_init__(self):
        fields.require_positive(
            self, "sampling_steps", "energy_draws", "energy_power",
            "data_deviation", "group_size", "time_gap",
        )  # fmt: skip
        fields.require_non_negative(self, "energy_repulsion")
