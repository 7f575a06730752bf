"""Configurations refuse what cannot be honoured."""

import dataclasses
import json
import math

import numpy as np
import pytest

from tf_mmdgan import config, errors


@pytest.mark.parametrize(
    "wrong",
    [
        {"run_dir": ""},
        {"batch_size": 0},
        {"steps": -1},
        {"learning_rate": 0.0},
        {"beta_1": 1.0},
        {"gradient_penalty": -1.0},
        {"latent_distribution": "cauchy"},
        {"strategy": "everywhere"},
        {"steps_per_execution": 3},
        {"seed": -1},
        {"seed": 2**32},
        {"ema_decay": 1.0},
        {"batch_size": 1},
        {"burn_in_critic_steps": -1},
        {"learning_rate_decay_from": 5, "learning_rate_decay_to": 5},
        {"schedule_every": 5, "learning_rate_decay_to": 50},
        {"learning_rate_decay_from": 5},
        {"learning_rate_decay_to": 5, "learning_rate_schedule": "constant"},
        {"learning_rate_schedule": "kid"},
        {"learning_rate_schedule": "sine"},
        {"schedule_every": 5, "learning_rate_schedule": "cosine"},
        {
            "learning_rate_decay_from": 150_000,
            "learning_rate_schedule": "cosine",
        },
        {"warmup_steps": -1},
        {"warmup_steps": 5, "schedule_every": 5},
        {"schedule_factor": 1.0},
        {"schedule_threshold": 0.0},
        {"schedule_samples": 3},
        {"schedule_history": 2},
        {"schedule_every": -1},
        {"schedule_every": 5, "steps_per_execution": 2},
        {"scale_measure": "reel"},
        {"logical_cpus": 2, "strategy": "one_device"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_setting_is_named(wrong):
    with pytest.raises(errors.UsageError, match=f"--{next(iter(wrong))}|--"):
        config.TrainConfig(**{"run_dir": "run"} | wrong)


@pytest.mark.parametrize(
    "given, schedule, end",
    [
        ({}, "constant", None),
        ({"learning_rate_decay_to": 9}, "linear", 9),
        ({"learning_rate_schedule": "linear"}, "linear", 70),
        ({"learning_rate_schedule": "cosine"}, "cosine", 70),
        ({"schedule_every": 5}, "kid", None),
        ({"schedule_every": 5, "learning_rate_schedule": "kid"}, "kid", None),
    ],
)
def test_flags_of_rates_imply_a_schedule(given, schedule, end):
    made = config.TrainConfig(run_dir="run", steps=70, **given)
    assert made.rate_schedule == schedule
    assert made.rates_fall == (end is not None)
    assert end is None or made.decay_end == end


def test_interval_must_be_a_multiple_of_the_execution():
    with pytest.raises(errors.UsageError, match="--log_every=20"):
        config.TrainConfig(run_dir="run", steps_per_execution=500)
    config.TrainConfig(
        run_dir="run", steps_per_execution=10, sample_every=0, log_every=10
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"run_dir": "a", "fake": "b"},
        {"fake": "b"},
        {"fake": "b", "real": "c", "num_samples": 0},
        {"run_dir": "a", "seed": -1},
        {"run_dir": "a", "num_samples": 0},
    ],
)
def test_evaluation_needs_exactly_one_thing_to_score(settings):
    with pytest.raises(errors.UsageError):
        config.EvaluateConfig(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"run_dir": "a", "saved_model": "b"},
        {"run_dir": "a", "out": "images.jpg"},
        {"run_dir": "a", "num_samples": 0},
        {"run_dir": "a", "seed": 2**63},
    ],
)
def test_sampling_needs_one_source_and_a_known_format(settings):
    with pytest.raises(errors.UsageError):
        config.SampleConfig(**settings)


@pytest.mark.parametrize(
    "config_class",
    [
        config.TrainConfig,
        config.EvaluateConfig,
        config.ExportConfig,
        config.SampleConfig,
    ],
)
def test_every_setting_has_help_and_a_plain_type(config_class):
    for field in dataclasses.fields(config_class):
        assert field.metadata["help"].endswith((".", "small."))
        kind = config.field_type(config_class, field.name)
        assert kind in (bool, int, float, str)
        default = field.default
        assert default is None or isinstance(default, kind)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": "ten"}, "--steps=ten: need an integer"),
        ({"steps": 2.5}, "--steps=2.5: need an integer"),
        (
            {"dataset": "digits", "data_dir": 3},
            "--data_dir=3: need a text",
        ),
        ({"memory_budget_gb": "2"}, "memory_budget_gb=2: need a number"),
        ({"steps": None}, "--steps=None: need an integer"),
        ({"download": "no"}, "--download=no: need True or False"),
        ({"critic_batch_norm": 0}, "critic_batch_norm=0: need True or False"),
        ({"steps": True}, "--steps=True: need an integer"),
        ({"learning_rate": "1e-3"}, "--learning_rate=1e-3: need a number"),
        ({"drift_decay": "x"}, "--drift_decay=x: need a number"),
        ({"learning_rate": math.inf}, "--learning_rate=inf: need a finite"),
        ({"gradient_penalty": math.inf}, "--gradient_penalty=inf: need a fin"),
    ],
)
def test_values_of_another_type_are_refused_by_name(settings, message):
    with pytest.raises(errors.UsageError, match=message):
        config.TrainConfig(run_dir="run", **settings)


def test_numbers_of_numpy_are_recorded_as_numbers():
    made = config.TrainConfig(
        run_dir="run", steps=np.int64(3), ada=np.False_, beta_1=np.float32(0.5)
    )
    found = config.fields.record(made)
    assert json.loads(json.dumps(found)) == found
    assert (found["steps"], found["ada"], found["beta_1"]) == (3, False, 0.5)
    assert type(made.steps) is int and made.ada is False


def test_paths_are_texts(tmp_path):
    made = config.TrainConfig(run_dir=tmp_path / "run")
    assert made.run_dir == str(tmp_path / "run")


def test_an_unknown_setting_is_answered_with_the_near_one():
    with pytest.raises(errors.UsageError, match="mean 'steps'"):
        config.given(config.TrainConfig, None, {"run_dir": "run", "stepz": 3})


@pytest.mark.parametrize("given", ["runs/one", {"run_dir": "runs/one"}])
def test_what_is_no_configuration_is_refused(given):
    with pytest.raises(errors.UsageError, match="by name, or as a TrainConfig"):
        config.given(config.TrainConfig, given, {})
