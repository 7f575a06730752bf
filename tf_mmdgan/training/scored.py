"""Scores of runs and of images, as a configuration names them."""

import dataclasses
import functools
import os
from typing import Any

import numpy as np

from tf_mmdgan import config as config_room
from tf_mmdgan import data, errors, files, metrics, published
from tf_mmdgan.config import DataConfig, EvaluateConfig
from tf_mmdgan.evaluation import (
    Report,
    RunHistory,
    Scorer,
    by_statistics,
    classified,
    from_config,
    layers,
    one_set,
    outputs,
    render_page,
)
from tf_mmdgan.evaluation.class_scores import class_scores
from tf_mmdgan.evaluation.report import kept
from tf_mmdgan.features import Extracted, write_features
from tf_mmdgan.training import history, matched, run_data
from tf_mmdgan.training.finished import TrainedRun, load_run
from tf_mmdgan.training.run_directory import REPORT_FILE, recorded
from tf_mmdgan.training.scored_steps import score_steps


@errors.naming_settings()
def evaluate(config: EvaluateConfig | None = None, **settings: Any) -> Report:
    """Scores a run, or any images, against real images.

        >>> report = tm.evaluate(run_dir="runs/digits", metrics="kid_exact,fid")
        >>> list(report.scores)
        ['kid_exact', 'fid']

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
        layers.split(config)  # which refuses them here
    if config.checkpoint == "all":
        return score_steps(config)
    if config.run_dir is not None:
        run = load_run(
            config.run_dir,
            config.checkpoint,
            config.trust_run,
            config.sampling_steps,
        )
    if one_set.is_one_set(config):
        report, found = one_set.look_at_one_set(config)
        _write(config.out, report)
        _save(config, found, report)
        return report
    if by_statistics.is_statistics(config):
        return _by_statistics(config, run)
    if run is not None:
        return _of_run(config, run)
    return _of_pair(config)


def _of_pair(config: EvaluateConfig) -> Report:
    """Images against real ones; metrics of other layers come last."""
    labelled = _labelled_pair(config) if config.cas else None
    (own, first), *others = layers.split(config)
    scorer, images = from_config.make_pair(first)
    pairs = [(own, scorer, images)]
    # All are made first, for that is when settings are refused.
    pairs += [(name, *from_config.make_pair(other)) for name, other in others]
    also: dict[str, dict[str, float]] = {}
    if labelled is not None:
        also["cas"] = classified.accuracy_score(*labelled, config.seed)
    report, *more = (
        layers.named(s.report(i.content, i.source, i.prepared), name)
        for name, s, i in pairs
    )
    report = functools.reduce(layers.merged, more, report)
    report = dataclasses.replace(report, scores={**report.scores, **also})
    report.warn()
    if config.out is not None:
        with kept(report, "--out"):
            scorer.write(report, images.content, config.out)
    _save(config, scorer.real_found, report)
    return report


def _labelled_pair(
    config: EvaluateConfig,
) -> tuple[classified.Labelled, classified.Labelled]:
    """Fake images and real ones for a classifier, if it can learn of them."""
    fake = classified.of_source(str(config.fake), config)
    real = classified.of_source(str(config.real), config)
    classified.check(fake.images.shape[1:], fake.num_classes, real)
    return fake, real


def _write(
    path: str | os.PathLike[str] | None,
    report: Report,
    told: RunHistory | None = None,
) -> None:
    """Writes a report without pictures, and its page, if there is a place."""
    if path is None:
        return
    found = report.to_dict()
    page = render_page(published.without_places(found), None, history=told)
    with kept(report, "--out"):
        outputs.write(path, found, page)


def _by_statistics(config: EvaluateConfig, run: TrainedRun | None) -> Report:
    if run is None:
        (own, chosen), *others = layers.split(config)
        if others:
            raise errors.UsageError(
                f"--metrics={config.metrics}: statistics are of the same "
                "layers for all metrics; name one, such as fid@LAYER."
            )
        report = by_statistics.score_by_statistics(chosen)
        report = layers.named(report, own)
        report.warn()
        _write(config.out, report)
        return report
    from_config.check_size(config, run.image_shape)
    path = run.report_file(config.out)
    before = recorded(run.folder / REPORT_FILE)
    report = by_statistics.score_by_statistics(
        config,
        run.config,
        lambda count: run.model.generate(count, config.seed, config.weights),
        run.table,
    )
    report = dataclasses.replace(
        report,
        step=run.step,
        weights=config.weights,
        reproducible=history.kept_reproducible(before),
    ).remarked(*matched.remarks(run.config, config.features))
    report.warn()
    _write(path, report, history.of_run(run.config))
    return report


def _of_run(config: EvaluateConfig, run: TrainedRun) -> Report:
    run.report_file(config.out)  # A class takes as long as a report.
    if config.real is None:
        reading = config.filled_from(run.config)
        there = dataclasses.replace(run.config, data_dir=reading.data_dir)
        run_data.check_scored(there, config.per_class)
    scorer = from_config.make_scorer(
        config, run.config, run.image_shape, run.table
    )
    run_data.warn_of_scored(config, run.config, scorer.real)
    # What may be refused comes first.
    labelled = _labelled_of_run(config, run) if config.cas else None
    classes = _classes(config, run, scorer) if config.per_class else None
    also: dict[str, dict[str, float]] = {}
    if labelled is not None:
        also["cas"] = _cas_of_run(config, run, *labelled)
    report = run.score(
        scorer, config.weights, config.out, classes,
        training=_training(config, run), features=config.features,
        also=also,
    )  # fmt: skip
    _save(config, scorer.real_found, report)
    return report


def _classes(
    config: EvaluateConfig, run: TrainedRun, scorer: Scorer
) -> dict[str, dict[str, float]]:
    real = data.load(_data_of(config, run), "test")
    return class_scores(
        scorer, real.labels, real.num_classes, run.model, config.weights
    )


def _labelled_of_run(
    config: EvaluateConfig, run: TrainedRun
) -> tuple[classified.Labelled, classified.Labelled]:
    """A run's training images, and the held-out ones that CAS is tested on."""
    place = _data_of(config, run)
    train, real = (
        classified.of_set(data.load(place, split), run_data.place(run.config))
        for split in ("train", "test")
    )
    classified.check_classes(run.model, real)
    classified.check(run.image_shape, run.model.num_classes, real)
    return train, real


def _cas_of_run(
    config: EvaluateConfig,
    run: TrainedRun,
    train: classified.Labelled,
    real: classified.Labelled,
) -> dict[str, float]:
    """CAS of a run on its held-out images."""
    fake = classified.of_model(
        run.model, train, config.num_samples, config.seed, config.weights
    )
    return classified.accuracy_score(fake, real, config.seed)


def _data_of(config: EvaluateConfig, run: TrainedRun) -> DataConfig:
    return DataConfig.of(
        config.filled_from(run.config),
        dataset=run.config.dataset,
        image_size=run.config.image_size,
    )


def _training(config: EvaluateConfig, run: TrainedRun) -> np.ndarray | None:
    """Training images of a run; None where metrics or images are named.

    What cannot be read is told: held-out images can be scored without it.
    """
    if config.real is not None or metrics.by_name(config.metrics):
        return None
    read = _data_of(config, run)
    try:
        train = data.load(read, "train")
    except errors.DataError as error:
        errors.warn(f"Copies are not looked for: {error}", stacklevel=2)
        return None
    run_data.warn_of_pixels(run.config, read, train)
    if run.table is not None and train.table is not None:
        return run.table.rows_of(train.table, train.images)
    return train.images


def _check_outputs(config: EvaluateConfig) -> None:
    """Checks the files that are to be written, before the work."""
    if config.out is not None:
        outputs.check(config.out)
    for path, flag, array in (
        (config.save_statistics, "--save_statistics", "mu"),
        (config.save_features, "--save_features", "features"),
    ):
        if path is None:
            continue
        files.check_writable(path, flag)
        if os.path.exists(path) and array not in files.npz_names(path):
            raise errors.UsageError(
                f"{flag}={path} would replace what holds no {array}: name "
                "another file."
            )


def _save(config: EvaluateConfig, found: Extracted, report: Report) -> None:
    """Writes what was found in the real images, or in the only ones."""
    if config.save_statistics is not None:
        moments = metrics.Moments.of(found.features)
        with kept(report, "--save_statistics"):
            metrics.write_moments(
                config.save_statistics, moments, report.extractor
            )
    if config.save_features is not None:
        with kept(report, "--save_features"):
            write_features(config.save_features, found, report.extractor)
