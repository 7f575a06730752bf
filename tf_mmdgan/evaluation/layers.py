"""Metrics of other layers than the extractor's own: --metrics=fid@LAYER."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.config.spelling import entries
from tf_mmdgan.evaluation.report import Report
from tf_mmdgan.evaluation.usual import extractor_of
from tf_mmdgan.metrics import METRICS

_AT_LAYER = re.compile(r"\s*(?P<name>\w+)@(?P<layers>[^@]+)")


def split(config: EvaluateConfig) -> list[tuple[str, EvaluateConfig]]:
    """A configuration for each choice of layers that metrics name.

    Returns:
      The layers, "" for those that --features names, and the configuration;
      metrics without layers come first. One pair, with the configuration as it
      is, where no metric names layers.

    Raises:
      UsageError: for layers of what takes none, and without --features.
    """
    given = config.metrics
    chosen = entries(given) if isinstance(given, str) else list(given or ())
    groups: dict[str, list[object]] = {"": []}
    for metric in chosen:
        name, layers = _parts(metric)
        groups.setdefault(layers, []).append(name)
    if len(groups) == 1:
        return [("", config)]
    if config.run_dir is not None or not isinstance(config.features, str):
        raise errors.UsageError(
            f"--metrics={given} names layers: give --real, --fake, and by "
            "--features the network that has them."
        )
    return [
        (layers, _at(config, layers, metrics))
        for layers, metrics in groups.items()
        if metrics
    ]


def _parts(metric: object) -> tuple[object, str]:
    found = _AT_LAYER.fullmatch(metric) if isinstance(metric, str) else None
    if found is None or found["name"] not in METRICS:
        return metric, ""
    return found["name"], found["layers"].strip()


def _at(
    config: EvaluateConfig, layers: str, metrics: list[object]
) -> EvaluateConfig:
    extractor: object = config.features
    if layers:
        names = [name.strip() for name in layers.split("+")]
        extractor = extractor_of(config, config.features, names)
    return dataclasses.replace(config, features=extractor, metrics=metrics)


def named(report: Report, layers: str) -> Report:
    """A report whose metrics have the names of their layers."""
    if not layers:
        return report

    def at_layers(values: Mapping[str, Any]) -> dict[str, Any]:
        return {f"{name}@{layers}": value for name, value in values.items()}

    remark = f"@{layers}: features of {report.extractor}."
    return dataclasses.replace(
        report,
        scores=at_layers(report.scores),
        unavailable=at_layers(report.unavailable),
        remarks=(*report.remarks, remark),
    )


def merged(first: Report, other: Report) -> Report:
    """The first report, with the scores of another of the same images too."""
    return dataclasses.replace(
        first,
        scores={**first.scores, **other.scores},
        unavailable={**first.unavailable, **other.unavailable},
        remarks=tuple(dict.fromkeys(first.remarks + other.remarks)),
        seconds=round(first.seconds + other.seconds, 3),
    )
