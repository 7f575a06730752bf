"""Several workers: one dies, all end, all start again."""

import json
import os
import signal
import subprocess
import sys
import time

import drill_runs as runs
import pytest

from tf_mmdgan.tools import launch_local

pytestmark = pytest.mark.slow
STEPS = "--steps=60"
# Two workers of a busy machine are slow; these tests are about what they do.
PATIENCE = 3600
# Of the others, after the death of one.
SECONDS_TO_END = 15


@pytest.fixture(autouse=True, scope="module")
def nothing_left():
    """Ends what a failed test has left running."""
    yield
    for process in _started:
        if process.poll() is None:
            process.terminate()
            process.wait()


_started = []


def launch(run_dir, *flags):
    process = subprocess.Popen(
        [
            sys.executable, "tools/launch_local.py", "2", "--", *runs.TINY,
            STEPS, f"--run_dir={run_dir}", *flags,
        ],
        cwd=runs.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    _started.append(process)
    return process


def report_seconds(begin):
    """Prints how long the others took to end, which must not be long."""
    seconds = time.monotonic() - begin
    print(f"ended {seconds:.1f} s after the death of one")
    assert seconds < SECONDS_TO_END


def children(process):
    """Ids of the workers, by their order."""
    path = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(path) as file:
        return [int(number) for number in file.read().split()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    process = launch(run_dir)
    out, text = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, text
    result = json.loads(out.splitlines()[-1])
    assert result["steps"] == 60
    report = json.loads((run_dir / "report.json").read_text())
    assert report["reproducible"]["where_equal"]["workers"] == 2
    return run_dir


@pytest.mark.parametrize("dead", [0, 1])
def test_when_a_worker_dies_all_end_and_start_again(whole, tmp_path, dead):
    run_dir = tmp_path / "run"
    process = launch(run_dir)
    runs.wait_for(runs.checkpoint(run_dir, 4), process)
    os.kill(children(process)[dead], signal.SIGKILL)
    begin = time.monotonic()
    _, text = process.communicate(timeout=PATIENCE)
    report_seconds(begin)
    assert process.returncode == 1
    assert f"error: worker {dead} ended by signal 9" in text
    process = launch(run_dir)
    _, text = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, text
    runs.assert_same_bits(run_dir, whole)


def test_sigterm_reaches_all_workers_and_saves(whole, tmp_path):
    run_dir = tmp_path / "run"
    process = launch(run_dir, "--checkpoint_every=10")
    runs.wait_for(runs.checkpoint(run_dir, 10), process)
    process.send_signal(signal.SIGTERM)
    _, text = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    assert "SIGTERM: ended after step" in text
    process = launch(run_dir, "--checkpoint_every=10")
    _, text = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, text
    runs.assert_same_bits(run_dir, whole)


def test_workers_without_a_launcher_notice_a_dead_one(tmp_path):
    run_dir = tmp_path / "run"
    workers = [
        subprocess.Popen(
            runs.command(run_dir, STEPS),
            cwd=runs.ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for environment in launch_local.environments(2)
    ]
    _started.extend(workers)
    runs.wait_for(runs.checkpoint(run_dir, 4), workers[0])
    workers[1].kill()
    begin = time.monotonic()
    _, text = workers[0].communicate(timeout=PATIENCE)
    report_seconds(begin)
    assert workers[0].returncode == 1
    assert "error: Another worker is gone" in text
    workers[1].communicate()


AGAIN = """
import sys
import tf_mmdgan as tm
for steps in (2, 3):
    tm.train(
        dataset="digits", architecture="mlp", strategy="multi_worker",
        run_dir=f"{sys.argv[1]}/{steps}", steps=steps, batch_size=8 * steps,
        generator_width=4, critic_width=4, critic_steps=1, features="pixels",
        evaluation_samples=50, export=False,
    )
"""


def test_workers_train_a_second_run_in_their_processes(tmp_path):
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", AGAIN, str(tmp_path)],
            cwd=runs.ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for environment in launch_local.environments(2)
    ]
    _started.extend(workers)
    for worker in workers:
        _, text = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0, text
    for steps in (2, 3):
        report = json.loads((tmp_path / f"{steps}/report.json").read_text())
        assert report["step"] == steps
