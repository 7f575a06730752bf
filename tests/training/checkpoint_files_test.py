"""Checkpoints that a killed process has left half written."""

import os
import shutil

import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import config, errors, training
from tf_mmdgan.training import callbacks, checkpoint_files, checkpoints, run


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The files of a first checkpoint, as they are before its record is."""
    folder = tmp_path_factory.mktemp("checkpoints")
    model = tiny.adam_model()
    model.step.assign(5)
    checkpoints.Checkpoints(model, folder).act(5, {})
    (folder / "checkpoint").unlink()
    return folder


@pytest.mark.parametrize(
    "content", [b"a: \x1b[2J\n", b"\xff", b"a" * 2**21, b"a\0b"]
)
def test_records_that_tensorflow_would_show_are_refused(tmp_path, content):
    (tmp_path / "checkpoint").write_bytes(content)
    with pytest.raises(
        errors.DataError, match="checkpoint is damaged"
    ) as caught:
        checkpoints.Checkpoints(tiny.adam_model(), tmp_path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("length", [0, 100, 1000, -1])
def test_a_first_checkpoint_that_is_not_whole_is_none(first, tmp_path, length):
    folder = shutil.copytree(first, tmp_path / "checkpoints")
    index = folder / "step-5.index"
    index.write_bytes(index.read_bytes()[:length])
    model = tiny.adam_model()
    saver = checkpoints.Checkpoints(model, folder)
    with pytest.warns(UserWarning, match="not whole: a process was killed"):
        assert not saver.restore()
    assert callbacks.current_step(model) == 0
    # The next one is saved in its place.
    model.step.assign(5)
    saver.act(5, {})
    again = tiny.adam_model()
    assert checkpoints.Checkpoints(again, folder).restore()
    assert callbacks.current_step(again) == 5


def test_a_first_checkpoint_without_its_record_is_taken(first):
    model = tiny.adam_model()
    assert checkpoints.Checkpoints(model, first).restore()
    assert callbacks.current_step(model) == 5


@pytest.mark.parametrize("kind", [tf.string, tf.uint8])
def test_tensors_of_any_type_claim_no_more_than_their_files(
    first, monkeypatch, kind
):
    class Claiming:
        def get_variable_to_dtype_map(self):
            return {"a": kind}

        def get_variable_to_shape_map(self):
            return {"a": [2**20, 2**13]}

    monkeypatch.setattr(tf.train, "load_checkpoint", lambda path: Claiming())
    with pytest.raises(ValueError, match="claims 8,589,934,592 bytes and hold"):
        checkpoint_files.check_claims(str(first / "step-5"))


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_checkpoints_are_not_saved_through_links(tmp_path, part, link):
    precious, folder = tmp_path / "precious", tmp_path / "checkpoints"
    precious.write_text("good")
    folder.mkdir()
    link(precious, folder / f"step-5.{part}")
    (folder / "step-5.data-00001-of-00002").symlink_to(tmp_path / "absent")
    model = tiny.adam_model()
    model.step.assign(5)
    saver = checkpoints.Checkpoints(model, folder)
    saver.act(5, {})
    assert precious.read_text() == "good"
    assert not list(folder.glob("*-of-00002"))
    assert checkpoints.Checkpoints(tiny.adam_model(), folder).restore()


@pytest.mark.slow
def test_a_run_without_a_whole_checkpoint_begins_anew(tmp_path):
    settings = {
        "generator_width": 2, "critic_width": 2, "batch_size": 8, "steps": 1,
        "critic_steps": 1, "evaluate_every": 0, "evaluation_samples": 100,
        "strategy": "one_device", "export": False, "run_dir": str(tmp_path),
    }  # fmt: skip
    run.prepare(config.TrainConfig(**settings))
    saved = tmp_path / "checkpoints"
    saved.mkdir(exist_ok=True)
    (saved / "step-1.index").write_bytes(b"")
    with (
        pytest.warns(UserWarning, match="not whole"),
        pytest.raises(errors.DataError, match="no whole last checkpoint yet"),
    ):
        training.load_run(tmp_path)
    training.run_directory._claims.pop().close()  # as the kill does
    with pytest.warns(UserWarning, match="not whole"):
        run.prepare(config.TrainConfig(**settings)).train()
    assert training.load_run(tmp_path).step == 1
