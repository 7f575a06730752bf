"""How long a run takes, told from its first steps."""

import types

import peaks
import pytest

from tf_mmdgan.training import pace
from tf_mmdgan.training.callbacks import Evaluation


class Model:
    """Counts updates and steps; three updates are an ordinary step."""

    batches_per_step = 3

    def __init__(self):
        self.counted, self.done = 0, 0
        self.stop_training = False

    @property
    def updates(self):
        return types.SimpleNamespace(numpy=lambda: self.counted)

    @property
    def step(self):
        return types.SimpleNamespace(numpy=lambda: self.done)


@pytest.fixture
def clock(monkeypatch):
    now = types.SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(pace.time, "monotonic", lambda: now.seconds)
    return now


def run_steps(callback, clock, durations, updates=3):
    callback.on_train_begin()
    for i, seconds in enumerate(durations):
        callback.on_train_batch_begin(i)
        callback.model.counted += updates
        callback.model.done += 1
        clock.seconds += seconds
        callback.on_train_batch_end(i)


def with_model(callback):
    callback.set_model(Model())
    return callback


def test_steps_that_trace_do_not_count(clock):
    watch = with_model(pace.StepClock())
    run_steps(watch, clock, [30.0, 9.0] + [0.3] * 7 + [5.0])
    assert watch.is_done
    assert watch.seconds_per_step == pytest.approx(0.3)


def test_steps_of_more_updates_count_by_them(clock):
    watch = with_model(pace.StepClock())
    run_steps(watch, clock, [30.0, 9.0] + [5.0] * 8, updates=30)
    assert watch.seconds_per_step == pytest.approx(0.5)


def test_slow_steps_end_the_measurement(clock):
    watch = with_model(pace.StepClock(most_seconds=60.0))
    run_steps(watch, clock, [50.0])
    assert not watch.model.stop_training
    run_steps(watch, clock, [40.0, 30.0])
    assert watch.model.stop_training
    assert watch.seconds_per_step == pytest.approx(30.0)


@pytest.mark.parametrize(
    "step, last, interval, expected",
    [(0, 10, 5, 2), (0, 11, 5, 3), (5, 10, 5, 1), (10, 10, 5, 0), (1, 9, 0, 1)],
)
def test_number_of_scores(step, last, interval, expected):
    by_hand = {s for s in range(step + 1, last + 1) if s == last}
    if interval:
        by_hand |= {s for s in range(step + 1, last + 1) if s % interval == 0}
    assert pace.scores_between(step, last, interval) == expected == len(by_hand)


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.187, "0.19 s"),
        (59.0, "59 s"),
        (125.0, "2 min"),
        (3600.0, "1 h 0 min"),
        (12000.0, "3 h 20 min"),
        (86399.0, "1 d 0 h"),
        (86400.0 * 12 + 3600.0 * 5, "12 d 5 h"),
    ],
)
def test_times_in_words(seconds, words):
    assert pace.in_words(seconds) == words


@pytest.mark.parametrize("seconds, slow", [(0.3, False), (3.0, True)])
def test_the_line_comes_once_and_names_the_way_out(
    clock, capsys, seconds, slow
):
    evaluation = Evaluation(None, 1000, None)
    evaluation.seconds = 2.0
    line = with_model(pace.PaceLine(3010, evaluation))
    run_steps(line, clock, [seconds] * 30)
    told = capsys.readouterr().err
    assert told.count("s a step") == 1
    assert "for 3000 steps and 4 scores of 2 s" in told
    assert ("--preset=small" in told) == slow


def test_the_peak_is_that_of_this_process_alone():
    assert pace.peak_memory_gib() == pytest.approx(peaks.peak() / 1024)
