import os
import signal
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan.training import checkpoints

pytestmark = pytest.mark.usefixtures("foreground")


@pytest.mark.parametrize(
    "number, code",
    [
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 129, marks=pytest.mark.slow),
    ],
)
def test_signals_save_and_give_their_exit_code(tmp_path, capsys, number, code):
    model = tiny.adam_model()
    saver = checkpoints.Checkpoints(model, tmp_path)
    preemption = checkpoints.Preemption(saver.act)
    send = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: (
            batch == 2 and os.kill(os.getpid(), number)
        )
    )
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as ended, preemption:
        tiny.fit(model, 5, send, preemption)
    assert ended.value.code == code
    assert signal.getsignal(number) is before
    assert f"{number.name}: ended after step 3, which is saved" in (
        capsys.readouterr().err
    )
    again = tiny.adam_model()
    assert checkpoints.Checkpoints(again, tmp_path).restore()
    tiny.fit(again, 2)
    straight = tiny.adam_model()
    tiny.fit(straight, 5)
    for a, b in zip(tiny.state(again), tiny.state(straight), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_hangup_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with checkpoints.Preemption(lambda step, logs: None) as preemption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert preemption._received is None
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_interrupt_saves_and_is_told_once(tmp_path, capsys):
    model = tiny.adam_model()
    saver = checkpoints.Checkpoints(model, tmp_path)
    preemption = checkpoints.Preemption(saver.act)
    before = signal.getsignal(signal.SIGINT)
    words = "SIGINT: ended after step 2, which is saved"
    send = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: (
            batch == 1 and os.kill(os.getpid(), signal.SIGINT)
        )
    )
    with pytest.raises(KeyboardInterrupt, match=words), preemption:
        tiny.fit(model, 3, send, preemption)
    assert signal.getsignal(signal.SIGINT) is before
    assert "SIGINT" not in capsys.readouterr().err
    assert (tmp_path / "step-2.index").exists()


@pytest.mark.parametrize(
    "number, error",
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)],
)
def test_signals_after_the_last_step_are_not_lost(number, error):
    preemption = checkpoints.Preemption(lambda step, logs: None)
    preemption.set_model(types.SimpleNamespace(step=tf.constant(3)))
    with pytest.raises(error), preemption:
        os.kill(os.getpid(), number)


def test_sigterm_of_another_worker_ends_this_one_at_the_same_step():
    answers = iter([False, True, True])
    asked = []

    def anywhere(flag):
        asked.append(flag)
        return next(answers)

    saved = []
    preemption = checkpoints.Preemption(
        lambda step, logs: saved.append(step), anywhere
    )
    with pytest.raises(SystemExit), preemption:
        tiny.fit(tiny.adam_model(), 5, preemption)
    # The last answer is that all have seen the checkpoint written.
    assert saved == [2] and asked == [False, False, True]
