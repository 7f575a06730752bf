"""The settings of the method of learned moments."""

import dataclasses

from tf_mmdgan.methods.settings import CriticSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class LearnedMomentsSettings(CriticSettings):
    """Settings of learned moments, whose network is the second one.

    Attributes:
      moment_updates: of the network before each objective.
      objective_steps: of the generator for each objective.
      moment_penalty: weight of the penalty on the network's gradient.
      activation_weight: of the squared distances of means of images and of
        hidden layers.
    """

    moment_updates: int = 500
    objective_steps: int = 500
    moment_penalty: float = 1.0
    activation_weight: float = 1.0
