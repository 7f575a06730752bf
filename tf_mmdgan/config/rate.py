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
    learning_rate_schedule: str | None = setting(
        None,
        "How the rates go on: constant; falling to 0, on a straight line "
        "(linear) or half a wave (cosine); falling where samples come no "
        "closer to the data (kid), which needs --schedule_every. By default "
        "linear with --learning_rate_decay_to, kid with --schedule_every, "
        "otherwise constant.",
        choices=("constant", "linear", "cosine", "kid"),
    )
    learning_rate_decay_from: int | None = setting(
        None,
        "Step at which the rates start to fall; by default the generator's "
        "first.",
    )
    learning_rate_decay_to: int | None = setting(
        None,
        "Step at which the rates have reached 0; by default the run's last. A "
        "run that goes on for longer keeps this step, unless it is given anew.",
        may_change=True,
    )
    warmup_steps: int = setting(
        0,
        "How many first steps of each network its learning rate rises in, on "
        "a straight line to what it is without a warm-up.",
    )
    schedule_every: int = setting(
        0,
        "Steps between tests whether samples still come closer to the data; "
        "where they do not, both rates fall. 0: never.",
    )
    schedule_samples: int = setting(
        2048,
        "Samples in a test of --schedule_every; at most as many as training "
        "images.",
    )
    schedule_history: int = setting(
        10,
        "A test of --schedule_every compares with the samples of so many "
        "tests ago.",
        most=1000,
    )
    schedule_patience: int = setting(
        3,
        "Tests in a row that must find samples no closer before the rates "
        "fall.",
    )
    schedule_threshold: float = setting(
        0.1, "p-value above which a test finds samples no closer."
    )
    schedule_factor: float = setting(
        0.5, "What the rates are multiplied by where they fall."
    )
    schedule_minimum: float = setting(
        1e-6, "Learning rate below which neither rate falls."
    )
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
            "schedule_every", "warmup_steps",
        )  # fmt: skip
        self._check_schedule()
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

    @property
    def rate_schedule(self) -> str:
        """The schedule that is given, or that the other flags imply."""
        if self.learning_rate_schedule:
            return self.learning_rate_schedule
        if self.learning_rate_decay_to:
            return "linear"
        return "kid" if self.schedule_every else "constant"

    @property
    def rates_fall(self) -> bool:
        """Whether the rates are a falling function of the step."""
        return self.rate_schedule in ("linear", "cosine")

    def _check_schedule(self) -> None:
        """Refuses flags of other schedules than the one there is."""
        schedule = self.rate_schedule
        for name in ("learning_rate_decay_from", "learning_rate_decay_to"):
            value = getattr(self, name)
            fields.require(
                self.rates_fall or not value,
                f"--{name}={value} needs --learning_rate_schedule=linear or "
                f"cosine, not {schedule}.",
            )
        follows = schedule == "kid"
        fields.require(
            follows or not self.schedule_every,
            f"--schedule_every={self.schedule_every} needs "
            f"--learning_rate_schedule=kid, not {schedule}: the rates follow "
            "KID or the step, not both.",
        )
        fields.require(
            not follows or self.schedule_every > 0,
            "--learning_rate_schedule=kid needs --schedule_every.",
        )
        fields.require(
            not follows or not self.warmup_steps,
            f"--warmup_steps={self.warmup_steps}: rates that follow KID have "
            "no warm-up.",
        )
