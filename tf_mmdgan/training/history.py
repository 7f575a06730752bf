"""What a run's folder says of how the run came about."""

import dataclasses
import math
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from tf_mmdgan.config import TrainConfig, fields
from tf_mmdgan.config.data import OF_MACHINE
from tf_mmdgan.evaluation import Report, RunHistory
from tf_mmdgan.published import without_places
from tf_mmdgan.training.callbacks import read_log
from tf_mmdgan.training.run_directory import (
    CONFIG_FILE,
    METRICS_FILE,
    recorded,
)

_NOT_SHOWN = ("run_dir", "trust_run", *OF_MACHINE)


def of_run(config: TrainConfig) -> RunHistory:
    """The history of a run, for the page of its report.

    Args:
      config: of the run.
    """
    folder = pathlib.Path(config.run_dir)
    record = recorded(folder / CONFIG_FILE)
    given = _mapping(record.get("config"))
    classes = _mapping(record.get("data")).get("classes")
    return RunHistory(
        read_log(folder / METRICS_FILE),
        without_places(_changed(given)),
        without_places(_shown(_mapping(record.get("in_force")))),
        [str(name) for name in classes] if isinstance(classes, list) else None,
    )


def _changed(given: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Settings that were given, each with its default."""
    usual = {f.name: f.default for f in dataclasses.fields(TrainConfig)}
    return {
        name: (value, usual[name])
        for name, value in _shown(given).items()
        if name in usual and value != usual[name]
    }


def _shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in settings.items() if k not in _NOT_SHOWN}


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def seconds_spent(
    log: Iterable[Mapping[str, Any]], name: str, until: float = math.inf
) -> float | None:
    """Seconds of the steps up to one, of all processes that trained a run.

    Args:
      log: lines of metrics.jsonl.
      name: of the seconds a step that are summed, as the log has them.
      until: the last step that counts.

    Returns:
      None where a line has steps, and not these seconds.
    """
    total, last = 0.0, 0.0
    for line in log:
        if "seconds_per_step" not in line or line["step"] > until:
            continue
        if name not in line:
            return None
        total += line[name] * (line["step"] - last)
        last = line["step"]
    return round(total, 1)


def kept_baseline(
    report: Report, before: Mapping[str, Any]
) -> dict[str, dict[str, float]] | None:
    """The scores of training images that the run's last report had.

    Args:
      report: that is to be written.
      before: the report that is there.

    Returns:
      None where these were made otherwise than the report.
    """
    now = report.to_dict()
    made_by = ("extractor", "real", "num_real", "num_fake", "settings")
    found = before.get("baseline")
    if any(before.get(name) != without_places(now[name]) for name in made_by):
        return None
    return found if fields.fits(found, dict[str, dict[str, float]]) else None
