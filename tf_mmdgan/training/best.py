"""The checkpoint of the lowest KID, and when a run ends for want of a lower."""

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from tf_mmdgan import errors, files, mmd
from tf_mmdgan.evaluation import StepScores
from tf_mmdgan.metrics import Standing, is_lower
from tf_mmdgan.training.callbacks import current_step, log_lines, tell
from tf_mmdgan.training.checkpoints import Checkpoints


class _Kept(NamedTuple):
    """What is known of the checkpoint that is kept."""

    step: int
    fid: float
    standing: Standing


class BestCheckpoint:
    """Keeps the checkpoint of the step with the lowest exact KID, by itself.

    It is replaced if KID has fallen by more than the standard error of the
    difference, or if both KID and FID have fallen.

    Attributes:
      checkpoints: where the last bests are saved; beside them is `RECORD`, the
        scores of the newest.
    """

    RECORD = "best.npz"

    def __init__(self, checkpoints: Checkpoints):
        self.checkpoints = checkpoints
        self._record = checkpoints.folder / self.RECORD

    @property
    def step(self) -> int | None:
        """The step that is kept; None where there is none."""
        kept = self._kept()
        return None if kept is None else kept.step

    def __call__(self, step: int, scores: StepScores) -> None:
        """Saves the model if it is the best so far."""
        if scores.standing is None:
            return
        fid = scores.numbers.get("fid", float("nan"))
        new = _Kept(step, fid, scores.standing)
        kept = self._kept()
        if kept is None or _is_better(new, kept):
            self.checkpoints.act(step, {})
            _write(self._record, new)

    def _kept(self) -> _Kept | None:
        """What the record says, if the checkpoint that it is of is there."""
        try:
            kept = _read(self._record)
        except (errors.DataError, ValueError, KeyError, TypeError):
            return None
        # A run killed in between has another checkpoint than the record says.
        saved = self.checkpoints.folder / f"step-{kept.step}.index"
        return kept if saved.exists() else None


def _is_better(new: _Kept, old: _Kept) -> bool:
    if new.standing.sums.reference.shape != old.standing.sums.reference.shape:
        return new.standing.kid < old.standing.kid  # other real images
    both = new.standing.kid < old.standing.kid and new.fid < old.fid
    return both or is_lower(new.standing, old.standing)


def _write(path: pathlib.Path, kept: _Kept) -> None:
    kid, standard_error, sums = kept.standing
    every = {
        "step": kept.step, "fid": kept.fid, "kid": kid,
        "standard_error": standard_error, **sums._asdict(),
    }  # fmt: skip
    arrays: dict[str, Any] = {k: np.asarray(v) for k, v in every.items()}
    files.write_npz(path, **arrays)


def _read(path: pathlib.Path) -> _Kept:
    """What `_write` wrote.

    Raises:
      DataError, ValueError, KeyError, TypeError: for anything else.
    """
    found = files.read_npz(path)
    sums = mmd.CandidateSums(*(found[k] for k in mmd.CandidateSums._fields))
    ranks = [(array.ndim, array.dtype) for array in sums]
    if ranks != [(rank, np.float64) for rank in (1, 1, 1, 0, 0)] or (
        sums.within.shape != sums.cross.shape
    ):
        raise ValueError("other sums")
    step, fid, kid, standard_error = (
        float(found[name].item())
        for name in ("step", "fid", "kid", "standard_error")
    )
    return _Kept(int(step), fid, Standing(kid, standard_error, sums))


class StopWithoutGain(keras.callbacks.Callback):
    """Ends `fit` after so many scores in a row by which no step was better.

    Give it behind what scores. It counts the scores in the run's log that are
    later than the best step, so that a run that was killed counts on.
    """

    def __init__(
        self,
        best: BestCheckpoint | None,
        log: pathlib.Path,
        evaluations: int,
        interval: int,
        anywhere: Callable[[bool], bool] = bool,
    ):
        """Takes what it counts.

        Args:
          best: the checkpoint that is kept; None on workers that keep none.
          log: the run's metrics.jsonl.
          evaluations: in a row, >= 1.
          interval: steps between scores.
          anywhere: whether what this process says is so in any that trains
            with it; called by all of them.
        """
        super().__init__()
        self.best = best
        self.log = log
        self.evaluations = evaluations
        self.interval = interval
        self.anywhere = anywhere

    def is_due(self) -> bool:
        """Whether the run has had its scores without a gain; all must call."""
        step = None if self.best is None else self.best.step
        later = 0
        if step is not None:
            later = sum(
                "kid" in line and line["step"] > step
                for line in log_lines(self.log)
            )
        return self.anywhere(later >= self.evaluations)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Asks `fit` to stop, if it is due."""
        step = current_step(self.model)
        if step % self.interval == 0 and self.is_due():
            tell(
                f"step {step}: {self.evaluations} scores without a gain: the "
                "run ends (--stop_after)."
            )
            self.model.stop_training = True
