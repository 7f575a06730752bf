"""The composition root: from a configuration to a run, and back."""

import dataclasses
import functools
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import data, evaluation, export, images
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.distribute import Cluster, make_cluster
from tf_mmdgan.evaluation import from_config
from tf_mmdgan.methods import make_model, settings_of
from tf_mmdgan.metrics import shuffled_order
from tf_mmdgan.models import ImplicitModel, InputClock
from tf_mmdgan.objectives import Batch
from tf_mmdgan.training import (
    callbacks,
    checkpoints,
    diagnostics,
    kid_schedule,
    run_directory,
)
from tf_mmdgan.training.finished import export_run, score_run
from tf_mmdgan.training.run_directory import (
    CHECKPOINTS,
    EVALUATED,
    METRICS_FILE,
    REPORT_FILE,
    recorded_step,
)


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that is ready to start or to go on."""

    config: TrainConfig
    cluster: Cluster
    model: ImplicitModel
    batches: tf.data.Dataset
    train_images: np.ndarray
    scorer: evaluation.Scorer
    grid: callbacks.SampleGrid
    callbacks: list[keras.callbacks.Callback]
    preemption: checkpoints.Preemption
    progress: callbacks.Progress

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
        if recorded_step(report_file) != step:
            score_run(
                self.config,
                self.model,
                self.scorer,
                reproducible=self.cluster.reproducibility(
                    self.config.deterministic, self.config.jit
                ),
            )
        kid_of_training_images = self.scorer.kid(self.train_images)
        if not self.cluster.chief:
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
            if path is None or recorded_step(path / export.METADATA) != step:
                path = export_run(
                    self.config,
                    self.model,
                    export_dir,
                    self.config.evaluation_weights,
                )
            result["saved_model"] = str(path)
        return result


def prepare(config: TrainConfig) -> Run:
    """Builds everything that `config` describes; continues a run found there.

    Raises:
      UsageError: for settings that cannot be honoured, and for a folder that
        holds something else.
      DataError: for files that cannot be used.
    """
    cluster = make_cluster(
        config.strategy,
        logical_cpus=config.logical_cpus,
        gpus=config.gpus,
        memory_growth=config.memory_growth,
    )
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    # The remapper logs an error for each convolution with a leaky ReLU.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    cluster.replica_batch_size(config.batch_size)
    run_dir = pathlib.Path(config.run_dir)
    if cluster.chief:
        run_directory.check(config)
    augmentation = data.Augmentation.parse(config.augment)
    train = data.load(config, "train")
    data.check_batch_size(train, config.batch_size)
    with cluster.scope():
        model = make_model(config, train.image_shape, train.num_classes)
    model.input_clock = InputClock()
    scorer = from_config.scorer_of_run(config, cluster)

    if cluster.chief:
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
    if cluster.chief:
        saver.remove_remains()
    saver.restore()
    model.adapt(train.images)
    step = callbacks.current_step(model)
    cluster.agree(
        settings=run_directory.fingerprint(config),
        images=len(train.images),
        checkpoint=step,
    )
    # The other workers do the same, and what they write is thrown away.
    folder = run_dir if cluster.chief else run_directory.scratch()
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
    listeners = [best]
    if config.keep_evaluated:
        listeners.append(
            checkpoints.EvaluatedWeights(model, run_dir / EVALUATED)
        )
    return Run(
        config,
        cluster,
        model,
        cluster.spread(
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
                listeners if cluster.chief else (),
            ),
            diagnostics.CriticDiagnostics(
                config.spectra_every, log, _probe(train, config)
            ),
            *([_schedule(config, rule, scorer, train, log)] if rule else []),
            *([saver] if cluster.chief else []),
        ],
        checkpoints.Preemption(
            saver.act if cluster.chief else lambda step, logs: None,
            cluster.any,
        ),
        callbacks.Progress(config.steps, config.log_every),
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
        settings_of(config).schedule_floor,
    )


def _schedule(
    config: TrainConfig,
    rule: kid_schedule.ThreeSampleRule,
    scorer: evaluation.Scorer,
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
