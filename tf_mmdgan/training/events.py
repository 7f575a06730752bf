"""Numbers and pictures for TensorBoard, in files that do not name their host.

TensorFlow's own writer puts the name of the machine into that of the file.
"""

import os
import pathlib
import secrets
import time
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import summary_pb2
from tensorflow.core.util import event_pb2

from tf_mmdgan import images

_VERSION = "brain.Event:2"


def file_name(seconds: float) -> str:
    """A new name of a file of events, which does not tell the host.

    Args:
      seconds: since the epoch, when it was begun.
    """
    # TensorBoard knows such files by "tfevents", and sorts them by name.
    return f"events.out.tfevents.{seconds:.0f}.{secrets.token_hex(4)}"


class Events:
    """A new file of events in a folder, made when there is the first one.

    Args:
      folder: where TensorBoard looks for them.
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self._path = pathlib.Path(folder, file_name(time.time()))
        self._file: tf.io.TFRecordWriter | None = None

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Writes numbers under their names."""
        named = [
            summary_pb2.Summary.Value(tag=name, simple_value=value)
            for name, value in values.items()
        ]
        self._write(step, named)

    def image(self, step: int, name: str, image: np.ndarray) -> None:
        """Writes one picture, uint8 [h, w, c]."""
        height, width, channels = image.shape
        picture = summary_pb2.Summary.Image(
            height=height,
            width=width,
            colorspace=channels,
            encoded_image_string=images.encode_png(image),
        )
        value = summary_pb2.Summary.Value(tag=name, image=picture)
        self._write(step, [value])

    def _write(
        self, step: int, values: list[summary_pb2.Summary.Value]
    ) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = tf.io.TFRecordWriter(str(self._path))
            self._append(event_pb2.Event(file_version=_VERSION))
        summary = summary_pb2.Summary(value=values)
        self._append(event_pb2.Event(step=step, summary=summary))
        self._file.flush()

    def _append(self, event: event_pb2.Event) -> None:
        event.wall_time = time.time()
        assert self._file is not None
        self._file.write(event.SerializeToString())
