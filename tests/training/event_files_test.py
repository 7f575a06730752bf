"""TensorBoard's files have each step once, though a run was continued."""

import os
import struct

import pytest
import tensorflow as tf
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.training import event_files


def write(folder, steps):
    writer = tf.summary.create_file_writer(str(folder))
    for step in steps:
        with writer.as_default(step=step):
            tf.summary.scalar("loss", 1.0 * step)
    writer.close()


def steps(path):
    found = []
    for record in tf.data.TFRecordDataset(str(path)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        if event.HasField("summary"):
            found.append(event.step)
    return found


def files(folder):
    return sorted(folder.glob("events.*"))


def test_later_steps_are_dropped_and_the_rest_stays(tmp_path):
    write(tmp_path, range(0, 40, 2))
    (path,) = files(tmp_path)
    event_files.cut(tmp_path, 24)
    assert files(tmp_path) == [path]
    assert steps(path) == list(range(0, 26, 2))
    before = path.read_bytes()
    event_files.cut(tmp_path, 24)
    assert path.read_bytes() == before
    write(tmp_path, [26, 28])
    event_files.cut(tmp_path, 26)
    both = [step for path in files(tmp_path) for step in steps(path)]
    assert sorted(both) == [*range(0, 26, 2), 26]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        p.name for p in files(tmp_path)
    ]


def test_nothing_is_left_of_a_run_that_begins_anew(tmp_path):
    write(tmp_path, range(3))
    event_files.cut(tmp_path, -1)
    (path,) = files(tmp_path)
    assert steps(path) == []


def test_records_that_were_cut_short_end_a_file(tmp_path):
    write(tmp_path, range(10))
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-5])
    event_files.cut(tmp_path, 4)
    assert steps(path) == list(range(5))


@pytest.mark.parametrize("length", [2**20, 2**40, 2**63, 2**64 - 1])
def test_records_claim_no_more_than_the_file_holds(tmp_path, length):
    write(tmp_path, range(10))
    (path,) = files(tmp_path)
    with open(path, "ab") as file:
        file.write(struct.pack("<QI", length, 0) + bytes(100))
    with within(seconds=5, megabytes=20):
        event_files.cut(tmp_path, 4)
    assert steps(path) == list(range(5))


def test_what_is_no_event_ends_a_file(tmp_path):
    write(tmp_path, range(3))
    (path,) = files(tmp_path)
    with open(path, "ab") as file:
        file.write(struct.pack("<QI", 3, 0) + b"\xff" * 7)
    event_files.cut(tmp_path, 1)
    assert steps(path) == [0, 1]


def record(content):
    return struct.pack("<QI", len(content), 0) + content + bytes(4)


def test_records_are_not_parsed_beyond_their_steps(tmp_path):
    """Parsed, each two bytes of such a record would be an object."""
    write(tmp_path, range(3))
    (path,) = files(tmp_path)
    summary = b"\n\0" * 10**6
    start = b"\x10\x01*" + b"\x80\x89\x7a" + summary
    with open(path, "ab") as file:
        file.write(record(start))
        whole = file.tell()
        file.write(record(b"\x10\x01" + b"*\0" * 10**6))
    with within(seconds=5, megabytes=30):
        event_files.cut(tmp_path, 1)
    assert path.read_bytes().endswith(record(start))
    assert path.stat().st_size < whole


def test_pipes_and_links_in_place_of_events(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write(elsewhere, range(3))
    (precious,) = files(elsewhere)
    link = tmp_path / "events.out.tfevents.1"
    link.symlink_to(precious)
    event_files.cut(tmp_path, 1)
    assert steps(precious) == [0, 1, 2] and steps(link) == [0, 1]
    os.mkfifo(tmp_path / "events.out.tfevents.2")
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(errors.DataError, match="no plain file"),
    ):
        event_files.cut(tmp_path, 1)
