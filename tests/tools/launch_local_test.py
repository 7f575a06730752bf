"""tools/launch_local.py: what it starts, and what it refuses."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tf_mmdgan.tools import launch_local

ROOT = pathlib.Path(__file__).parents[2]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "tools/launch_local.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_flags_behind_the_dashes_are_those_of_train():
    options = launch_local._parse(
        ["3", "--restarts=2", "--", "--run_dir=a", "--steps=4"]
    )
    assert options.workers == 3 and options.restarts == 2
    assert options.flags == ["--run_dir=a", "--steps=4"]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "required: workers"),
        (["two", "--"], "invalid int value"),
        (["0", "--"], "N must be 1 or more"),
        (["2", "--restarts=-1", "--"], "--restarts 0 or more"),
        (["2", "--run_dir=a"], "--run_dir=a"),
    ],
)
def test_wrong_usage_is_one_line(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2 and words in done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_cores_are_shared_out_where_there_are_enough(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    assert list(launch_local._cores(2)) == [[0, 2], [1]]
    assert list(launch_local._cores(4)) == [None] * 4


def test_environments_name_all_workers_and_keep_what_the_user_has_set(
    monkeypatch,
):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "7")
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    environments = launch_local.environments(2)
    configs = [json.loads(each["TF_CONFIG"]) for each in environments]
    assert [config["task"]["index"] for config in configs] == [0, 1]
    addresses = configs[0]["cluster"]["worker"]
    assert configs[1]["cluster"]["worker"] == addresses
    assert len(set(addresses)) == 2
    for each in environments:
        assert each["MALLOC_ARENA_MAX"] == "7"
        assert int(each["MALLOC_TRIM_THRESHOLD_"]) > 1e9
        assert each["PATH"] == os.environ["PATH"]


class Worker:
    """Ends with `code` when it is asked for the `ends`th time."""

    def __init__(self, code, ends):
        self.code, self.ends = code, ends
        self.received = []

    def poll(self):
        self.ends -= 1
        return self.code if self.ends < 0 else None

    def send_signal(self, number):
        self.received.append(number)
        self.ends = 0

    def wait(self, seconds):
        pass


@pytest.mark.parametrize(
    "code, expected, words",
    [
        (1, 1, "ended by exit code 1"),
        (-9, 1, "ended by signal 9"),
        (2, 2, "ended by exit code 2"),
    ],
)
def test_when_one_fails_the_others_are_ended(capsys, code, expected, words):
    healthy = Worker(0, 100)
    assert launch_local._wait([healthy, Worker(code, 0)], []) == expected
    assert len(healthy.received) == 1
    text = capsys.readouterr().err
    assert f"error: worker 1 {words}" in text
    assert ("goes on" in text) == (code != 2)


def test_signals_are_passed_on():
    workers = [Worker(0, 100), Worker(0, 100)]
    assert launch_local._wait(workers, [15]) == 143
    assert [worker.received for worker in workers] == [[15], [15]]


def test_all_well():
    assert launch_local._wait([Worker(0, 0), Worker(0, 1)], []) == 0
