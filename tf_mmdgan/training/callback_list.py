"""Which callbacks a run has, in the order in which they act.

A broken step is noticed before anything of it is written; what falls due at the
same step goes evaluate, schedule, checkpoint, so that a checkpoint holds what
the score of its step has changed.
"""

import functools
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tf_mmdgan import data, evaluation, images
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.metrics import shuffled_order
from tf_mmdgan.models import AdversarialModel, ImplicitModel
from tf_mmdgan.objectives import MMDGAN, Batch
from tf_mmdgan.training import (
    callbacks,
    checkpoints,
    diagnostics,
    guard,
    kid_schedule,
    loggers,
    pace,
    sample_grid,
)
from tf_mmdgan.training.events import Events
from tf_mmdgan.training.run_directory import EVALUATED, METRICS_FILE
from tf_mmdgan.training.state import RunState

_PROBES = 64
# With a kernel that is wide enough MMD^2 falls within the first hundred.
_SATURATED_STEPS = 300


def make_callbacks(
    config: TrainConfig,
    cluster: Cluster,
    model: ImplicitModel,
    state: RunState,
    train: data.ImageSet,
    scorer: evaluation.Scorer,
    own: Sequence[keras.callbacks.Callback] = (),
) -> list[keras.callbacks.Callback]:
    """The callbacks of a run, the user's `own` among them, but for the last."""
    writer = Events(state.folder)
    log = callbacks.MetricsLog(
        state.folder / METRICS_FILE, config.log_every, writer
    )
    evaluation_callback = callbacks.Evaluation(
        functools.partial(
            scorer.score_model, weights=config.evaluation_weights
        ),
        config.evaluate_every,
        log,
        _listeners(config, model, state) if cluster.chief else (),
    )
    made: list[keras.callbacks.Callback] = [
        pace.PaceLine(config.steps, evaluation_callback),
        guard.StopAtNaN(),
        log,
        sample_grid.SampleGrid(
            state.folder / sample_grid.SAMPLES,
            config.sample_every,
            writer,
            config.evaluation_weights,
            table=train.table,
        ),
        evaluation_callback,
        *([state.stop] if state.stop else []),
        diagnostics.CriticDiagnostics(
            config.spectra_every, log, _probe(train, config)
        ),
    ]
    maximum = _maximum_mmd2(model)
    if maximum is not None:
        made.append(
            diagnostics.SaturationWatch(
                config.log_every, log, maximum, _SATURATED_STEPS
            )
        )
    if state.rule is not None:
        made.append(_schedule(config, state.rule, scorer, train, log))
    if cluster.chief:
        made += loggers.make(config, log)
    made += own
    if cluster.chief:
        made.append(state.last)
    return made


def _listeners(
    config: TrainConfig, model: ImplicitModel, state: RunState
) -> list[Callable[[int, evaluation.StepScores], None]]:
    """What is told of each score."""
    told: list[Callable[[int, evaluation.StepScores], None]] = []
    if state.best is not None:
        told.append(state.best)
    if config.keep_evaluated:
        folder = state.folder / EVALUATED
        told.append(checkpoints.EvaluatedWeights(model, folder))
    return told


def _maximum_mmd2(model: ImplicitModel) -> float | None:
    """What MMD^2 of the critic's features cannot exceed, if anything."""
    if not isinstance(model, AdversarialModel):
        return None
    criterion = model.objective.criterion
    if not isinstance(criterion, MMDGAN):
        return None
    width = model.critic.output["features"].shape[-1]
    return diagnostics.maximum_mmd2(criterion.kernel, width)


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
    chosen = shuffled_order(len(train.images))[:_PROBES]
    labels = None
    if config.conditioning != "none" and train.labels is not None:
        labels = tf.constant(train.labels[chosen])
    return Batch(images.as_floats(tf.constant(train.images[chosen])), labels)
