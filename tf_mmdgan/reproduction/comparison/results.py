"""The result of a cell: a file that also says how it was made."""

import dataclasses
import datetime
import json
import os
import re
from collections.abc import Iterable
from typing import Any, Literal

from tf_mmdgan import files
from tf_mmdgan.reproduction.comparison.cells import Cell
from tf_mmdgan.training import callbacks, history, run_directory

Status = Literal["done", "diverged", "failed"]

_DIVERGED = re.compile(r"Step (\d+): .*not finite")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of one training run.

    Attributes:
      data: name of the data set.
      method: name of the method.
      seed: of the run.
      flags: of the run, as for tf-mmdgan train.
      steps: steps that the run was to take.
      status: "diverged" means a loss or a weight that is not finite.
      reason: one line that says why a run is not done.
      scores: measured numbers; "samples" is a file in the run's folder.
      seconds: of training, scoring on the way included.
      threads: of the run; another number of them rounds otherwise.
      date: the day in UTC, as 2026-01-31.
      commit: of the code that started the run; None outside of a checkout.
      curve: of each kept step its number, the processor seconds of training up
        to it, exact KID and FID; empty until it is scored again.
      scored_by: commit of the code that has made the curve.
    """

    data: str
    method: str
    seed: int
    flags: list[str]
    steps: int
    status: Status
    reason: str | None
    scores: dict[str, Any]
    seconds: float
    threads: int
    date: str
    commit: str | None
    curve: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    scored_by: str | None = None

    @property
    def key(self) -> tuple[str, str, int]:
        """The key of the run's cell."""
        return self.data, self.method, self.seed

    @property
    def summary(self) -> str:
        """The numbers that count, or the reason why there are none."""
        reason = self.reason or ""
        diverged = _DIVERGED.search(reason)
        if self.status == "diverged" and diverged:
            return f"NaN at step {diverged[1]}"
        if self.status != "done":
            return reason
        scores = self.scores
        if "kid" not in scores:
            modes, share = scores["modes_covered"], scores["high_quality"]
            return f"{modes} / {share:.3f}"
        value, error = scores["kid"], scores["kid_standard_error"]
        return f"{number(value)} ({number(error)})"

    def settles(self, cell: Cell) -> bool:
        """Whether the cell need not be run again.

        A run that diverged would do so again, one that failed might not.
        """
        return self.status != "failed" and self.steps >= cell.config.steps


def number(value: float | None) -> str:
    """Two decimals; a dash for what is not defined."""
    return "-" if value is None else f"{value:.2f}"


def from_process(
    cell: Cell, code: int, stdout: str, stderr: str, threads: int
) -> Result:
    """The result of a process that trained `cell` and has ended.

    Args:
      cell: the cell that was trained.
      code: exit code of the process.
      stdout: where the code is 0, its last line has the scores as JSON.
      stderr: where the code is not 0, its last line is the reason.
      threads: of the process.
    """
    scores: dict[str, Any] = {}
    reason: str | None = None
    status: Status = "done"
    if code == 0:
        scores = _scores(cell, json.loads(stdout.splitlines()[-1]))
    else:
        reason = _reason(code, stderr)
        status = "diverged" if _DIVERGED.search(reason) else "failed"
    log = callbacks.read_log(cell.run_dir / run_directory.METRICS_FILE)
    return Result(
        data=cell.data,
        method=cell.method,
        seed=cell.seed,
        flags=list(cell.flags),
        steps=scores.get("steps", cell.config.steps),
        status=status,
        reason=reason,
        scores=scores,
        seconds=training_seconds(log),
        threads=threads,
        date=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        commit=_commit(cell),
    )


def _scores(cell: Cell, printed: dict[str, Any]) -> dict[str, Any]:
    """The numbers that a run printed, and standard errors, from its log."""
    scores = {k: v for k, v in printed.items() if not isinstance(v, str)}
    scores["samples"] = os.path.relpath(printed["samples"], cell.run_dir)
    if "kid" not in scores:
        return scores
    log = callbacks.read_log(cell.run_dir / run_directory.METRICS_FILE)
    error = {
        line["step"]: line["kid_standard_error"]
        for line in log
        if "kid_standard_error" in line
    }
    return scores | {
        "kid_standard_error": error.get(scores["steps"]),
        "kid_before_standard_error": error.get(0),
    }


def _reason(code: int, stderr: str) -> str:
    if code < 0:
        return f"killed by signal {-code}"
    lines = [line for line in stderr.splitlines() if line.strip()]
    if not lines:
        return f"exit code {code}"
    return lines[-1].strip().removeprefix("error: ")


def training_seconds(log: Iterable[dict[str, float]]) -> float:
    """Sum over the log's intervals, those of earlier processes included."""
    return history.seconds_spent(log, "seconds_per_step") or 0.0


def _commit(cell: Cell) -> str | None:
    path = cell.run_dir / run_directory.CONFIG_FILE
    if not path.exists():
        return None
    return files.read_json(path).get("commit")


def write_result(path: str | os.PathLike[str], result: Result) -> None:
    """Writes one result as JSON, atomically."""
    files.write_json(path, dataclasses.asdict(result))
