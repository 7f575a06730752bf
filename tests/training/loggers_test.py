"""Loggers of others: refused where they are missing, told what a run logs."""

import json
import sys
import types

import keras
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import config, errors
from tf_mmdgan.config import spelling
from tf_mmdgan.training import callbacks, events, loggers


@pytest.fixture
def log(tmp_path):
    writer = events.Events(tmp_path)
    return callbacks.MetricsLog(tmp_path / "metrics.jsonl", 5, writer)


def settings(tmp_path, log_to):
    return config.TrainConfig(run_dir=str(tmp_path / "one"), log_to=log_to)


@pytest.mark.parametrize(
    "log_to, words",
    [
        ("tensorbord", "Did you mean 'tensorboard'"),
        ("tensorboard,wandb", r"--log_to=wandb is not.*tf_mmdgan\[wandb\]"),
        ("mlflow", r"--log_to=mlflow is not installed.*tf_mmdgan\[mlflow\]"),
    ],
)
def test_what_is_not_there_is_named(monkeypatch, log_to, words):
    for name in ("wandb", "mlflow"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(errors.UsageError, match=words) as caught:
        loggers.check(log_to)
    assert "\n" not in str(caught.value)


def test_none_and_tensorboard_need_nothing(tmp_path, log):
    loggers.check("")
    loggers.check("tensorboard")
    assert loggers.make(settings(tmp_path, ""), log) == []
    (made,) = loggers.make(settings(tmp_path, "tensorboard"), log)
    assert isinstance(made, keras.callbacks.TensorBoard)
    assert made.log_dir == str(tmp_path / "one" / "tensorboard")


def test_files_of_tensorboard_do_not_name_the_host(tmp_path, log):
    (made,) = loggers.make(settings(tmp_path, "tensorboard"), log)
    left = tmp_path / "one" / "tensorboard" / "train"
    left.mkdir(parents=True)
    (left / "events.out.tfevents.7.host.3.0.v2").write_bytes(b"killed")
    made.set_model(tiny.model())
    made.on_train_begin()
    with made._train_writer.as_default(step=1):
        tf.summary.scalar("loss", 0.5)
    made.on_train_end()
    names = sorted(path.name for path in left.iterdir())
    assert len(names) == 2
    assert all(len(name.split(".")) == 5 for name in names)
    assert any(name.startswith("events.out.tfevents.7.") for name in names)


def scalars(folder):
    found = []
    for path in sorted(folder.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            found += [(event.step, v.tag) for v in event.summary.value]
    return sorted(found)


@pytest.mark.parametrize("together", [1, 5])
def test_tensorboard_has_each_step_of_a_continued_run_once(
    tmp_path, log, together
):
    """Keras counts the batches of each call of `fit` from 1 on."""
    model = tiny.model()
    model.compile("adam", "adam", steps_per_execution=together)
    given = config.TrainConfig(
        run_dir=str(tmp_path / "one"), log_to="tensorboard", log_every=10
    )

    def train(first, last):
        (made,) = loggers.make(given, log)
        model.step.assign(first)
        made.set_model(model)
        made.on_train_begin()
        for step in range(first, last, together):
            made.on_train_batch_begin(step)
            model.step.assign(step + together)
            made.on_train_batch_end(step, {"loss": 1.0})
        made.on_epoch_end(0, {"loss": 1.0})
        made.on_train_end()

    train(0, 40)
    train(20, 60)  # from the last checkpoint of a run that was killed
    found = scalars(tmp_path / "one" / "tensorboard" / "train")
    assert found == [(n, "batch_loss") for n in (10, 20, 30, 40, 50, 60)]
    train(0, 10)
    found = scalars(tmp_path / "one" / "tensorboard" / "train")
    assert found == [(10, "batch_loss")]


def test_a_record_does_not_say_whom_metrics_are_told(installed):
    loggers.check(spelling.Recorded("tensorboard"))
    with pytest.raises(errors.UsageError, match=r"wandb.*--log_to=.*trust_run"):
        loggers.check(spelling.Recorded("tensorboard,wandb"))


class Recorder:
    """Stands for the module or the run of a logger; has all that is told."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def tell(*args, **kwargs):
            self.told.append((name, args, kwargs))
            return self

        return tell


@pytest.fixture
def installed(monkeypatch):
    """Stand-ins for both packages, whose callbacks record their settings."""
    recorder, made = Recorder(), []

    def callback(**kwargs):
        made.append(kwargs)
        return keras.callbacks.Callback()

    def module(**members):
        found = types.ModuleType("stand-in")
        found.__dict__.update(members)
        return found

    wandb = module(init=recorder.init)
    mlflow = module(
        set_experiment=recorder.set_experiment, start_run=recorder.start_run,
        log_params=recorder.log_params, log_metrics=recorder.log_metrics,
        end_run=recorder.end_run,
    )  # fmt: skip
    modules = {
        "wandb": wandb, "mlflow": mlflow,
        "wandb.integration": module(),
        "wandb.integration.keras": module(WandbMetricsLogger=callback),
        "mlflow.keras": module(MlflowCallback=callback),
    }  # fmt: skip
    for name, found in modules.items():
        monkeypatch.setitem(sys.modules, name, found)
    mlflow.keras = modules["mlflow.keras"]
    return recorder, made


def test_their_own_callbacks_log_and_scores_are_handed_on(
    tmp_path, log, installed
):
    recorder, made = installed
    loggers.check("wandb,mlflow")
    found = loggers.make(settings(tmp_path, "wandb,mlflow"), log)
    assert made == [
        {"log_freq": 20},
        {"log_every_epoch": False, "log_every_n_steps": 20},
    ]
    begun = {name: kwargs for name, _, kwargs in recorder.told}
    assert begun["init"]["name"] == begun["start_run"]["run_name"] == "one"
    assert begun["init"]["config"]["log_to"] == "wandb,mlflow"
    recorder.told.clear()
    log.write(7, {"kid": 0.5})
    assert recorder.told == [
        ("log", ({"step": 7, "kid": 0.5},), {}),
        ("log_metrics", ({"kid": 0.5},), {"step": 7}),
    ]
    for callback in found:
        callback.on_train_end()
    assert [name for name, *_ in recorder.told[2:]] == ["finish", "end_run"]
    assert json.loads((tmp_path / "metrics.jsonl").read_text())["kid"] == 0.5


def test_one_that_does_not_start_gets_one_line(
    tmp_path, log, installed, monkeypatch
):
    def refuse(**kwargs):
        raise RuntimeError("no key\nmore")

    monkeypatch.setattr(sys.modules["wandb"], "init", refuse)
    with pytest.raises(errors.UsageError, match="wandb does not start: no key"):
        loggers.make(settings(tmp_path, "wandb"), log)


def test_models_tell_loggers_of_their_optimizer():
    model = tiny.model(rate=0.25)
    assert model.optimizer.get_config()["learning_rate"] == 0.25
    assert model.optimizer.iterations is model.optimizers[0].iterations
