"""The settings of methods whose generator takes several steps."""

import dataclasses
from typing import Literal

from tf_mmdgan.methods.settings import Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class FewStepsSettings(Settings):
    """Settings of a generator of few steps.

    Attributes:
      data_deviation: standard deviation of the data, of which the noise has the
        same; images are in [-1, 1].
      sampling_steps: steps from noise to data when the generator is used.
    """

    data_deviation: float = 0.5
    sampling_steps: int = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class InductiveSettings(FewStepsSettings):
    """Settings of inductive moment matching.

    Attributes:
      mmd_estimator: which estimate of MMD^2 is lowered.
      group_size: examples that share their times.
      time_gap: k; the larger, the nearer are the two times that are compared.
    """

    mmd_estimator: Literal["biased", "unbiased"] = "biased"
    group_size: int = 4
    time_gap: int = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class EnergyScoreSettings(FewStepsSettings):
    """Settings of a generator of few steps, trained by energy scores.

    Attributes:
      energy_power: of the distances in the score.
      energy_repulsion: weight of the distances between draws.
      energy_draws: draws for each example.
      noise_times: whether all noise levels are trained, or the last one alone.
    """

    energy_power: float = 1.0
    energy_repulsion: float = 1.0
    energy_draws: int = 4
    noise_times: Literal["all", "last"] = "all"
