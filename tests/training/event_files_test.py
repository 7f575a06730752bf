"""TensorBoard's files have each step once, though a run was continued."""

import tensorflow as tf

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
