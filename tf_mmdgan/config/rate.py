"""How the learning rates fall in the course of a run."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class RateConfig:
    """Rates that are constant, fall linearly, or follow KID."""

    learning_rate: float | None = setting(
        None,
        "The optimizer's learning rate; by default as published for the "
        "objective.",
    )
    critic_learning_rate: float | None = setting(
        None, "The critic's learning rate, where it differs."
    )
    learning_rate_decay_from: int = setting(
        0, "Step at which the rates start to fall linearly."
    )
    learning_rate_decay_to: int = setting(
        0, "Step at which they have reached 0; 0: they are constant."
    )
    schedule_every: int = setting(
        0,
        "Steps between tests whether samples still come closer to the data; "
        "where they do not, both rates fall. 0: never.",
    )
    schedule_samples: int = setting(
        2048, "Samples in such a test; at most as many as training images."
    )
    schedule_history: int = setting(
        10, "How many tests ago the samples are from that it compares with."
    )
    schedule_patience: int = setting(
        3, "Tests in a row that must find them no closer."
    )
    schedule_threshold: float = setting(
        0.1, "Probability above which samples count as no closer."
    )
    schedule_factor: float = setting(0.5, "What the rates are multiplied by.")
    schedule_minimum: float = setting(1e-6, "Rate that none falls below.")
    schedule_floor: float | None = setting(
        None, "Least variance of the test's difference; by default 1e-12."
    )

    def __post_init__(self):
        fields.require_positive(
            self, "learning_rate", "critic_learning_rate", "schedule_patience",
            "schedule_minimum", "schedule_floor",
        )  # fmt: skip
        fields.require_non_negative(
            self, "learning_rate_decay_from", "learning_rate_decay_to",
            "schedule_every",
        )  # fmt: skip
        fields.require(
            not self.learning_rate_decay_to
            or self.learning_rate_decay_from < self.learning_rate_decay_to,
            f"--learning_rate_decay_from={self.learning_rate_decay_from}: must "
            "be less than --learning_rate_decay_to="
            f"{self.learning_rate_decay_to}.",
        )
        fields.require(
            self.learning_rate_decay_from <= 0
            or self.learning_rate_decay_to > 0,
            f"--learning_rate_decay_from={self.learning_rate_decay_from} needs "
            "--learning_rate_decay_to.",
        )
        fields.require(
            not (self.schedule_every and self.learning_rate_decay_to),
            f"--schedule_every={self.schedule_every} and "
            f"--learning_rate_decay_to={self.learning_rate_decay_to}: the "
            "rates follow KID or fall linearly, not both.",
        )
        for name in ("schedule_threshold", "schedule_factor"):
            value = getattr(self, name)
            fields.require(
                0 < value < 1, f"--{name}={value}: must be in (0, 1)."
            )
        fields.require(
            self.schedule_samples >= 4,
            f"--schedule_samples={self.schedule_samples}: the test needs 4.",
        )
        fields.require(
            self.schedule_history >= self.schedule_patience,
            f"--schedule_history={self.schedule_history}: must be at least "
            f"--schedule_patience={self.schedule_patience}.",
        )
