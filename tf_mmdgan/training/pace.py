"""How fast a run goes: seconds a step, time to its end, memory."""

import dataclasses
import math
import pathlib
import re
import resource
import statistics
import sys
import time

import keras

from tf_mmdgan.training.callbacks import Evaluation, current_step, tell

# Calls that trace graphs and fill caches, and those that are timed after them.
_FIRST_CALLS = 2
_TIMED_CALLS = 8
# A run that takes longer is pointed to smaller networks.
SLOW_SECONDS = 3600.0


@dataclasses.dataclass(frozen=True)
class Pace:
    """What a run takes, at the pace of its first steps.

    Attributes:
      seconds_per_step: of an ordinary step.
      steps: that are to be done.
      seconds_per_score: of scoring once; None where it is not known.
      scores: that are to be computed.
      memory_gib: the most that the process has held so far.
    """

    seconds_per_step: float
    steps: int
    seconds_per_score: float | None
    scores: int
    memory_gib: float

    @property
    def seconds(self) -> float:
        """To the end of the run."""
        scoring = (self.seconds_per_score or 0.0) * self.scores
        return self.seconds_per_step * self.steps + scoring

    @property
    def is_slow(self) -> bool:
        """Whether it takes more than an hour."""
        return self.seconds > SLOW_SECONDS

    def __str__(self) -> str:
        scoring = ""
        if self.seconds_per_score is not None and self.scores:
            each = in_words(self.seconds_per_score)
            plural = "s" if self.scores > 1 else ""
            scoring = f" and {self.scores} score{plural} of {each}"
        return (
            f"{self.seconds_per_step:.3g} s a step: {in_words(self.seconds)} "
            f"for {self.steps} steps{scoring}; {self.memory_gib:.1f} GiB of "
            "memory so far"
        )


class StepClock(keras.callbacks.Callback):
    """Times ordinary steps, without what other callbacks do.

    Steps with more critic updates than others, and calls of several steps,
    count by the updates that they make.

    Args:
      most_seconds: after which no more steps are begun.
    """

    def __init__(self, most_seconds: float = math.inf):
        super().__init__()
        self._most_seconds = most_seconds
        self._started = 0.0
        self._began = (0, 0.0)
        self._seconds_per_update: list[float] = []

    def on_train_begin(self, logs=None):  # noqa: D102
        self._started = time.monotonic()

    def on_train_batch_begin(self, batch, logs=None):  # noqa: D102
        self._began = self._now()

    def on_train_batch_end(self, batch, logs=None):  # noqa: D102
        if self.is_done:
            return
        updates, seconds = self._now()
        done = updates - self._began[0]
        self._seconds_per_update.append((seconds - self._began[1]) / done)
        if seconds - self._started > self._most_seconds:
            self.model.stop_training = True

    def _now(self) -> tuple[int, float]:
        return int(self.model.updates.numpy()), time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether enough steps were timed."""
        return len(self._seconds_per_update) >= _FIRST_CALLS + _TIMED_CALLS

    @property
    def seconds_per_step(self) -> float:
        """The median, without the first steps unless there are no others."""
        timed = self._seconds_per_update
        first = min(_FIRST_CALLS, len(timed) - 1)
        per_update = statistics.median(timed[first:])
        return per_update * self.model.batches_per_step


class PaceLine(StepClock):
    """Says after the first steps how long the others take."""

    def __init__(self, steps: int, evaluation: Evaluation):
        super().__init__()
        self._steps = steps
        self._evaluation = evaluation
        self._told = False

    def on_train_begin(self, logs=None):  # noqa: D102
        super().on_train_begin(logs)
        tell("The first step takes longest: TensorFlow compiles it.")

    def on_train_batch_end(self, batch, logs=None):  # noqa: D102
        super().on_train_batch_end(batch, logs)
        if self._told or not self.is_done:
            return
        self._told = True
        step = current_step(self.model)
        pace = Pace(
            self.seconds_per_step,
            self._steps - step,
            self._evaluation.seconds,
            scores_between(step, self._steps, self._evaluation.interval),
            peak_memory_gib(),
        )
        slow = (
            "; --plan measures what smaller networks would take, and "
            "--preset=small sets them"
        )
        tell(f"{pace}{slow if pace.is_slow else ''}.")


def scores_between(step: int, last: int, interval: int) -> int:
    """How many scores a run computes after `step`, its last among them."""
    if step >= last:
        return 0
    return 1 + ((last - 1) // interval - step // interval if interval else 0)


def peak_memory_gib() -> float:
    """The most memory that this process has held.

    Where Linux does not tell it, no less than what the parent process held.
    """
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.M)
        if found:
            return int(found[1]) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


def in_words(seconds: float) -> str:
    """A span of time in its two largest units, such as 3 h 20 min."""
    if seconds < 60.0:
        return f"{seconds:.2g} s"
    minutes = round(seconds / 60.0)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
