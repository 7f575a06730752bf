"""Settings of the method of learned moments."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class LearnedMomentsConfig:
    """Settings of --objective=molm; None: the defaults of this package."""

    moment_updates: int | None = setting(
        None,
        "Updates of the network of moments before each objective.",
        most=100_000,
    )
    objective_steps: int | None = setting(
        None, "Steps of the generator for each objective."
    )
    moment_penalty: float | None = setting(
        None,
        "Weight of the penalty that holds the squared norm of the network's "
        "mean gradient at 1; 0 switches it off.",
    )
    activation_weight: float | None = setting(
        None,
        "Weight of the squared distances of means of images and of hidden "
        "layers, beside those of gradients; 0 leaves them out.",
    )

    def __post_init__(self):
        fields.require_positive(self, "moment_updates", "objective_steps")
        fields.require_non_negative(self, "moment_penalty", "activation_weight")
