"""Runs cells, each in a process of its own, some at a time."""

import collections
import contextlib
import dataclasses
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from tf_mmdgan import errors, owned
from tf_mmdgan.reproduction.comparison import results
from tf_mmdgan.reproduction.comparison.cells import Cell
from tf_mmdgan.reproduction.comparison.results import Result
from tf_mmdgan.training import callbacks, run_directory

_POLL_SECONDS = 0.2
_NEWS_SECONDS = 60.0
_PATIENCE_SECONDS = 10.0
_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


@dataclasses.dataclass(frozen=True)
class _Running:
    cell: Cell
    process: subprocess.Popen[bytes]
    stdout: IO[bytes]


def run(
    cells: Sequence[Cell],
    command: Callable[[Cell], list[str]],
    jobs: int,
    after: Callable[[Result], None],
) -> None:
    """Trains the cells, `jobs` at a time; one that fails stops no other.

    Each cell's result is written to its file. Whatever ends this function ends
    the processes too; the next call continues their runs.

    Args:
      cells: the cells to train.
      command: makes the command that trains a cell and prints its scores.
      jobs: number of processes at a time.
      after: called with the result of each cell.
    """
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    waiting = collections.deque(cells)
    running: list[_Running] = []
    done = 0
    with _ending(running):
        news = time.monotonic()
        while waiting or running:
            while len(running) < jobs and (cell := _next_free(waiting)):
                running.append(_start(cell, command(cell), threads))
                errors.tell(f"{cell.name}: starts; log in {cell.log_file}")
            ended = [r for r in running if r.process.poll() is not None]
            for entry in ended:
                running.remove(entry)
                result = _finish(entry, threads)
                done += 1
                errors.tell(
                    f"[{done}/{len(cells)}] {entry.cell.name}: "
                    f"{result.summary}, {result.seconds:.0f} s"
                )
                after(result)
            if time.monotonic() - news > _NEWS_SECONDS:
                news = time.monotonic()
                _tell_progress(running, waiting)
            time.sleep(_POLL_SECONDS)


def _start(cell: Cell, command: list[str], threads: int) -> _Running:
    cell.log_file.parent.mkdir(parents=True, exist_ok=True)
    stdout = tempfile.TemporaryFile()  # noqa: SIM115, closed by _finish
    descriptor = owned.open_file(cell.log_file, os.O_WRONLY)
    os.ftruncate(descriptor, 0)
    with open(descriptor, "wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=log,
            env=os.environ | dict.fromkeys(_THREAD_LIMITS, str(threads)),
        )
    return _Running(cell, process, stdout)


def _finish(entry: _Running, threads: int) -> Result:
    with entry.stdout:
        entry.stdout.seek(0)
        stdout = entry.stdout.read().decode(errors="replace")
    stderr = entry.cell.log_file.read_text(errors="replace")
    result = results.from_process(
        entry.cell, entry.process.returncode, stdout, stderr, threads
    )
    results.write_result(entry.cell.result_file, result)
    return result


@contextlib.contextmanager
def _ending(running: list[_Running]) -> Iterator[None]:
    try:
        yield
    finally:
        for entry in running:
            entry.process.terminate()
        for entry in running:
            try:
                entry.process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                entry.process.kill()
                entry.process.wait()
            entry.stdout.close()


def _next_free(waiting: collections.deque[Cell]) -> Cell | None:
    """Takes the first cell whose folder no other process uses.

    One can be at work there when an earlier comparison was killed.
    """
    for cell in waiting:
        if not _in_use(cell):
            waiting.remove(cell)
            return cell
    return None


def _in_use(cell: Cell) -> bool:
    path = cell.run_dir / run_directory.LOCK_FILE
    if not path.exists():
        return False
    lock = owned.lock(path)
    if lock is None:
        return True
    lock.close()
    return False


def _tell_progress(
    running: Sequence[_Running], waiting: Sequence[Cell]
) -> None:
    for entry in running:
        path = entry.cell.run_dir / run_directory.METRICS_FILE
        log = callbacks.read_log(path)
        step = log[-1]["step"] if log else 0
        steps = entry.cell.config.steps
        errors.tell(f"{entry.cell.name}: step {step} of {steps}")
    if waiting and not running:
        cell = waiting[0]
        errors.tell(f"{cell.name}: waits for another process in {cell.run_dir}")
