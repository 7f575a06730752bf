"""What a run would take, measured without one."""

import pytest

from tf_mmdgan import config, errors
from tf_mmdgan.training import pace, planning


def settings(tmp_path, **others):
    return config.TrainConfig(
        run_dir=str(tmp_path / "run"), dataset="digits", objective="gmmn",
        architecture="gmmn", generator_batch_norm=False,
        strategy="one_device", steps=2000, evaluate_every=500, **others,
    )  # fmt: skip


def test_nothing_is_left_behind(tmp_path):
    found = planning.plan(settings(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert found.pace.steps == 2000 and found.pace.scores == 5
    assert 0.0 < found.pace.seconds_per_step < found.pace.seconds
    assert found.smaller == () and not found.pace.is_slow


def test_slow_runs_are_measured_at_smaller_widths(tmp_path, monkeypatch):
    monkeypatch.setattr(pace, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(planning, "_STEPS", 2)
    found = planning.plan(
        settings(tmp_path, generator_width=48, critic_width=16)
    )
    widths = [
        (each["generator_width"], each["critic_width"])
        for each in found.numbers["smaller"]
    ]
    assert widths == [(24, 8), (16, 16)]
    assert all(each["seconds"] > 0.0 for each in found.smaller)


def test_what_no_run_takes_has_no_plan(tmp_path):
    with pytest.raises(errors.UsageError, match="digit"):
        planning.plan(settings(tmp_path), dataset="digit")
