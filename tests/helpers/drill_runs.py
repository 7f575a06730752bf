"""Tiny runs of tools/train.py, started, killed and compared."""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

ROOT = pathlib.Path(__file__).parents[2]
TINY = (
    "--flagfile=flags/digits_mmd.cfg", "--generator_width=4",
    "--critic_width=4", "--critic_steps=1", "--batch_size=16",
    "--features=pixels", "--evaluate_every=0", "--sample_every=0",
    "--checkpoint_every=2", "--log_every=2", "--noexport",
)  # fmt: skip


def command(run_dir, *flags, tool="train"):
    return [
        sys.executable, f"tools/{tool}.py", *TINY * (tool == "train"),
        f"--run_dir={run_dir}", *flags,
    ]  # fmt: skip


def train(run_dir, *flags, **environment):
    """The process, when it has ended."""
    return subprocess.run(
        command(run_dir, *flags),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def finish(run_dir, *flags, **environment):
    """What the last line says of a run that is to succeed."""
    done = train(run_dir, *flags, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def start(run_dir, *flags, **settings):
    return subprocess.Popen(
        command(run_dir, *flags),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **settings,
    )


def wait_for(path, process, seconds=1800, until=pathlib.Path.exists):
    """Waits until there is, at a path, what a process is to write."""
    deadline = time.monotonic() + seconds
    while not until(path):
        assert process.poll() is None, f"ended before {path} was there"
        assert time.monotonic() < deadline, f"no {path} in {seconds} s"
        time.sleep(0.01)


def checkpoint(run_dir, step):
    return pathlib.Path(run_dir) / "checkpoints" / f"step-{step}.index"


def weights(run_dir):
    """All that the newest checkpoint holds, by name."""
    newest = tf.train.latest_checkpoint(pathlib.Path(run_dir) / "checkpoints")
    reader = tf.train.load_checkpoint(newest)
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.startswith("model/") and "OBJECT_GRAPH" not in name
    }


def assert_same_bits(run_dir, other):
    first, second = weights(run_dir), weights(other)
    assert first.keys() == second.keys() and len(first) > 50
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
