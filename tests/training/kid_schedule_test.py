"""The rule of the learning rate, its callback and its checkpoint."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import kernels, mmd
from tf_mmdgan.training import callbacks, kid_schedule
from tf_mmdgan.training.events import Events
from tf_mmdgan.training.kid_schedule import KIDSchedule, ThreeSampleRule

M = 5


def numbered(number):
    """Sums that can be told apart."""
    vector = tf.fill([M], tf.constant(number, tf.float64))
    return mmd.CandidateSums(vector, vector, vector, vector[0], vector[0])


@pytest.fixture
def scripted(monkeypatch):
    """The test's p values, in turn; records which pairs were tested."""
    p_values, tested = [], []

    def test(new, old, floor):
        del floor
        tested.append((float(new.within[0]), float(old.within[0])))
        return mmd.ThreeSampleTest(None, None, None, p_values.pop(0))

    monkeypatch.setattr(mmd, "three_sample_test", test)
    return p_values, tested


def test_sets_are_stored_before_the_first_test(scripted):
    rule = ThreeSampleRule(M, history=4, patience=2)
    for number in range(4):
        assert rule.decide(numbered(float(number))) == (False, None)
    assert not scripted[1]


def test_improvement_rolls_the_store_and_forgets_failures(scripted):
    p_values, tested = scripted
    rule = ThreeSampleRule(M, history=3, patience=2)
    p_values += [0.01, 0.5, 0.05, 0.5]
    for number in range(7):
        falls, p_value = rule.decide(numbered(float(number)))
        assert not falls
    # Set 4 failed: it is not stored, and 5 meets the same old set.
    assert tested == [(3, 0), (4, 1), (5, 1), (6, 2)]
    assert p_value == 0.5
    assert int(rule.failures) == 1


def test_failures_in_a_row_lower_the_rate_and_cut_the_store(scripted):
    p_values, tested = scripted
    rule = ThreeSampleRule(M, history=5, patience=3)
    p_values += [0.11, 0.9, 1.0, 0.0]
    fallen = [rule.decide(numbered(float(i)))[0] for i in range(11)]
    # 5, 6, 7 fail against 0; 2, 3, 4 stay, 8 and 9 are stored, 10 is tested.
    assert fallen == [False] * 7 + [True] + [False] * 3
    assert tested == [(5, 0), (6, 0), (7, 0), (10, 2)]


def test_samples_that_come_closer_are_told_from_those_that_do_not(rng):
    reference = rng.normal(size=(60, 4))

    def sums(shift):
        new = rng.normal(size=(60, 4)) + shift
        return mmd.candidate_sums(kernels.Polynomial(), reference, new)

    better = ThreeSampleRule(60, history=2, patience=2)
    falls = [better.decide(sums(1.0 - 0.3 * i))[0] for i in range(4)]
    assert not any(falls) and int(better.failures) == 0
    worse = ThreeSampleRule(60, history=2, patience=2)
    falls = [worse.decide(sums(0.3 * i))[0] for i in range(4)]
    assert falls == [False, False, False, True]


def test_the_state_comes_back_from_a_checkpoint(scripted, tmp_path):
    p_values, tested = scripted
    first = ThreeSampleRule(M, history=2, patience=3)
    p_values += [0.5, 0.5, 0.5]
    for number in range(3):
        first.decide(numbered(float(number)))
    path = tf.train.Checkpoint(rule=first).save(str(tmp_path / "rule"))
    second = ThreeSampleRule(M, history=2, patience=3)
    status = tf.train.Checkpoint(rule=second).restore(path)
    status.assert_existing_objects_matched()
    assert second.decide(numbered(8.0)) == (False, 0.5)
    assert second.decide(numbered(9.0)) == (True, 0.5)
    assert tested == [(2, 0), (8, 0), (9, 0)]


def flat(images):
    return images.reshape(len(images), -1).astype(np.float32) / 127.5 - 1.0


def test_callback_lowers_both_rates_and_logs(tmp_path, rng):
    model = tiny.model(rate=0.01, optimizer=keras.optimizers.Adam)
    log = callbacks.MetricsLog(tmp_path / "metrics.jsonl", 1, Events(tmp_path))
    rule = ThreeSampleRule(20, history=1, patience=1, threshold=1e-12)
    reference = flat(rng.integers(0, 256, (20, *tiny.SHAPE), dtype=np.uint8))
    schedule = KIDSchedule(
        rule, flat, reference, 2, log, factor=0.1, minimum=0.002
    )
    rates = []

    class Rates(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            optimizers = model.generator_optimizer, model.critic_optimizer
            rates.append([float(o.learning_rate) for o in optimizers])

    model.fit(
        tiny.batches(), steps_per_epoch=4, verbose=0,
        callbacks=[schedule, Rates()],
    )  # fmt: skip
    # Never closer by that threshold: falls at 2, as far as may be, stays at 4.
    np.testing.assert_allclose(
        rates, [[0.01] * 2, [0.002] * 2, [0.002] * 2, [0.002] * 2], rtol=1e-6
    )
    lines = callbacks.read_log(log.path)
    assert [line["step"] for line in lines] == [0, 2, 4]
    assert "three_sample_p" not in lines[0]
    assert 0.0 < lines[1]["three_sample_p"] <= 1.0
    assert lines[1]["learning_rate"] == pytest.approx(0.002)


def test_rates_of_two_devices_fall_and_are_logged(tmp_path, two_cpus, rng):
    with two_cpus.scope():
        model = tiny.model(rate=0.01, optimizer=keras.optimizers.Adam)
    log = callbacks.MetricsLog(tmp_path / "metrics.jsonl", 1, Events(tmp_path))
    always = types.SimpleNamespace(decide=lambda sums: (True, 0.5))
    reference = flat(rng.integers(0, 256, (20, *tiny.SHAPE), dtype=np.uint8))
    schedule = KIDSchedule(always, flat, reference, 2, log, factor=0.5)
    schedule.set_model(model)
    schedule.act(2, {})
    (line,) = callbacks.read_log(log.path)
    assert line["learning_rate"] == pytest.approx(0.005)
    rate = model.critic_optimizer.learning_rate
    assert [
        float(v) for v in two_cpus.experimental_local_results(rate.value)
    ] == pytest.approx([0.005] * 2)


def test_a_rate_below_the_minimum_stays():
    model = tiny.model(rate=1e-7)
    kid_schedule.lower_rates(model, 0.5, 1e-6)
    assert float(model.critic_optimizer.learning_rate) == pytest.approx(1e-7)
