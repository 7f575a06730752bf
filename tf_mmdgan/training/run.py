"""The composition root: from a configuration to a trained run."""

import dataclasses
import functools
import os
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import config as config_room
from tf_mmdgan import data, errors, evaluation, export, published
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.data import at_home
from tf_mmdgan.distribute import Cluster, lost_workers
from tf_mmdgan.evaluation import outputs
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import (
    checkpoints,
    claims,
    history,
    initial,
    loggers,
    matched,
    parts,
    records,
    run_directory,
)
from tf_mmdgan.training.best import StopWithoutGain
from tf_mmdgan.training.callback_list import make_callbacks
from tf_mmdgan.training.callbacks import (
    CALLBACK_FAMILY,
    Progress,
    current_step,
    fit,
    log_lines,
)
from tf_mmdgan.training.finished import TrainedRun
from tf_mmdgan.training.run_directory import (
    METRICS_FILE,
    REPORT_FILE,
    recorded,
    recorded_step,
)
from tf_mmdgan.training.sample_grid import SAMPLES, grid_name
from tf_mmdgan.training.state import check_stopping, open_state


@errors.naming_settings()
def train(config: TrainConfig | None = None, **settings: Any) -> TrainedRun:
    """Trains a generator, scores it, draws samples and exports it.

        >>> run = tm.train(
        ...     dataset="digits", architecture="mlp", run_dir="runs/digits",
        ...     steps=2, evaluate_every=0, sample_every=0,
        ... )
        >>> run.generate(4).shape
        (4, 16, 16, 1)

    A run that is found in the folder is continued; one that is finished is left
    as it is.

    Args:
      config: the run's settings.
      **settings: single ones, by the names of the fields of `TrainConfig`; they
        win over `config`.

    Raises:
      UsageError: for settings that cannot be honoured, and for a folder that
        holds something else.
      DataError: for files that cannot be used, and a run that diverges.
    """
    with lost_workers(), run_directory.free_at_end():
        return prepare(config_room.given(TrainConfig, config, settings)).train()


def resume(
    run_dir: str | os.PathLike[str], trust_run: bool = False, **settings: Any
) -> TrainedRun:
    """Goes on with a run, by the settings that its folder records.

        run = tm.training.resume("runs/digits", steps=5000)

    Args:
      run_dir: the run's folder.
      trust_run: whether what the run's record names, beside what this package
        has, may be read, imported and run: files, folders, Python code.
      **settings: single ones that win over the recorded ones: those that may
        change in a run, such as `steps`, and of the others the same again.

    Raises:
      UsageError: for a setting that must not change, and for a name that the
        record has in a run that is not trusted.
      DataError: if the folder is not a run, and as `train`.
    """
    run_dir = os.fspath(at_home(run_dir))
    found, *_ = run_directory.read_config(run_dir, trust_run)
    chosen = {**settings, "run_dir": run_dir, "trust_run": trust_run}
    return train(found, **chosen)


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that is ready to start or to go on."""

    config: TrainConfig
    cluster: Cluster
    model: ImplicitModel
    batches: tf.data.Dataset
    train_images: np.ndarray
    scorer: evaluation.Scorer
    callbacks: list[keras.callbacks.Callback]
    stop: StopWithoutGain | None
    preemption: checkpoints.Preemption
    progress: Progress

    def train(self) -> TrainedRun:
        """Trains up to `config.steps`, reports and exports.

        Does nothing again that is done already, nor undoes it; of a run that
        is done it tells how to go on.
        """
        remaining = self.config.steps - current_step(self.model)
        if remaining <= 0 or (self.stop and self.stop.is_due()):
            self._tell_that_it_is_done()
        else:
            with self.preemption:
                fit(
                    self.model,
                    self.batches,
                    remaining,
                    [*self.callbacks, self.preemption],
                    self.progress,
                )
        run = TrainedRun(self.config, self.model)
        if recorded_step(run.folder / REPORT_FILE) != run.step:
            run.score(
                self.scorer,
                reproducible=self.cluster.reproducibility(
                    self.config.deterministic, self.config.jit
                ),
                baseline=self.scorer.baseline(self.train_images),
                training=self.train_images,
            )
        return dataclasses.replace(run, result=self._result(run))

    def _tell_that_it_is_done(self) -> None:
        """Tells why no step is left, and what setting goes on."""
        step, config = current_step(self.model), self.config
        why = f"all its {step:,} steps were trained"
        more = f"--steps={2 * step}"
        if step < config.steps:
            why = (
                f"--stop_after={config.stop_after} ended it at step {step:,}, "
                "after as many scores without a gain"
            )
            more = "--stop_after=0"
        if self.cluster.chief:
            errors.tell(
                f"{config.run_dir} is done: {why}. To go on, give {more}, for "
                "example."
            )

    def _result(self, run: TrainedRun) -> dict[str, Any]:
        """KID before and after, and the paths of what was written.

        KID, its interval and the features are those of the run's report.
        """
        if not self.cluster.chief:
            return {"run_dir": self.config.run_dir, "steps": run.step}
        report = recorded(run.folder / REPORT_FILE)
        features = report.get("extractor")
        # A report that was written since may be of other features.
        logged = {}
        if features == published.without_places(self.scorer.identifier):
            log = log_lines(run.folder / METRICS_FILE)
            logged = {li["step"]: li["kid"] for li in log if "kid" in li}
        trained_on = history.exact_kid(report, "baseline")
        samples = run.folder / SAMPLES
        samples /= grid_name(run.step, of_rows=run.table is not None)
        result = {
            "run_dir": str(run.folder),
            "steps": run.step,
            "kid_before": logged.get(0),
            "kid": logged.get(run.step),
            **history.exact_kid(report, "scores"),
            "kid_of_training_images": trained_on.get("kid"),
            "features": features,
            "report": str(run.folder / REPORT_FILE),
            "page": str(outputs.page_beside(run.folder / REPORT_FILE)),
            "samples": str(samples),
        }
        if self.config.export:
            result["saved_model"] = str(_exported(run))
        return result


def _exported(run: TrainedRun) -> pathlib.Path:
    """The newest exported version, made now unless it is of this step."""
    path = export.newest_version(run_directory.export_folder(run.folder))
    if path is None or recorded_step(path / export.METADATA) != run.step:
        path = run.export(weights=run.config.evaluation_weights)
    return path


def prepare(given: TrainConfig) -> Run:
    """Builds everything that settings describe; continues a run found there.

    Nothing is written before data, model and scorer are known to be sound.

    Raises:
      UsageError: for settings that cannot be honoured, and for a folder that
        holds something else.
      DataError: for files that cannot be used.
    """
    cluster = parts.cluster_of(given)
    if cluster.chief:
        run_directory.check(given)
    recorded = run_directory.recorded_in_force(given.run_dir, given.trust_run)
    config = records.filled(given, recorded)
    if recorded:
        _warn_of_rates_at_rest(config)
    # What is wrong is told before data are read.
    claims.check_recorded_size(config)
    augmentation = data.Augmentation.parse(config.augment)
    own_callbacks = CALLBACK_FAMILY.get_all(config.callbacks or ())
    loggers.check(config.log_to)
    matched.check(config)
    check_stopping(given, config)
    train_set, model, scorer = parts.make_parts(config, cluster)
    initial.start_from(model, config)
    state = open_state(given, config, cluster, model, train_set, scorer)
    batches = functools.partial(
        parts.batches_of(config, model, train_set),
        seed=config.seed,
        start=int(model.updates.numpy()),
        augmentation=augmentation,
    )
    save = state.last.act if cluster.chief else lambda step, logs: None
    return Run(
        config,
        cluster,
        model,
        cluster.spread(batches, config.batch_size),
        train_set.images,
        scorer,
        make_callbacks(
            config, cluster, model, state, train_set, scorer, own_callbacks
        ),
        state.stop,
        checkpoints.Preemption(save, cluster.any),
        Progress(config.steps, config.log_every),
    )


def _warn_of_rates_at_rest(config: TrainConfig) -> None:
    """Warns of a run that goes on where its learning rates are 0."""
    if config.rates_fall and config.steps > config.decay_end:
        errors.warn(
            f"The learning rates are 0 from step {config.decay_end:,} on, "
            "where the run was to end: steps beyond it train nothing, and "
            "only the averaged weights still move. "
            f"--learning_rate_decay_to={config.steps} lets the rates fall "
            "until the new end."
        )
