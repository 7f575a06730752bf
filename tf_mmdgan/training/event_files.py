"""TensorBoard's files of a run, cut back to the step that it goes on from."""

import contextlib
import os
import pathlib
from collections.abc import Iterator

import tensorflow as tf

_PATTERN = "events.out.tfevents.*"


def cut(folder: str | os.PathLike[str], step: int) -> None:
    """Drops what TensorBoard's files in a folder hold of later steps.

    Files that hold nothing of later steps stay as they are.

    Args:
      folder: the run's folder; no process writes to the files.
      step: the last one that stays.
    """
    for path in sorted(pathlib.Path(folder).glob(_PATTERN)):
        if any(_step(record) > step for record in _records(path)):
            _rewrite(path, step)


def _step(record: bytes) -> int:
    return tf.compat.v1.Event.FromString(record).step


def _records(path: pathlib.Path) -> Iterator[bytes]:
    """The records of a file, up to the first that was cut short."""
    with contextlib.suppress(tf.errors.DataLossError):
        for record in tf.data.TFRecordDataset(str(path)):
            yield record.numpy()


def _rewrite(path: pathlib.Path, step: int) -> None:
    # A hidden name, which TensorBoard does not read.
    temporary = path.with_name(f".{path.name}.cut")
    temporary.unlink(missing_ok=True)
    with tf.io.TFRecordWriter(str(temporary)) as writer:
        for record in _records(path):
            if _step(record) <= step:
                writer.write(record)
    os.replace(temporary, path)
