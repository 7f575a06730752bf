"""What a run goes on from: its folder, and the newest sound checkpoint."""

import dataclasses
import pathlib
from collections.abc import Mapping

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.data import DATASET_FAMILY, ImageSet
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.evaluation import Scorer, chooses_best
from tf_mmdgan.methods import settings_of
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training import (
    callbacks,
    checkpoints,
    event_files,
    records,
    run_data,
    run_directory,
)
from tf_mmdgan.training.best import BestCheckpoint, StopWithoutGain
from tf_mmdgan.training.kid_schedule import ThreeSampleRule
from tf_mmdgan.training.run_directory import CHECKPOINTS, METRICS_FILE

# Checkpoints kept of the steps that were the best so far.
_BESTS = 3


@dataclasses.dataclass(frozen=True)
class RunState:
    """Where a run stands, and where it writes.

    Attributes:
      folder: gets logs and samples. The run's own, of the chief; the other
        workers do the same work, and what they write is thrown away.
      last: the newest checkpoints.
      best: the checkpoint of the lowest exact KID; None where the features
        are no measure of that.
      stop: what ends the run without a gain; None: nothing.
      rule: what says when the learning rates fall; None: they do not follow
        KID.
    """

    folder: pathlib.Path
    last: checkpoints.Checkpoints
    best: BestCheckpoint | None
    stop: StopWithoutGain | None
    rule: ThreeSampleRule | None


def open_state(
    given: TrainConfig,
    config: TrainConfig,
    cluster: Cluster,
    model: ImplicitModel,
    train: ImageSet,
    scorer: Scorer,
) -> RunState:
    """Claims the run's folder, and restores what was saved there.

    Args:
      given: the run's settings as they were given; its folder has been checked.
      config: the same, with what was in force where the run goes on.
      cluster: whose workers must agree on settings, data and checkpoint.
      model: gets the newest sound checkpoint.
      train: the training images.
      scorer: of the run.

    Raises:
      UsageError: if another process is in the folder, or if workers differ.
      DataError: if no checkpoint can be read.
    """
    run_dir = pathlib.Path(config.run_dir)
    if cluster.chief:
        run_directory.claim(run_dir)
        run_directory.write_config(
            given,
            records.in_force(config, train, scorer),
            train.image_shape,
            train.condition,
            run_data.record(config, train, scorer.real),
        )
    rule = _rate_rule(config, len(train.images))
    parts = {"rate_rule": rule} if rule else {}
    last = checkpoints.Checkpoints(
        model,
        run_dir / CHECKPOINTS["last"],
        config.checkpoint_every,
        config.checkpoints_kept,
        **parts,
    )
    best = _best(given, config, model, parts)
    if cluster.chief:
        last.remove_remains()
    last.restore()
    model.adapt(train.images)
    step = callbacks.current_step(model)
    cluster.agree(
        settings=run_directory.fingerprint(given),
        images=int(train.digest, 16) >> 1,  # of 63 bits
        checkpoint=step,
    )
    folder = run_dir if cluster.chief else run_directory.scratch()
    callbacks.cut_log(folder / METRICS_FILE, step or -1)
    event_files.cut(folder, step or -1)
    stop = _stop(config, cluster, best, folder / METRICS_FILE)
    return RunState(folder, last, best, stop, rule)


def _best(
    given: TrainConfig,
    config: TrainConfig,
    model: ImplicitModel,
    parts: Mapping[str, tf.Module],
) -> BestCheckpoint | None:
    """What keeps the best checkpoint, where scores may choose it."""
    if not _has_best(given, config):
        return None
    folder = pathlib.Path(config.run_dir) / CHECKPOINTS["best"]
    return BestCheckpoint(
        checkpoints.Checkpoints(model, folder, keep=_BESTS, **parts)
    )


def _has_best(given: TrainConfig, config: TrainConfig) -> bool:
    entry = DATASET_FAMILY.get(config.dataset)
    return chooses_best(entry, given.features, config.features)


def check_stopping(given: TrainConfig, config: TrainConfig) -> None:
    """Refuses to end a run by scores that do not tell which step is best.

    Args:
      given: the run's settings as they were given.
      config: the same, with what was in force where the run goes on.

    Raises:
      UsageError: for such scores.
    """
    if config.stop_after and not _has_best(given, config):
        raise errors.UsageError(
            f"--stop_after={config.stop_after}: the scores of this run do not "
            "tell which step is best: install imagenet, or name --features."
        )


def _stop(
    config: TrainConfig,
    cluster: Cluster,
    best: BestCheckpoint | None,
    log: pathlib.Path,
) -> StopWithoutGain | None:
    """What ends the run for want of a gain, if anything does."""
    if not config.stop_after:
        return None
    return StopWithoutGain(
        best if cluster.chief else None,
        log,
        config.stop_after,
        config.evaluate_every,
        cluster.any,
    )


def _rate_rule(config: TrainConfig, num_images: int) -> ThreeSampleRule | None:
    if not config.schedule_every:
        return None
    return ThreeSampleRule(
        min(config.schedule_samples, num_images),
        config.schedule_history,
        config.schedule_patience,
        config.schedule_threshold,
        settings_of(config).schedule_floor,
    )
