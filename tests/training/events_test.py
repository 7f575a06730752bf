"""What TensorBoard reads back, and what a file of events does not tell."""

import socket

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator

from tf_mmdgan.training.events import Events


@pytest.mark.parametrize("channels", [1, 3])
def test_tensorboard_reads_what_was_written(tmp_path, rng, channels):
    writer = Events(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    image = rng.integers(0, 256, (4, 6, channels)).astype(np.uint8)
    writer.scalars(2, {"loss/a": 1.5, "b": float("nan")})
    writer.image(3, "samples", image)
    writer.scalars(4, {"loss/a": 2.5})
    reader = event_accumulator.EventAccumulator(str(tmp_path / "run"))
    reader.Reload()
    found = [(event.step, event.value) for event in reader.Scalars("loss/a")]
    assert found == [(2, 1.5), (4, 2.5)]
    (drawn,) = reader.Images("samples")
    assert drawn.step == 3
    pixels = tf.io.decode_png(drawn.encoded_image_string).numpy()
    np.testing.assert_array_equal(pixels, image)


def test_two_writers_have_two_files_and_name_no_host(tmp_path):
    for _ in range(2):
        Events(tmp_path).scalars(1, {"a": 1.0})
    paths = list(tmp_path.glob("events.out.tfevents.*"))
    assert len(paths) == 2
    host = socket.gethostname()
    for path in paths:
        assert host not in path.name
        assert host.encode() not in path.read_bytes()
