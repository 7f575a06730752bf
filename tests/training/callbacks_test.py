"""Guard, log, grid and score around a tiny run."""

import json
import os
import time

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
import tiny
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.evaluation import StepScores
from tf_mmdgan.models import InputClock
from tf_mmdgan.training import callbacks, sample_grid
from tf_mmdgan.training.events import Events

adam_model, fit = tiny.adam_model, tiny.fit


def test_log_has_one_line_per_interval(tmp_path):
    model = adam_model()
    path = tmp_path / "metrics.jsonl"
    writer = Events(tmp_path)
    fit(model, 5, callbacks.MetricsLog(path, 2, writer))
    lines = callbacks.read_log(path)
    assert [line["step"] for line in lines] == [2, 4]
    assert lines[0]["seconds_per_step"] > 0
    assert lines[0]["cpu_seconds_per_step"] > 0
    assert np.isfinite(lines[0]["critic/mmd2"])
    assert list(tmp_path.glob("events.*"))


def test_log_has_the_share_of_time_spent_waiting(tmp_path):
    model = adam_model()
    path = tmp_path / "metrics.jsonl"
    writer = Events(tmp_path)

    def slow(images):
        time.sleep(0.2)
        return images

    def slowed(batch):
        passed = tf.numpy_function(slow, [batch], batch.dtype)
        return tf.ensure_shape(passed, batch.shape)

    model.input_clock = InputClock()
    model.fit(
        tiny.batches().map(slowed),
        steps_per_epoch=5,
        verbose=0,
        callbacks=[callbacks.MetricsLog(path, 1, writer)],
    )
    # A step of milliseconds waits for two batches of 0.2 s; but building the
    # graph, in the first one, is no waiting.
    first, *others = (line["input_wait"] for line in callbacks.read_log(path))
    assert 0.0 < first < min(others)
    assert min(others) > 0.2 and max(others) <= 1.0


def test_clock_sums_up_what_is_between_start_and_arrival(monkeypatch):
    now = [10.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = InputClock()
    for waited in (0.5, 0.25):
        clock.started()
        now[0] += waited
        clock.arrived()
        now[0] += 2.0
    assert clock.seconds == 0.75


def test_log_is_cut_back_and_survives_a_torn_line(tmp_path):
    path = tmp_path / "metrics.jsonl"
    lines = [json.dumps({"step": step}) for step in (1, 2, 3)]
    path.write_text("\n".join(lines) + '\n{"step": 4, "cri')
    callbacks.cut_log(path, 2)
    assert callbacks.read_log(path) == [{"step": 1}, {"step": 2}]
    path.write_text('{"step": 1}\n[]\n{"step": 1}\n')
    assert callbacks.read_log(path) == [{"step": 1}]
    for line in ('{"step": "9"}', "[" * 10**5, '{"a": ' * 10**5, "x" * 2**21):
        path.write_text('{"step": 1}\n' + line)
        callbacks.cut_log(path, 2)
        assert callbacks.read_log(path) == [{"step": 1}]
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(errors.DataError, match="no plain file"):
        callbacks.read_log(tmp_path / "fifo")


def test_long_logs_of_others_are_thinned(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(f'{{"step": {n}}}\n' for n in range(30_000)))
    assert callbacks.thinned_log(path) == callbacks.read_log(path)
    monkeypatch.setattr(callbacks, "_MOST_NUMBERS", 1000)
    with (
        within(seconds=10, megabytes=2),
        pytest.warns(UserWarning, match="one in 32 is shown"),
    ):
        steps = [line["step"] for line in callbacks.thinned_log(path)]
    assert steps == [*range(0, 30_000, 32), 29_999]
    with within(seconds=10, megabytes=2):
        callbacks.cut_log(path, 10_000)
    assert callbacks.read_log(path)[-1] == {"step": 10_000}
    assert callbacks.thinned_log(tmp_path / "absent.jsonl") == []


@pytest.mark.parametrize(
    "line",
    [
        {"step": True}, {"step": 2.0}, {"step": "2"}, {"step": [2]}, [2],
        {"step": 2, "kid": "1"}, {"step": 2, "kid": [1.0]},
        {"step": 2, "kid": 10**400}, {"step": 10**400},
        {"step": 2, "kid": float("nan")}, {"step": 2, "kid": True},
    ],
    ids=range(11),
)  # fmt: skip
def test_lines_of_other_types_end_a_log(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    sound = {"step": 1, "kid": None, "kid_standard_error": 1e300}
    texts = map(json.dumps, (sound, line, sound))
    path.write_text("\n".join(texts))
    assert callbacks.read_log(path) == [sound]
    callbacks.cut_log(tmp_path / "absent.jsonl", 2)
    assert not (tmp_path / "absent.jsonl").exists()


def test_grid_draws_the_same_latents_at_interval_and_end(tmp_path):
    model = adam_model()
    writer = Events(tmp_path)
    grid = sample_grid.SampleGrid(tmp_path, 2, writer, count=4, seed=3)
    fit(model, 3, grid)
    assert sorted(p.name for p in tmp_path.glob("*.png")) == [
        "step_0000002.png",
        "step_0000003.png",
    ]
    drawn = np.asarray(PIL.Image.open(grid.folder / sample_grid.grid_name(3)))
    first = model.generate(1, seed=3)[0, :, :, 0].repeat(16, 0).repeat(16, 1)
    np.testing.assert_array_equal(drawn[:64, :64], first)


def test_evaluation_scores_first_interval_and_last_once(tmp_path):
    model = adam_model()
    writer = Events(tmp_path)
    log = callbacks.MetricsLog(tmp_path / "metrics.jsonl", 100, writer)
    scored = []

    def score(scored_model):
        scored.append(callbacks.current_step(scored_model))
        return StepScores({"kid": 0.5})

    fit(model, 4, log, callbacks.Evaluation(score, 2, log))
    assert scored == [0, 2, 4]
    assert callbacks.read_log(log.path)[-1] == {"step": 4, "kid": 0.5}


def test_progress_is_plain_lines_without_a_terminal(capsys):
    model = adam_model()
    fit(model, 3, callbacks.Progress(3, interval=1))
    text = capsys.readouterr().err
    assert "3/3" in text and "critic/loss" in text and "\r" not in text
