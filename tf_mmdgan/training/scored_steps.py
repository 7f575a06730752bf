"""Scores of every checkpoint that a run has kept, and their curve."""

import dataclasses
import os
import pathlib
from typing import Any

from tf_mmdgan import errors, files
from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.evaluation import Report, RunHistory, by_statistics, outputs
from tf_mmdgan.evaluation.charts import charts_png
from tf_mmdgan.evaluation.report import kept
from tf_mmdgan.training import history, matched, run_data
from tf_mmdgan.training.callbacks import tell
from tf_mmdgan.training.curve import Curve


def score_steps(config: EvaluateConfig) -> Report:
    """Scores all kept steps of a run, each with its averaged weights.

    The report is that of the last step, with the scores of all under `steps`.
    Its page draws KID and FID over the steps, and so does a picture beside it,
    report_curve.png.

    Args:
      config: what is scored against what; its checkpoint is "all".

    Raises:
      UsageError: for real images of which only moments are known.
      DataError: for a run that cannot be used, or keeps no sound step.
    """
    if by_statistics.is_statistics(config):
        raise errors.UsageError(
            f"--checkpoint=all: --real={config.real} holds statistics; name "
            "images, or one checkpoint."
        )
    if config.out is not None:
        outputs.check(config.out, pictures=[_picture(config.out)])
    curve = Curve.of(config)
    if config.real is None:
        run_data.check_scored(curve.run.config)
    run_data.warn_of_scored(config, curve.run.config, curve.scorer.real)
    path = curve.run.report_file(config.out)
    reports = []
    for report in curve.reports():
        reports.append(report)
        tell(f"step {report.step}: {_shown(report)}")
    if not reports:
        raise errors.DataError(f"{config.run_dir} has no sound checkpoint.")
    reports[-1].warn()
    steps = {str(report.step): report.scores for report in reports}
    report = dataclasses.replace(reports[-1], steps=steps)
    report = report.remarked(
        *matched.remarks(curve.run.config, config.features)
    )
    _write(curve, report, [_line(r) for r in reports], path)
    return report


def _write(
    curve: Curve,
    report: Report,
    lines: list[dict[str, Any]],
    path: pathlib.Path,
) -> None:
    told = dataclasses.replace(history.of_run(curve.run.config), log=lines)
    samples = curve.scorer.samples(curve.run.model, "ema")
    charts = [c for c in RunHistory(lines).charts() if c.drawn]
    with kept(report, "--out"):
        curve.scorer.write(report, samples, path, told)
        if charts:
            files.write_bytes(_picture(path), charts_png(charts))


def _picture(report_file: str | os.PathLike[str]) -> pathlib.Path:
    path = pathlib.Path(report_file)
    return path.with_name(f"{path.stem}_curve.png")


def _line(report: Report) -> dict[str, Any]:
    """The scores of a step, as a line of a run's log has them."""
    line: dict[str, Any] = {"step": report.step}
    for metric in ("kid_exact", "fid"):
        line |= dict(report.scores.get(metric, {}))
    others = ("kid_tfgan", "kid_blocks", "kid_subsets")
    return line | {
        name: report.scores[name]["kid"]
        for name in others
        if name in report.scores
    }


def _shown(report: Report) -> str:
    line = _line(report)
    every = {name: value for name, value in line.items() if name != "step"}
    found = {n: value for n, value in every.items() if n in ("kid", "fid")}
    found = found or every
    return ", ".join(f"{name} {value:.5f}" for name, value in found.items())
