"""TensorBoard's files of a run, cut back to the step that it goes on from.

They are read here: by TensorFlow's reader a record of a few bytes that claims
to be of a terabyte takes that memory, or ends the process. Of a record its step
alone is looked for: parsed, each two bytes of it could be an object.
"""

import contextlib
import os
import pathlib
from collections.abc import Iterator

from tensorflow.core.util import event_pb2

from tf_mmdgan import archives, files, protos

_PATTERN = "events.out.tfevents.*"
_STEP = event_pb2.Event.DESCRIPTOR.fields_by_name["step"].number
_MOST_FIELDS = 100  # of a record


def cut(folder: str | os.PathLike[str], step: int) -> None:
    """Drops what TensorBoard's files in a folder hold of later steps.

    Files that hold nothing of later steps stay as they are.

    Args:
      folder: the run's folder; no process writes to the files.
      step: the last one that stays.

    Raises:
      DataError: for pipes and devices in place of files.
    """
    for path in sorted(pathlib.Path(folder).glob(_PATTERN)):
        if any(later > step for later, _ in _records(path)):
            kept = [record for of, record in _records(path) if of <= step]
            files.write_bytes(path, b"".join(kept))


def _records(path: pathlib.Path) -> Iterator[tuple[int, bytes]]:
    """Step and bytes of each record, up to the first that is not whole."""
    with (
        files.open_plain(path) as file,
        contextlib.suppress(ValueError),
    ):
        for start, end in archives.records(file):
            file.seek(start)
            record = file.read(end - start)
            yield _step(record), record


def _step(record: bytes) -> int:
    """The step of a record.

    Raises:
      ValueError: for what is no record.
    """
    start, stop = archives.RECORD_HEADER, -archives.RECORD_CHECKSUM
    step = 0
    content = memoryview(record)[start:stop]
    for place, (number, value) in enumerate(protos.fields(content)):
        if place == _MOST_FIELDS:
            raise ValueError("it has too many fields")
        if number == _STEP and isinstance(value, int):
            step = value
    return step - 2**64 if step >= 2**63 else step
