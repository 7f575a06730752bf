"""What a run would take, measured by a few steps that leave nothing behind."""

import dataclasses
import functools
import time
from typing import Any

from tf_mmdgan import config as config_room
from tf_mmdgan import data, errors, evaluation
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.presets import PRESETS
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import matched, parts
from tf_mmdgan.training.callbacks import Progress, fit
from tf_mmdgan.training.pace import (
    Pace,
    StepClock,
    peak_memory_gib,
    scores_between,
)

_STEPS = 10
_MOST_SECONDS = 60.0  # after which no more steps are begun
_SCORED = 64  # images, by which the time of a score is estimated


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run would take on this machine.

    Attributes:
      pace: of the run as it is set.
      smaller: widths of both networks, and seconds of the whole run at them;
        empty where the run takes less than an hour.
    """

    pace: Pace
    smaller: tuple[dict[str, Any], ...]

    @property
    def numbers(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            **dataclasses.asdict(self.pace),
            "seconds": self.pace.seconds,
            "smaller": list(self.smaller),
        }


@errors.naming_settings()
def plan(config: TrainConfig | None = None, **settings: Any) -> Plan:
    """Measures what a run would take; nothing is written.

        print(tm.training.plan(dataset="digits", run_dir="runs/digits").pace)

    It does ten steps, or as many as begin within a minute; the first of them,
    which also trace graphs, count only where there are no others.
    Where the run would take more than an hour, networks of half the width and
    those of the preset small are measured too. Steps of later phases, and
    memory that only scores take, are not in it.

    Args:
      config: the run's settings.
      **settings: single ones; they win over `config`.

    Raises:
      UsageError: for settings that cannot be honoured.
      DataError: for files that cannot be used.
    """
    chosen = config_room.given(TrainConfig, config, settings)
    matched.check(chosen)
    cluster = parts.cluster_of(chosen)
    train_set, model, scorer = parts.make_parts(chosen, cluster)
    steps = chosen.steps
    pace = Pace(
        _seconds_per_step(chosen, cluster, model, train_set),
        steps,
        _seconds_per_score(scorer, model),
        1 + scores_between(0, steps, chosen.evaluate_every),
        peak_memory_gib(),
    )
    smaller = _narrower(chosen) if pace.is_slow else []
    measured = []
    for widths in smaller:
        other = config_room.given(TrainConfig, chosen, dict(widths))
        model = parts.model_of(other, cluster, train_set)
        per_step = _seconds_per_step(other, cluster, model, train_set)
        seconds = dataclasses.replace(pace, seconds_per_step=per_step).seconds
        measured.append(
            {**widths, "seconds_per_step": per_step, "seconds": seconds}
        )
    return Plan(pace, tuple(measured))


def _seconds_per_step(
    config: TrainConfig,
    cluster: Cluster,
    model: ImplicitModel,
    train_set: data.ImageSet,
) -> float:
    model.adapt(train_set.images)
    batches = functools.partial(
        parts.batches_of(config, model, train_set),
        seed=0,
        start=0,
        augmentation=data.Augmentation.parse(config.augment),
    )
    clock = StepClock(_MOST_SECONDS)
    steps = _STEPS * config.steps_per_execution
    spread = cluster.spread(batches, config.batch_size)
    fit(model, spread, steps, [clock], Progress(steps, steps))
    return clock.seconds_per_step


def _seconds_per_score(
    scorer: evaluation.Scorer, model: ImplicitModel
) -> float:
    """Of drawing images and of their features, most of what it takes."""
    count = min(_SCORED, scorer.count)
    for _ in range(2):  # the first traces
        began = time.monotonic()
        scorer.features(model.generate(count))
    return (time.monotonic() - began) * scorer.count / count


def _narrower(config: TrainConfig) -> list[dict[str, int]]:
    """Widths of both networks, at most those that are set."""
    now = {
        "generator_width": config.generator_width,
        "critic_width": config.critic_width,
    }
    small = {name: PRESETS["small"][name] for name in now}
    found = []
    for widths in ({k: v // 2 for k, v in now.items()}, small):
        less = {k: min(v, now[k]) for k, v in widths.items()}
        if less != now and less not in found:
            found.append(less)
    return found
