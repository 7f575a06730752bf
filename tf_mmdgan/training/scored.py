"""Scores of runs and of images, as a configuration names them."""

import dataclasses
import os
from typing import Any

from tf_mmdgan import config as config_room
from tf_mmdgan import data, errors, files, metrics
from tf_mmdgan.config import DataConfig, EvaluateConfig
from tf_mmdgan.evaluation import Report, Scorer, from_config, outputs
from tf_mmdgan.evaluation.class_scores import class_scores
from tf_mmdgan.evaluation.report import kept
from tf_mmdgan.training.finished import TrainedRun, load_run


def evaluate(config: EvaluateConfig | None = None, **settings: Any) -> Report:
    """Scores a run, or any images, against real images.

        tm.evaluate(run_dir="runs/digits")
        tm.evaluate(real="digits/test", fake="images.npz")

    The report of a run is written to its folder, other reports where `out`
    says.

    Args:
      config: what is scored against what.
      **settings: single settings, by the names of the fields of
        `EvaluateConfig`; they win over `config`.

    Raises:
      UsageError: for unknown names, or settings out of range.
      DataError: for images, weights or a run that cannot be used.
      NotWrittenError: a DataError with the report, if it cannot be written.
    """
    config = config_room.given(EvaluateConfig, config, settings)
    _check_outputs(config)
    run = None
    if config.run_dir is not None:
        run = load_run(config.run_dir, config.checkpoint, config.trust_run)
    if from_config.is_statistics(config):
        report = _by_statistics(config, run)
        if config.out is not None:
            with kept(report, "--out"):
                report.write(config.out)
        return report
    if run is not None:
        return _of_run(config, run)
    scorer, images = from_config.make_pair(config)
    report = scorer.report(images.images, images.source, images.prepared)
    if config.out is not None:
        with kept(report, "--out"):
            scorer.write(report, images.images, config.out)
    _save_statistics(config, scorer, report)
    return report


def _by_statistics(config: EvaluateConfig, run: TrainedRun | None) -> Report:
    if run is None:
        return from_config.score_by_statistics(config)
    report = from_config.score_by_statistics(
        config,
        run.config,
        lambda count: run.generate(count, config.seed, weights=config.weights),
    )
    return dataclasses.replace(report, step=run.step)


def _of_run(config: EvaluateConfig, run: TrainedRun) -> Report:
    run.report_file(config.out)  # A class takes as long as a report.
    scorer = from_config.make_scorer(config, run.config, run.image_shape)
    # First, because it is what may be refused.
    classes = _classes(config, run, scorer) if config.per_class else None
    report = run.score(scorer, config.weights, config.out, classes)
    _save_statistics(config, scorer, report)
    return report


def _classes(
    config: EvaluateConfig, run: TrainedRun, scorer: Scorer
) -> dict[str, dict[str, float]]:
    source = DataConfig.of(
        config.filled_from(run.config),
        dataset=run.config.dataset,
        image_size=run.config.image_size,
    )
    real = data.load(source, "test")
    return class_scores(
        scorer, real.labels, real.num_classes, run.model, config.weights
    )


def _check_outputs(config: EvaluateConfig) -> None:
    """Checks the files that are to be written, before the work."""
    if config.out is not None:
        outputs.check(config.out)
    path = config.save_statistics
    if path is not None:
        files.check_writable(path, "--save_statistics")
        if os.path.exists(path) and "mu" not in files.npz_names(path):
            raise errors.UsageError(
                f"--save_statistics={path} would replace what are no "
                "statistics: name another file."
            )


def _save_statistics(
    config: EvaluateConfig, scorer: Scorer, report: Report
) -> None:
    if config.save_statistics is None:
        return
    with kept(report, "--save_statistics"):
        metrics.write_moments(
            config.save_statistics,
            metrics.Moments.of(scorer.real_features),
            scorer.identifier,
        )
