"""Any number of replicas and workers learns what one device learns."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from tf_mmdgan.tools import launch_local

SCRIPT = pathlib.Path(__file__).parent / "replicas.py"


def start(out, replicas, **environment):
    return subprocess.Popen(
        [sys.executable, SCRIPT, out, str(replicas)],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*processes):
    for process in processes:
        _, text = process.communicate(timeout=3600)
        assert process.returncode == 0, text


def gaps(one, many, prefix):
    """The largest difference of arrays of one kind, and their largest value."""
    names = [name for name in one.files if name.startswith(prefix)]
    assert len(names) >= 2
    pairs = [(one[name], many[name]) for name in names]
    return (
        max(float(np.abs(a - b).max(initial=0.0)) for a, b in pairs),
        max(float(np.abs(a).max(initial=0.0)) for a, _ in pairs),
    )


def compare(one, many, replicas):
    assert many["replicas"] == replicas
    assert set(one.files) == set(many.files)
    methods = sorted({name.split("/")[0] for name in one.files} - {"replicas"})
    assert len(methods) >= 10
    for method in methods:
        exact, _ = gaps(one, many, f"{method}/float64/")
        # Adam turns rounding into steps: float32 weights drift, and this far.
        drift, _ = gaps(one, many, f"{method}/float32/")
        gap, largest = gaps(one, many, f"{method}/gradient/")
        print(
            f"{method} at {replicas} replicas: weights after 20 steps differ "
            f"by {exact:.0e} in float64 and {drift:.0e} in float32, first "
            f"gradients in float32 by {gap:.0e} of up to {largest:.1e}"
        )
        assert exact < 1e-8
        assert drift < 2e-2
        assert largest > 1e-3
        assert gap < 1e-5 * max(1.0, largest)


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    out = tmp_path_factory.mktemp("replicas") / "one.npz"
    finish(start(out, 1))
    return np.load(out)


@pytest.mark.slow
def test_four_replicas_learn_what_one_device_learns(one_device, tmp_path):
    out = tmp_path / "many.npz"
    finish(start(out, 4))
    compare(one_device, np.load(out), 4)


@pytest.mark.slow
def test_two_workers_learn_what_one_device_learns(one_device, tmp_path):
    finish(
        *(
            start(tmp_path / f"{index}.npz", 1, **environment)
            for index, environment in enumerate(launch_local.environments(2))
        )
    )
    assert not (tmp_path / "1.npz").exists()
    compare(one_device, np.load(tmp_path / "0.npz"), 2)
