"""Requests of several clients run as one, as a batching server does it.

After `BatchingSession` in `batching_session.cc` of
github.com/tensorflow/serving, with its codes and words: requests for the same
tensors are joined along their first axis, padded by repeating a row to the next
allowed size, run, and split again. All inputs of a request must have a first
axis, of equal length. One bad row fails the requests that it was joined with.
"""

import dataclasses
import threading
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

Arrays = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class BatchingSettings:
    """What `batching.config` says.

    Attributes:
      max_batch_size: rows that are run at once, and of one request.
      timeout: seconds that a request waits for others.
      allowed_batch_sizes: increasing, the last one `max_batch_size`; empty for
        any size.
    """

    max_batch_size: int = 64
    timeout: float = 0.005
    allowed_batch_sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)

    def padded(self, rows: int) -> int:
        """The smallest allowed size that holds so many rows."""
        sizes = (size for size in self.allowed_batch_sizes if size >= rows)
        return next(sizes, rows)


class BatchingSession:
    """Runs like a session, several requests at a time; for threads.

    Args:
      session: what runs them.
      settings: how they are joined.
    """

    def __init__(
        self, session: tf.compat.v1.Session, settings: BatchingSettings
    ):
        self._session = session
        self._settings = settings
        self._lock = threading.Lock()
        self._open: dict[object, _Batch] = {}

    def run(
        self, fetches: Mapping[str, str], feeds: Arrays
    ) -> dict[str, np.ndarray]:
        """Runs one request, with others that come within the timeout.

        Args:
          fetches: names of tensors, by those of the results.
          feeds: values by names of tensors.

        Raises:
          tf.errors.OpError: as the session raises, and for inputs that cannot
            be joined.
        """
        rows = self._count(feeds)
        key = frozenset(feeds), frozenset(fetches.values())
        with self._lock:
            batch, most = self._open.get(key), self._settings.max_batch_size
            first_of_batch = batch is None or batch.rows + rows > most
            if batch is None or first_of_batch:
                batch = self._open[key] = _Batch()
            start = batch.add(feeds, rows)
            if batch.rows == most:
                batch.full.set()
        if first_of_batch:
            batch.full.wait(self._settings.timeout)
            with self._lock:
                if self._open.get(key) is batch:
                    del self._open[key]
            batch.run(self._session, sorted(key[1]), self._settings)
        batch.done.wait()
        if batch.error is not None:
            raise batch.error
        return {
            alias: batch.outputs[name][start : start + rows]
            for alias, name in fetches.items()
        }

    def _count(self, feeds: Arrays) -> int:
        if any(np.ndim(value) == 0 for value in feeds.values()):
            raise _invalid(
                "Batching Run() input tensors must have at least one dimension"
            )
        counts = {len(value) for value in feeds.values()}
        if len(counts) > 1:
            raise _invalid(
                "Batching Run() input tensors must have equal 0th-dimension "
                "size"
            )
        rows, most = counts.pop(), self._settings.max_batch_size
        if rows > most:
            raise _invalid(
                f"Task size {rows} is larger than maximum input batch size "
                f"{most}"
            )
        return rows


class _Batch:
    """Requests that are run together."""

    def __init__(self):
        self.rows = 0
        self.full, self.done = threading.Event(), threading.Event()
        self.outputs: dict[str, np.ndarray] = {}
        self.error: tf.errors.OpError | None = None
        self._parts: list[Arrays] = []

    def add(self, feeds: Arrays, rows: int) -> int:
        """Adds a request; returns the number of its first row."""
        start = self.rows
        self.rows += rows
        self._parts.append(feeds)
        return start

    def run(
        self,
        session: tf.compat.v1.Session,
        names: list[str],
        settings: BatchingSettings,
    ) -> None:
        """Runs the requests, for the tensors of these names."""
        try:
            joined = self._joined(settings.padded(self.rows) - self.rows)
            found = session.run(names, joined)
            self.outputs = dict(zip(names, found, strict=True))
        except tf.errors.OpError as error:
            self.error = error
        except (TypeError, ValueError) as error:  # of shapes that differ
            self.error = _invalid(str(error))
        finally:
            self.done.set()

    def _joined(self, padding: int) -> dict[str, np.ndarray]:
        last = self._parts[-1]
        return {
            name: np.concatenate(
                [part[name] for part in self._parts]
                + [np.repeat(last[name][:1], padding, axis=0)]
            )
            for name in last
        }


def _invalid(message: str) -> tf.errors.InvalidArgumentError:
    return tf.errors.InvalidArgumentError(None, None, message)
