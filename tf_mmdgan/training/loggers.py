"""Loggers of others, by their own Keras callbacks, with the scores beside.

Their callbacks see what `fit` tells them: losses. Scores, slopes and all else
that a run logs by itself are in metrics.jsonl, and reach them through
`MetricsLog`.
"""

import importlib
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import keras

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig, fields, spelling
from tf_mmdgan.published import without_places
from tf_mmdgan.training import callbacks, event_files, events
from tf_mmdgan.training.callbacks import MetricsLog

_PROJECT = "tf_mmdgan"
_LONGEST_REASON = 1000  # in characters; those of MLflow name the remedy last
_TENSORBOARD = "tensorboard"  # a folder in that of the run


class _Ending(keras.callbacks.Callback):
    """Ends a logger's run with the training."""

    def __init__(self, end: Callable[[], Any]):
        super().__init__()
        self._end = end

    def on_train_end(self, logs=None):
        self._end()


class _TensorBoard(keras.callbacks.TensorBoard):
    """Keras' callback, at the steps of the run, which may have gone on.

    Its files are cut back to the step that a run goes on from, and lose the
    name of the machine at the end: while TensorFlow writes to a file, it cannot
    have another one.
    """

    def set_model(self, model):
        step = callbacks.current_step(model) or -1
        for folder in pathlib.Path(self.log_dir).glob("*/"):
            event_files.cut(folder, step)
        super().set_model(model)
        self._rename()  # what a process that was killed has left

    def on_train_batch_begin(self, batch, logs=None):
        # Keras counts the batches of one call of `fit`, from 1 on.
        done = callbacks.current_step(self.model)
        self._global_train_batch = done + self.model.steps_per_execution - 1
        super().on_train_batch_begin(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        """Writes nothing: a run is one epoch, whose losses are in batches."""

    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        self._rename()

    def _rename(self):
        for path in pathlib.Path(self.log_dir).glob("*/events.out.tfevents.*"):
            seconds, *others = path.name.split(".")[3:]
            if len(others) > 1 and seconds.isdecimal():
                path.rename(path.with_name(events.file_name(int(seconds))))


def check(log_to: str) -> None:
    """Refuses loggers that are unknown or not installed, before any work.

    Args:
      log_to: their names, separated by commas.

    Raises:
      UsageError: naming the logger, and what installs it; and for a record of
        others by which metrics would leave the folder.
    """
    for name in spelling.entries(log_to):
        errors.pick(_LOGGERS, name, "logger")
        if isinstance(name, spelling.Recorded) and _MODULES[name]:
            spelling.refuse_recorded(
                f"what the run logs would be told to {name}", "log_to"
            )
        try:
            for module in _MODULES[name]:
                importlib.import_module(module)
        except ImportError as error:
            raise errors.UsageError(
                f"--log_to={name} is not installed ({errors.excerpt(error)}): "
                f"pip install 'tf_mmdgan[{name}]', or leave it out."
            ) from None


def make(
    config: TrainConfig, log: MetricsLog
) -> list[keras.callbacks.Callback]:
    """The callbacks of the loggers that a configuration names.

    Args:
      config: of the run.
      log: hands on what it writes.

    Raises:
      UsageError: for a logger that does not start, with its reason.
    """
    made: list[keras.callbacks.Callback] = []
    for name in spelling.entries(config.log_to):
        try:
            made += _LOGGERS[name](config, log)
        except Exception as error:  # Each has its own kinds.
            raise errors.UsageError(
                f"--log_to={name} does not start: "
                f"{errors.excerpt(error, _LONGEST_REASON)}"
            ) from error
    return made


def _tensorboard(
    config: TrainConfig, log: MetricsLog
) -> list[keras.callbacks.Callback]:
    del log  # of which events.* has everything
    return [
        _TensorBoard(
            str(pathlib.Path(config.run_dir, _TENSORBOARD)),
            write_graph=False,
            update_freq=config.log_every,
        )
    ]


def _wandb(
    config: TrainConfig, log: MetricsLog
) -> list[keras.callbacks.Callback]:
    import wandb
    from wandb.integration.keras import WandbMetricsLogger

    folder = pathlib.Path(config.run_dir)
    run = wandb.init(
        project=_PROJECT,
        name=folder.name,
        dir=folder,
        config=without_places(fields.record(config)),
    )
    run.define_metric("step")
    run.define_metric("*", step_metric="step")
    log.listeners.append(lambda step, values: run.log({"step": step, **values}))
    metrics = WandbMetricsLogger(log_freq=config.log_every)
    return [metrics, _Ending(run.finish)]


def _mlflow(
    config: TrainConfig, log: MetricsLog
) -> list[keras.callbacks.Callback]:
    import mlflow
    from mlflow.keras import MlflowCallback

    mlflow.set_experiment(_PROJECT)
    mlflow.start_run(run_name=pathlib.Path(config.run_dir).name)
    settings = without_places(fields.record(config))
    mlflow.log_params({k: v for k, v in settings.items() if v is not None})

    def hand_on(step: int, values: Mapping[str, float]) -> None:
        mlflow.log_metrics(dict(values), step=step)

    log.listeners.append(hand_on)
    metrics = MlflowCallback(
        log_every_epoch=False, log_every_n_steps=config.log_every
    )
    return [metrics, _Ending(mlflow.end_run)]


_Make = Callable[[TrainConfig, MetricsLog], list[keras.callbacks.Callback]]
_LOGGERS: dict[str, _Make] = {
    "tensorboard": _tensorboard,
    "wandb": _wandb,
    "mlflow": _mlflow,
}
_MODULES: dict[str, tuple[str, ...]] = {
    "tensorboard": (),
    "wandb": ("wandb.integration.keras",),
    "mlflow": ("mlflow", "mlflow.keras"),
}
