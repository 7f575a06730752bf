"""The composition root: from a configuration to a run, and back."""

import dataclasses
import functools
import json
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import (
    callbacks,
    checkpoints,
    data,
    diagnostics,
    distribution,
    errors,
    evaluation,
    export,
    images,
    kid_schedule,
    loading,
    run_directory,
    scoring,
    strategies,
)
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.image_sources import shuffled_order
from tf_mmdgan.method import make_model, settings_of
from tf_mmdgan.models import ImplicitModel, InputClock
from tf_mmdgan.objectives import Batch

METRICS_FILE = "metrics.jsonl"
REPORT_FILE = "report.json"
# Folders of what is saved: of the newest steps, and of the lowest KID.
CHECKPOINTS = {"last": "checkpoints", "best": "best"}


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that is ready to start or to go on."""

    config: TrainConfig
    model: ImplicitModel
    batches: tf.data.Dataset
    train_images: np.ndarray
    scorer: scoring.Scorer
    grid: callbacks.SampleGrid
    callbacks: list[keras.callbacks.Callback]
    preemption: checkpoints.Preemption
    progress: callbacks.Progress
    chief: bool
    reproducible: dict[str, Any]

    def train(self) -> dict[str, Any]:
        """Trains up to `config.steps`, reports and exports.

        Does nothing again that is done already, nor undoes it.

        Returns:
          KID before and after, and the paths of what was written.
        """
        run_dir = pathlib.Path(self.config.run_dir)
        remaining = self.config.steps - callbacks.current_step(self.model)
        if remaining > 0:
            with self.preemption:
                callbacks.fit(
                    self.model,
                    self.batches,
                    remaining,
                    [*self.callbacks, self.preemption],
                    self.progress,
                )
        step = callbacks.current_step(self.model)
        report_file = run_dir / REPORT_FILE
        if _recorded_step(report_file) != step:
            score_run(
                self.config,
                self.model,
                self.scorer,
                reproducible=self.reproducible,
            )
        kid_of_training_images = self.scorer.kid(self.train_images)
        if not self.chief:
            return {"run_dir": str(run_dir), "steps": step}
        log = callbacks.read_log(run_dir / METRICS_FILE)
        kid = {line["step"]: line["kid"] for line in log if "kid" in line}
        result = {
            "run_dir": str(run_dir),
            "steps": step,
            "kid_before": kid.get(0),
            "kid": kid.get(step),
            "kid_of_training_images": kid_of_training_images,
            "report": str(report_file),
            "samples": str(self.grid.path(step)),
        }
        if self.config.export:
            export_dir = run_dir / "export"
            path = export.newest_version(export_dir)
            if path is None or _recorded_step(path / export.METADATA) != step:
                path = export_run(
                    self.config,
                    self.model,
                    export_dir,
                    self.config.evaluation_weights,
                )
            result["saved_model"] = str(path)
        return result


def score_run(
    config: TrainConfig,
    model: ImplicitModel,
    scorer: scoring.Scorer,
    weights: str | None = None,
    out: str | os.PathLike | None = None,
    classes: dict[str, dict[str, float]] | None = None,
    reproducible: dict[str, Any] | None = None,
) -> evaluation.Report:
    """Scores the model of a run and writes report and page.

    Args:
      config: of the run.
      model: what is scored.
      scorer: that scores it.
      weights: "ema" or "current"; by default as the run has it.
      out: the report's file; by default the run's own.
      classes: scores class by class, if there are any.
      reproducible: where training again would give the same bits; by default
        as the run's report says, if there is one.
    """
    weights = weights or config.evaluation_weights
    report_file = pathlib.Path(config.run_dir) / REPORT_FILE
    if reproducible is None:
        reproducible = _recorded(report_file).get("reproducible")
    report = dataclasses.replace(
        scorer.report_model(
            model,
            weights,
            f"{config.run_dir}, {weights} weights, seed {scorer.seed}",
            callbacks.current_step(model),
        ),
        classes=classes,
        reproducible=reproducible,
    )
    if strategies.is_chief(scorer.strategy):
        shown = scorer.draw(model, weights, min(scorer.count, scoring.SAMPLES))
        scorer.write(report, shown, out or report_file)
    return report


def _recorded_step(path: pathlib.Path) -> int | None:
    """The step that a report or an export says it was made at."""
    return _recorded(path).get("step")


def _recorded(path: pathlib.Path) -> dict[str, Any]:
    """What a report or an export says; nothing if it cannot be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def prepare(config: TrainConfig) -> Run:
    """Builds everything that `config` describes; continues a run found there.

    Raises:
      UsageError: for settings that cannot be honoured, and for a folder that
        holds something else.
      DataError: for files that cannot be used.
    """
    strategies.configure_devices(
        config.logical_cpus, config.gpus, config.memory_growth
    )
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    # The remapper logs an error for each convolution with a leaky ReLU.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    strategy = strategies.make_strategy(config.strategy)
    distribution.replica_batch_size(strategy, config.batch_size)
    chief = strategies.is_chief(strategy)
    run_dir = pathlib.Path(config.run_dir)
    if chief:
        run_directory.check(config)
    augmentation = data.Augmentation.parse(config.augment)
    train = loading.load(config, "train")
    data.check_batch_size(train, config.batch_size)
    with strategy.scope():
        model = make_model(config, train.image_shape, train.num_classes)
    model.input_clock = InputClock()
    scorer = scoring.scorer_of_run(config, strategy)

    if chief:
        run_directory.claim(run_dir)
        run_directory.write_config(config, train.image_shape, train.num_classes)
    rule = _rate_rule(config, len(train.images))
    parts = {"rate_rule": rule} if rule else {}
    saver = checkpoints.Checkpoints(
        model,
        run_dir / CHECKPOINTS["last"],
        config.checkpoint_every,
        config.keep_checkpoints,
        **parts,
    )
    if chief:
        saver.remove_remains()
    saver.restore()
    model.adapt(train.images)
    step = callbacks.current_step(model)
    strategies.check_agreement(
        strategy,
        settings=run_directory.fingerprint(config),
        images=len(train.images),
        checkpoint=step,
    )
    # The other workers do the same, and what they write is thrown away.
    folder = run_dir if chief else run_directory.scratch()
    callbacks.cut_log(folder / METRICS_FILE, step or -1)
    writer = tf.summary.create_file_writer(str(folder))
    log = callbacks.MetricsLog(folder / METRICS_FILE, config.log_every, writer)
    grid = callbacks.SampleGrid(
        folder / "samples",
        config.sample_every,
        writer,
        config.evaluation_weights,
    )
    best = checkpoints.BestCheckpoint(
        checkpoints.Checkpoints(
            model, run_dir / CHECKPOINTS["best"], keep=1, **parts
        )
    )
    return Run(
        config,
        model,
        distribution.spread(
            strategy,
            functools.partial(
                data.batches,
                train,
                config.batch_size,
                config.seed,
                start=int(model.updates.numpy()),
                with_labels=config.conditioning != "none",
                augmentation=augmentation,
            ),
            config.batch_size,
        ),
        train.images,
        scorer,
        grid,
        [
            callbacks.StopAtNaN(),
            log,
            grid,
            callbacks.Evaluation(
                functools.partial(
                    scorer.score_model, weights=config.evaluation_weights
                ),
                config.evaluate_every,
                log,
                *([best] if chief else []),
            ),
            diagnostics.CriticDiagnostics(
                config.spectra_every, log, _probe(train, config)
            ),
            *([_schedule(config, rule, scorer, train, log)] if rule else []),
            *([saver] if chief else []),
        ],
        checkpoints.Preemption(
            saver.act if chief else lambda step, logs: None,
            functools.partial(strategies.any_worker, strategy),
        ),
        callbacks.Progress(config.steps, config.log_every),
        chief,
        strategies.reproducibility(strategy, config.deterministic, config.jit),
    )


def _rate_rule(
    config: TrainConfig, num_images: int
) -> kid_schedule.ThreeSampleRule | None:
    if not config.schedule_every:
        return None
    return kid_schedule.ThreeSampleRule(
        min(config.schedule_samples, num_images),
        config.schedule_history,
        config.schedule_patience,
        config.schedule_threshold,
        settings_of(config)["schedule_floor"],
    )


def _schedule(
    config: TrainConfig,
    rule: kid_schedule.ThreeSampleRule,
    scorer: scoring.Scorer,
    train: data.ImageSet,
    log: callbacks.MetricsLog,
) -> kid_schedule.KIDSchedule:
    order = shuffled_order(len(train.images))
    return kid_schedule.KIDSchedule(
        rule,
        scorer.features,
        scorer.features(train.images[order[: rule.num_samples]]),
        config.schedule_every,
        log,
        factor=config.schedule_factor,
        minimum=config.schedule_minimum,
        weights=config.evaluation_weights,
    )


def _probe(train: data.ImageSet, config: TrainConfig) -> Batch:
    """Real images that the critic's slopes are taken at."""
    chosen = shuffled_order(len(train.images))[:64]
    labels = None
    if config.conditioning != "none":
        labels = tf.constant(train.labels[chosen])
    return Batch(images.from_uint8(tf.constant(train.images[chosen])), labels)


def load_run(
    run_dir: str | os.PathLike,
    checkpoint: str = "last",
) -> tuple[TrainConfig, ImplicitModel]:
    """The model of a run, with the weights of a sound checkpoint.

    Args:
      run_dir: the run's folder.
      checkpoint: "last", the newest one, or "best", that of the lowest KID.

    Raises:
      DataError: if the folder is not a run, or has no checkpoint yet.
    """
    config, image_shape, num_classes = run_directory.read_config(run_dir)
    # The folder may have been moved.
    config = dataclasses.replace(config, run_dir=os.fspath(run_dir))
    model = make_model(config, image_shape, num_classes)
    folder = pathlib.Path(run_dir) / CHECKPOINTS[checkpoint]
    if not checkpoints.Checkpoints(model, folder).restore():
        every = {"last": "checkpoint", "best": "evaluate"}[checkpoint]
        raise errors.DataError(
            f"{run_dir} has no {checkpoint} checkpoint yet: let tools/train.py "
            f"reach --{every}_every steps first."
        )
    return config, model


def export_run(
    config: TrainConfig,
    model: ImplicitModel,
    export_dir: str | os.PathLike,
    weights: str = "ema",
    **options: Any,
) -> pathlib.Path:
    """Writes the generator as the next version in `export_dir`.

    The run's configuration, and its report if it is one of this step, go with
    it; so do warm-up records where they can be made.

    Args:
      config: that of the run.
      model: the run's model.
      export_dir: the folder of the exported versions.
      weights: "ema" (averaged) or "current".
      **options: passed on to `export.export_generator`.

    Returns:
      The folder of the new version.
    """
    step = callbacks.current_step(model)
    run_dir = pathlib.Path(config.run_dir)
    documents = [run_dir / run_directory.CONFIG_FILE]
    if _recorded_step(run_dir / REPORT_FILE) == step:
        documents.append(run_dir / REPORT_FILE)
    return export.export_generator(
        model.network(weights),
        model.latents,
        export_dir,
        {
            "config": dataclasses.asdict(config),
            "step": step,
            "weights": weights,
        },
        num_classes=model.num_classes,
        documents=documents,
        with_warmup=export.warmup_available(),
        **options,
    )
