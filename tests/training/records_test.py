"""What was in force is recorded, and stays when a run goes on."""

import dataclasses
import json
import types

import numpy as np
import pytest

from tf_mmdgan import config, data, methods, metrics
from tf_mmdgan.methods import published
from tf_mmdgan.training import records, run_directory

TRAIN = data.ImageSet(np.zeros((30, 16, 16, 1), np.uint8), None, None)
SCORER = types.SimpleNamespace(
    count=50, settings=metrics.MetricSettings(max_block_size=10)
)
# One of each family whose published settings are another's of a kernel's.
CHOSEN = {
    "mmd": {"kernel": "distance"},
    "smmd": {"scale_offset": 0.1},
    "gram": {"bandwidths": "1,2"},
    "f_gan": {"divergence": "kl"},
    "repulsive_mmd": {"real_weight": 1.0},
}


def settings(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def effective(given):
    """Settings by name; both networks have one rate unless told otherwise."""
    found = methods.settings_of(given).by_name()
    if "critic_learning_rate" in found and not found["critic_learning_rate"]:
        found["critic_learning_rate"] = found["learning_rate"]
    # Partial functions of equal parts are unequal.
    return {name: repr(value) for name, value in found.items()}


def of(given):
    made = records.in_force(given, TRAIN, SCORER)
    return json.loads(json.dumps(made))


@pytest.mark.parametrize("code", ["none", "scaled"])
@pytest.mark.parametrize("objective", methods.METHODS)
@pytest.mark.parametrize("chosen", [False, True])
def test_what_is_recorded_is_in_force_again(objective, code, chosen):
    if code == "scaled" and objective in published.MATCHING:
        code = "none"  # these codes have no such method
    more = CHOSEN.get(objective, {}) if chosen else {}
    given = settings(objective=objective, as_published=code, **more)
    again = records.filled(given, of(given))
    assert effective(again) == effective(given)


@pytest.mark.parametrize("objective", methods.METHODS)
def test_no_setting_that_has_a_value_is_left_open(objective):
    given = settings(objective=objective)
    recorded = of(given)
    method = methods.settings_of(given)
    idle = methods.resolution.idle(method)
    for name, value in method.by_name().items():
        if value is not None and name not in idle:  # idle: without effect
            assert recorded[name] is not None, name
    assert recorded["image_size"] == 16
    assert recorded["resize"] == "published"
    assert recorded["features"] == "lenet_digits"
    assert (recorded["evaluation_samples"], recorded["max_block_size"]) == (
        50, 10,
    )  # fmt: skip
    assert recorded["learning_rate"] > 0


def test_what_was_in_force_outlives_another_default(monkeypatch):
    given = settings(objective="wgan_gp")
    recorded = of(given)
    method = methods.METHODS["wgan_gp"]
    later = dataclasses.replace(
        method,
        settings=dataclasses.replace(method.settings, gradient_penalty=3.0),
    )
    monkeypatch.setitem(methods.METHODS, "wgan_gp", later)
    assert methods.settings_of(given).gradient_penalty == 3.0
    again = records.filled(given, recorded)
    assert methods.settings_of(again).gradient_penalty == 10.0


def test_a_run_that_goes_on_for_longer_keeps_its_schedule():
    given = settings(steps=10, learning_rate_schedule="cosine")
    longer = dataclasses.replace(given, steps=20)
    again = records.filled(longer, of(given))
    assert (again.rate_schedule, again.decay_end) == ("cosine", 10)
    again = records.filled(settings(steps=20), of(settings(steps=10)))
    assert (again.rate_schedule, again.rates_fall) == ("constant", False)


def test_allowed_changes_are_written_back(tmp_path):
    given = settings(run_dir=str(tmp_path), steps=10)
    run_directory.write_config(given, of(given), (16, 16, 1))
    longer = dataclasses.replace(given, steps=20)
    run_directory.write_config(longer, {}, (16, 16, 1))
    found, *_ = run_directory.read_config(tmp_path)
    assert found == longer
    assert run_directory.recorded_in_force(tmp_path, True) == of(given) | {
        "steps": 20
    }
    assert run_directory.recorded_in_force(tmp_path / "none") == {}
