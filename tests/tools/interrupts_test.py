"""Ctrl-C is one line and exit code 130, whatever it comes upon."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tf_mmdgan.tools import interrupts

pytestmark = pytest.mark.usefixtures("foreground")


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_it_is_known_in_whatever_error_it_has_become():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), interrupts.Interrupts():
        try:
            interrupt()
        except KeyboardInterrupt:
            raise TypeError("as TensorFlow does while it traces") from None
    assert signal.getsignal(signal.SIGINT) is before


def test_other_errors_are_what_they_are():
    with pytest.raises(TypeError, match="mine"), interrupts.Interrupts():
        raise TypeError("mine")


def test_it_is_sent_again_where_python_can_only_print_it():
    class Closed:
        def __del__(self):
            interrupt()

    with pytest.raises(KeyboardInterrupt), interrupts.Interrupts():
        closed = Closed()
        del closed
        time.sleep(1.0)


def test_where_it_is_ignored_it_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.Interrupts():
            interrupt()
    finally:
        signal.signal(signal.SIGINT, before)


_START = """
import os, signal, time
import tf_mmdgan.tools
os.kill(os.getpid(), signal.SIGINT)
time.sleep(9)
"""


@pytest.mark.parametrize(
    "program, tells", [("tf-mmdgan-train", True), ("mine.py", False)]
)
def test_while_a_tool_is_imported_it_is_one_line(tmp_path, program, tells):
    path = tmp_path / program
    path.write_text(_START)
    found = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True
    )
    if tells:
        assert (found.returncode, found.stderr) == (130, "error: interrupted\n")
    else:
        assert found.returncode == -signal.SIGINT
        assert "KeyboardInterrupt" in found.stderr


_TRAIN = """
import os, signal, sys, threading, time
from tf_mmdgan.tools import cli
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.tools.train import train
def send():
    time.sleep(float(os.environ["DELAY"]))
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=send, daemon=True).start()
cli.run(TrainConfig, train)
"""


@pytest.mark.slow
@pytest.mark.parametrize("delay", [1, 3, 5, 7, 9, 11, 14, 17])
def test_one_line_and_130_in_every_phase(tmp_path, delay):
    flags = ["--generator_width=8", "--critic_width=8", "--steps=100000"]
    found = subprocess.run(
        [sys.executable, "-c", _TRAIN, f"--run_dir={tmp_path}/run", *flags],
        capture_output=True,
        text=True,
        env={**os.environ, "DELAY": str(delay)},
        timeout=300,
    )
    lines = found.stderr.splitlines()
    told = [line for line in lines if line.startswith("error:")]
    assert found.returncode == 130, found.stderr
    assert len(told) == 1 and "Traceback" not in found.stderr
