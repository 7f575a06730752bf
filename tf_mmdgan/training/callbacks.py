"""What happens between steps: guard, log, draw, score, save.

Give them to `fit` in this order: guard, log, draw, score, save. A broken step
is then noticed before anything of it is written, and a checkpoint holds what
the score of its step has changed.
"""

import contextlib
import json
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tqdm

from tf_mmdgan import errors, files, owned
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.evaluation import StepScores
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.training.events import Events

_LINE_BYTES = 2**20  # of a metrics file
_MOST_NUMBERS = 2**20  # of it that are held, each up to 250 bytes
_LARGEST = sys.float_info.max
# Numbers that nobody reads while a run goes on: another estimate of KID.
_IN_THE_LOG_ALONE = "kid_tfgan"
# Those of the user's own, which have no names here.
CALLBACK_FAMILY: Family[keras.callbacks.Callback] = Family(
    "callback", {}, keras.callbacks.Callback
)


class Every(keras.callbacks.Callback):
    """Calls `act(step, logs)` at multiples of `interval` steps.

    Attributes:
      interval: in steps; 0 means never, except where `at_end` is set.
      at_end: whether to act at the last step of `fit` too.
    """

    def __init__(self, interval: int, at_end: bool = False):
        super().__init__()
        self.interval = interval
        self.at_end = at_end
        self._acted_at: int | None = None

    def on_train_batch_end(self, batch, logs=None):  # noqa: D102
        step = current_step(self.model)
        if self.interval and step % self.interval == 0:
            self._act(step, logs)

    def on_train_end(self, logs=None):  # noqa: D102
        step = current_step(self.model)
        if self.at_end and self._acted_at != step:
            self._act(step, logs)

    def _act(self, step: int, logs: Mapping[str, tf.Tensor] | None) -> None:
        self._acted_at = step
        self.act(step, {k: float(v) for k, v in (logs or {}).items()})

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Does the work; `step` is the number of steps done."""
        raise NotImplementedError


def tell(text: str) -> None:
    """Writes one printable line to stderr, above the bar if there is one."""
    if sys.stderr is not None:  # which to `write` would mean stdout
        with errors.messages():
            tqdm.tqdm.write(
                errors.printable(errors.spoken(text)), file=sys.stderr
            )


def current_step(model: ImplicitModel) -> int:
    """Steps done."""
    return int(model.step.numpy())


class MetricsLog(Every):
    """Appends one JSON object per interval to a file, and to TensorBoard.

    Beside the losses, "seconds_per_step" by the clock, all callbacks included;
    "cpu_seconds_per_step", which the process spent in the steps alone;
    "input_wait", the share of the time in which steps have waited for their
    batches; and "learning_rate", the generator's.

    Attributes:
      listeners: are told step and numbers of each line.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        interval: int,
        writer: Events,
    ):
        super().__init__(interval)
        self.path = pathlib.Path(path)
        self.writer = writer
        self.listeners: list[Callable[[int, Mapping[str, float]], None]] = []
        self._clock = (0, 0.0, 0.0, 0.0)
        self._cpu_seconds = 0.0
        self._began = 0.0

    def on_train_begin(self, logs=None):  # noqa: D102
        self._clock = self._now(current_step(self.model))

    def on_train_batch_begin(self, batch, logs=None):  # noqa: D102
        self._began = time.process_time()

    def on_train_batch_end(self, batch, logs=None):  # noqa: D102
        self._cpu_seconds += time.process_time() - self._began
        super().on_train_batch_end(batch, logs)

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        last, self._clock = self._clock, self._now(step)
        steps, seconds, cpu_seconds, waited = np.subtract(self._clock, last)
        times = {
            "seconds_per_step": round(seconds / max(steps, 1), 6),
            "cpu_seconds_per_step": round(cpu_seconds / max(steps, 1), 6),
        }
        if self.model.input_clock:
            times["input_wait"] = round(waited / seconds, 6)
        rate = float(
            tf.convert_to_tensor(self.model.optimizers[0].learning_rate)
        )
        self.write(step, {**logs, **times, "learning_rate": rate})

    def _now(self, step: int) -> tuple[int, float, float, float]:
        clock = self.model.input_clock
        waited = clock.seconds if clock else 0.0
        return step, time.monotonic(), self._cpu_seconds, waited

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Appends `values` under `step`."""
        with owned.append_to(self.path) as file:
            line = files.finite({"step": step, **values})
            file.write(json.dumps(line, allow_nan=False) + "\n")
        self.writer.scalars(step, values)
        for listener in self.listeners:
            listener(step, values)


def log_lines(path: str | os.PathLike[str]) -> Iterator[dict[str, float]]:
    """The objects of a metrics file, one after the other.

    The first line that is none, such as a last one that was cut short, ends
    them. Without a file there are none.
    """
    with (
        contextlib.suppress(FileNotFoundError),
        files.open_plain(path) as file,
    ):
        while line := file.readline(_LINE_BYTES):
            try:
                content = json.loads(line)
            except (ValueError, RecursionError):
                return
            if not _is_line(content):
                return
            yield content


def read_log(path: str | os.PathLike[str]) -> list[dict[str, float]]:
    """The objects of a metrics file, as `log_lines` has them."""
    return list(log_lines(path))


def thinned_log(path: str | os.PathLike[str]) -> list[dict[str, float]]:
    """The objects of a metrics file, or so many of them that memory holds.

    Of a file of more than a million numbers, one line in two is kept, or one in
    four, and so on, with a warning; and the last one.
    """
    kept, every, held = [], 1, 0
    last: dict[str, float] = {}
    for number, last in enumerate(log_lines(path)):
        if number % every:
            continue
        kept.append({sys.intern(key): value for key, value in last.items()})
        held += len(last)
        if held > _MOST_NUMBERS:
            kept, every = kept[::2], 2 * every
            held = sum(map(len, kept))
    if every > 1:
        errors.warn(f"{path} is long: of its lines one in {every} is shown.")
    if kept and kept[-1] != last:
        kept.append(last)
    return kept


def _is_line(content: Any) -> bool:
    """Whether it is a line of a metrics file: numbers, of which one is step."""
    return (
        isinstance(content, dict)
        and type(content.get("step")) is int
        and all(
            value is None
            or (type(value) in (int, float) and abs(value) <= _LARGEST)
            for value in content.values()
        )
    )


def cut_log(path: str | os.PathLike[str], step: int) -> None:
    """Drops what a metrics file holds of later steps than `step`."""
    kept = bytearray()
    for line in log_lines(path):
        if line["step"] <= step:
            kept += json.dumps(line).encode() + b"\n"
    if pathlib.Path(path).exists():
        files.write_bytes(path, bytes(kept))


class Evaluation(Every):
    """Scores the generator, at step 0 too, and logs the numbers.

    Attributes:
      score: of a model.
      log: gets the numbers.
      listeners: are told step and scores, once these are in the log.
      seconds: that the last score has taken; None before the first.
    """

    def __init__(
        self,
        score: Callable[[ImplicitModel], StepScores],
        interval: int,
        log: MetricsLog,
        listeners: Sequence[Callable[[int, StepScores], None]] = (),
    ):
        super().__init__(interval, at_end=True)
        self.score = score
        self.log = log
        self.listeners = listeners
        self.seconds: float | None = None

    def on_train_begin(self, logs=None):  # noqa: D102
        if current_step(self.model) == 0:
            self._act(0, logs)

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        del logs
        began = time.monotonic()
        scores = self.score(self.model)
        self.seconds = time.monotonic() - began
        self.log.write(step, scores.numbers)
        text = ", ".join(
            f"{name} {value:.5f}"
            for name, value in scores.numbers.items()
            if not name.startswith(_IN_THE_LOG_ALONE)
        )
        tell(f"step {step}: {text}")
        for listener in self.listeners:
            listener(step, scores)


class Progress(keras.callbacks.Callback):
    """A bar with step, losses and time left, on stderr.

    Where stderr is no terminal, it is plain lines now and then.
    """

    def __init__(self, total: int, interval: int):
        super().__init__()
        self.total = total
        self.interval = interval
        self._bar: Any = None

    def on_train_begin(self, logs=None):  # noqa: D102
        on_terminal = not errors.unwatched()
        self._bar = tqdm.tqdm(
            total=self.total,
            initial=current_step(self.model),
            unit="step",
            dynamic_ncols=True,
            # A line now and then where nobody watches.
            mininterval=0.5 if on_terminal else 30.0,
            maxinterval=10.0 if on_terminal else 60.0,
            file=sys.stderr if on_terminal else _Lines(sys.stderr),
            disable=sys.stderr is None,
        )

    def on_train_batch_end(self, batch, logs=None):  # noqa: D102
        if self._bar is None:
            return
        step = current_step(self.model)
        if step % self.interval == 0 and logs:
            losses = {
                name: f"{float(value):.3f}" for name, value in logs.items()
            }
            self._bar.set_postfix(losses, refresh=False)
        self._bar.update(step - self._bar.n)

    def on_train_end(self, logs=None):  # noqa: D102
        self.close()

    def close(self) -> None:
        """Ends the bar, also after a failure."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def fit(
    model: ImplicitModel,
    batches: tf.data.Dataset,
    steps: int,
    callbacks: Sequence[keras.callbacks.Callback],
    progress: Progress,
) -> None:
    """Trains for `steps` more steps; the bar ends also after a failure."""
    try:
        model.fit(
            batches,
            epochs=1,
            steps_per_epoch=steps,
            shuffle=False,
            verbose=0,
            callbacks=[*callbacks, progress],
        )
    finally:
        progress.close()


class _Lines:
    """A file on which a bar's carriage returns become line ends."""

    def __init__(self, file):
        self._file = file

    def write(self, text: str) -> None:
        text = text.strip("\r\n ")
        with errors.messages():
            if text:
                self._file.write(text + "\n")

    def flush(self) -> None:
        with errors.messages():
            self._file.flush()
