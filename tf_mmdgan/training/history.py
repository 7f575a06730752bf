"""What a run's folder says of how the run came about."""

import dataclasses
import math
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from tf_mmdgan.config import TrainConfig, fields
from tf_mmdgan.config.data import OF_MACHINE
from tf_mmdgan.config.expansions import typed
from tf_mmdgan.config.recipes import Recipes
from tf_mmdgan.evaluation import Report, RunHistory
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.published import without_places
from tf_mmdgan.training import class_rows
from tf_mmdgan.training.callbacks import log_lines, thinned_log
from tf_mmdgan.training.run_directory import (
    CONFIG_FILE,
    METRICS_FILE,
    recorded,
)

_NOT_SHOWN = ("run_dir", "trust_run", *OF_MACHINE)
_OF_RECIPE = ("objective", "architecture")


def of_run(
    config: TrainConfig,
    model: ImplicitModel | None = None,
    weights: str = "ema",
) -> RunHistory:
    """The history of a run, for the page of its report.

    Args:
      config: of the run.
      model: whose samples by class belong to it; None: none are drawn.
      weights: "ema" (averaged) or "current".
    """
    folder = pathlib.Path(config.run_dir)
    record = recorded(folder / CONFIG_FILE)
    given = _mapping(record.get("config"))
    classes = _mapping(record.get("data")).get("classes")
    recipe, changed = _nearest(given)
    return RunHistory(
        thinned_log(folder / METRICS_FILE),
        recipe,
        without_places(changed),
        without_places(_shown(_mapping(record.get("in_force")))),
        [str(name) for name in classes] if isinstance(classes, list) else None,
        class_rows.draw(model, weights) if model is not None else None,
        seconds_spent(log_lines(folder / METRICS_FILE), "seconds_per_step")
        or None,
    )


def _nearest(
    given: Mapping[str, Any],
) -> tuple[str | None, dict[str, tuple[Any, Any]]]:
    """What fewest settings differ from: a recipe, or None, the defaults.

    Recipes for another method or network are none of this run.
    """
    usual = {f.name: f.default for f in dataclasses.fields(TrainConfig)}
    found: list[tuple[str | None, dict[str, tuple[Any, Any]]]] = [
        (None, _differing(given, usual))
    ]
    for name, recipe in Recipes().items():
        settings = usual | typed(TrainConfig, recipe)
        if all(settings[key] == given.get(key) for key in _OF_RECIPE):
            found.append((name, _differing(given, settings)))
    return min(found, key=lambda each: len(each[1]))


def _differing(
    given: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Settings that were given, each with the other value."""
    return {
        name: (value, other[name])
        for name, value in _shown(given).items()
        if name in other and value != other[name]
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


def exact_kid(report: Mapping[str, Any], place: str) -> dict[str, float]:
    """KID over all pairs, with what is known of its spread, of a report.

    Args:
      report: that is there.
      place: of the scores in it: "scores", or "baseline".

    Returns:
      Numbers by their names in the report; those that are not defined are left
      out.
    """
    found: Any = report.get(place)
    if not fields.fits(found, dict[str, dict[str, float | None]]):
        return {}
    exact = found.get("kid_exact", {})
    return {name: v for name, v in exact.items() if v is not None}


def is_of(report: Mapping[str, Any], step: int, weights: str) -> bool:
    """Whether a report is of a run at a step, with these weights."""
    return (report.get("step"), report.get("weights")) == (step, weights)


def kept_reproducible(before: Mapping[str, Any]) -> dict[str, Any] | None:
    """Where training again gives the same bits, as a run's last report says.

    Args:
      before: the report that is there.
    """
    found = before.get("reproducible")
    kind = dict[str, bool | dict[str, bool | int | str]]
    return found if fields.fits(found, kind) else None


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
