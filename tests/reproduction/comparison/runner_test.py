"""Cells in processes: some at a time, none stops another, none is left."""

import fcntl
import json
import os
import sys

import pytest

from tf_mmdgan.reproduction import comparison

SUCCESS = """
import json, os
print("something first")
print(json.dumps({"steps": 9, "modes_covered": 8, "high_quality": 0.9,
                  "occupancy_tv": int(os.environ["OMP_NUM_THREADS"]),
                  "samples": "s.png"}))
"""
NAN = "import sys; sys.exit('error: Step 4: not finite: generator/loss. Oh.')"


def python(code):
    return [sys.executable, "-S", "-c", code]


def run(cells, codes, jobs=1, after=lambda result: None):
    found = []

    def collect(result):
        found.append(result)
        after(result)

    commands = {
        c.name: python(code) for c, code in zip(cells, codes, strict=True)
    }
    comparison.run(cells, lambda c: commands[c.name], jobs, collect)
    return found


@pytest.fixture
def cells(plan):
    return plan(data="ring", methods="mmd,cramer,wgan_gp", steps=9)


def test_a_failure_stops_no_other(cells, tmp_path):
    found = run(cells, [SUCCESS, NAN, "import os; os.kill(os.getpid(), 9)"])
    assert [r.summary for r in found] == [
        "8 / 0.900", "NaN at step 4", "killed by signal 9",
    ]  # fmt: skip
    assert [r.method for r in found] == ["mmd", "cramer", "wgan_gp"]
    by_key = {r.key: r for r in comparison.read_results(tmp_path)}
    assert by_key == {r.key: r for r in found}
    assert "Step 4" in cells[1].log_file.read_text()


@pytest.mark.parametrize("jobs", [1, 3])
def test_processes_share_out_the_cores(cells, jobs):
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    found = run(cells, [SUCCESS] * 3, jobs)
    assert len(found) == 3
    assert {r.scores["occupancy_tv"] for r in found} == {threads}
    assert {r.threads for r in found} == {threads}


def test_so_many_run_at_a_time_as_there_are_jobs(cells, tmp_path):
    """Each waits for the file of the other; one by one they would not end."""
    meet = """
import os, pathlib, time
here, there = pathlib.Path({here!r}), pathlib.Path({there!r})
here.touch()
while not there.exists(): time.sleep(0.01)
"""
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    codes = [meet.format(here=a, there=b), meet.format(here=b, there=a)]
    found = run(cells[:2], [code + SUCCESS for code in codes], jobs=2)
    assert [r.status for r in found] == ["done", "done"]


def test_interruption_ends_the_processes_that_run(cells, tmp_path):
    started = tmp_path / "pid"
    sleep = f"""
import os, pathlib, time
pathlib.Path({str(started) + "_"!r}).write_text(str(os.getpid()))
os.rename({str(started) + "_"!r}, {str(started)!r})
time.sleep(600)
"""
    wait = f"""
import os, time
while not os.path.exists({str(started)!r}): time.sleep(0.01)
"""

    def interrupt(result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cells[:2], [wait + SUCCESS, sleep], jobs=2, after=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
    assert not cells[1].result_file.exists()


def test_a_folder_that_is_in_use_waits_for_its_turn(cells):
    busy, free = cells[:2]
    busy.run_dir.mkdir(parents=True)
    lock = open(busy.run_dir / ".lock", "w")  # noqa: SIM115
    fcntl.flock(lock, fcntl.LOCK_EX)
    found = run(
        [busy, free], [SUCCESS] * 2, jobs=2, after=lambda r: lock.close()
    )
    assert [r.key for r in found] == [free.key, busy.key]


def test_news_of_long_runs(cells, capsys, monkeypatch):
    monkeypatch.setattr(
        "tf_mmdgan.reproduction.comparison.runner._NEWS_SECONDS", 0.0
    )
    (cell, *_) = cells
    cell.run_dir.mkdir(parents=True)
    line = json.dumps({"step": 5, "seconds_per_step": 2.0})
    (cell.run_dir / "metrics.jsonl").write_text(line)
    time_out = "import time; time.sleep(0.5)\n"
    run([cell], [time_out + SUCCESS])
    err = capsys.readouterr().err
    assert "ring/mmd/0: step 5 of 9" in err
    assert "[1/1] ring/mmd/0: 8 / 0.900, 10 s" in err
