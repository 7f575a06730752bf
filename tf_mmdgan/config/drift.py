"""Settings of drifts."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import Named, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class DriftConfig:
    """Settings of drift and drift_ae; None means as published."""

    temperatures: str | None = setting(
        None,
        "Bandwidths of the kernel of a drift in mean distances, separated by "
        "commas; a drift of each is taken.",
    )
    drift_normalization: str | None = setting(
        None,
        "What the weights of a drift are divided by: sums over real and "
        "generated points of one generated point and of one other (both), of "
        "one generated point (row), of one side (separate), of the companion "
        "kernel on one side (sharp); none: the gradient of an MMD.",
        choices=("both", "row", "separate", "none", "sharp"),
    )
    drift_divergence: Named | None = setting(
        None,
        "Divergence that a drift with --drift_normalization=separate lowers, "
        "as for --divergence; by default the reverse KL.",
    )
    drift_scale: bool | None = setting(
        None, "Whether the drift of each temperature is divided by its size."
    )
    drift_decay: float | None = setting(
        None,
        "Decay over steps of the average of the sizes that --drift_scale "
        "divides by; 0: sizes of the batch at hand.",
    )
    drift_guidance: float | None = setting(
        None,
        "Of a drift with --conditioning: alpha >= 1; above 1, real images of "
        "any class push generated ones off too, and the drift rests where the "
        "law is alpha that of the class less (alpha - 1) that of all.",
    )

    def __post_init__(self):
        fields.require(
            self.drift_decay is None or 0 <= self.drift_decay < 1,
            f"--drift_decay={self.drift_decay}: must be in [0, 1).",
        )
        fields.require(
            self.drift_guidance is None or 1 <= self.drift_guidance < 1e3,
            f"--drift_guidance={self.drift_guidance}: must be in [1, 1000).",
        )
