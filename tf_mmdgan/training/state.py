"""What a run goes on from: its folder, and the newest sound checkpoint."""

import dataclasses
import pathlib
from collections.abc import Mapping

import tensorflow as tf

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
from tf_mmdgan.training.kid_schedule import ThreeSampleRule
from tf_mmdgan.training.run_directory import CHECKPOINTS, METRICS_FILE


@dataclasses.dataclass(frozen=True)
class RunState:
    """Where a run stands, and where it writes.

    Attributes:
      folder: gets logs and samples. The run's own, of the chief; the other
        workers do the same work, and what they write is thrown away.
      last: the newest checkpoints.
      best: the checkpoint of the lowest KID; None where the features are no
        measure of that.
      rule: what says when the learning rates fall; None: they do not follow
        KID.
    """

    folder: pathlib.Path
    last: checkpoints.Checkpoints
    best: checkpoints.BestCheckpoint | None
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
            train.num_classes,
            train.class_shares,
            run_data.record(config, train, scorer.real),
        )
    rule = _rate_rule(config, len(train.images))
    parts = {"rate_rule": rule} if rule else {}
    last = checkpoints.Checkpoints(
        model,
        run_dir / CHECKPOINTS["last"],
        config.checkpoint_every,
        config.keep_checkpoints,
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
    return RunState(folder, last, best, rule)


def _best(
    given: TrainConfig,
    config: TrainConfig,
    model: ImplicitModel,
    parts: Mapping[str, tf.Module],
) -> checkpoints.BestCheckpoint | None:
    """What keeps the best checkpoint, where scores may choose it."""
    entry = DATASET_FAMILY.get(config.dataset)
    if not chooses_best(entry, given.features, config.features):
        return None
    folder = pathlib.Path(config.run_dir) / CHECKPOINTS["best"]
    return checkpoints.BestCheckpoint(
        checkpoints.Checkpoints(model, folder, keep=1, **parts)
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
