"""Numbered folders of exports: whole, or not there."""

import os

import pytest
import tensorflow as tf
from small import LATENTS, make_generator

from tf_mmdgan import errors, export, owned
from tf_mmdgan.export import versions


@pytest.fixture(scope="module")
def generator():
    return make_generator()


def test_versions_count_on_from_the_largest(generator, tmp_path, monkeypatch):
    monkeypatch.setattr(tf.saved_model, "save", write_little)
    names = [
        export.export_generator(generator, LATENTS, tmp_path / "new").name
        for _ in range(2)
    ]
    assert names == ["1", "2"]
    (tmp_path / "new" / "10").mkdir()
    newest = export.export_generator(generator, LATENTS, tmp_path / "new")
    assert newest.name == "11"


def test_versions_are_numbers_that_servers_read(
    generator, tmp_path, monkeypatch
):
    monkeypatch.setattr(tf.saved_model, "save", write_little)
    folder = tmp_path / "new"
    for name in ("9" * 200, str(2**63), "\u0663"):
        (folder / name).mkdir(parents=True)
    made = export.export_generator(generator, LATENTS, folder)
    assert made.name == "1" and list(versions.versions(folder)) == [1]
    (folder / str(2**63 - 1)).mkdir()
    with pytest.raises(errors.DataError, match="the last that there is"):
        export.export_generator(generator, LATENTS, folder)


def write_little(module, path, **kwargs):
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "saved_model.pb"), "wb") as file:
        file.write(b"half")


def test_two_exports_at_once_take_two_versions(
    generator, tmp_path, monkeypatch
):
    def overtaken(module, path, **kwargs):
        write_little(module, path)
        if not (tmp_path / "1").exists():
            write_little(module, tmp_path / "1")

    monkeypatch.setattr(tf.saved_model, "save", overtaken)
    counted = versions.versions
    # The first look at the folder comes before the other export's rename.
    looks = iter([{}])
    monkeypatch.setattr(
        versions, "versions", lambda folder: next(looks, counted(folder))
    )
    written = export.export_generator(generator, LATENTS, tmp_path)
    assert written == tmp_path / "2"
    assert not (tmp_path / "1" / export.METADATA).exists()


def test_an_interrupted_export_leaves_nothing(generator, tmp_path, monkeypatch):
    def dies(module, path, **kwargs):
        write_little(module, path)
        assert not any(name.isdecimal() for name in os.listdir(tmp_path))
        raise KeyboardInterrupt

    monkeypatch.setattr(tf.saved_model, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        export.export_generator(generator, LATENTS, tmp_path)
    assert os.listdir(tmp_path) == []


def test_marked_leftovers_go_and_all_else_stays(
    generator, tmp_path, monkeypatch
):
    monkeypatch.setattr(tf.saved_model, "save", write_little)
    precious = tmp_path / "precious"
    for folder in (
        tmp_path / "out" / ".export-killed",
        tmp_path / "out" / ".export-running",
        precious,
    ):
        folder.mkdir(parents=True)
        (folder / versions._MARK).touch()
    backup = tmp_path / "out" / ".export-backup"
    backup.mkdir()
    (backup / "saved_model.pb").write_bytes(b"the only copy")
    os.utime(backup, (0, 0))
    (tmp_path / "out" / ".export-link").symlink_to(precious)
    with owned.lock(tmp_path / "out" / ".export-running" / versions._MARK):
        path = export.export_generator(generator, LATENTS, tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == [
        ".export-backup", ".export-link", ".export-running", "1",
    ]  # fmt: skip
    assert (backup / "saved_model.pb").exists() and precious.exists()
    assert not (path / versions._MARK).exists()


@pytest.mark.parametrize("stray", ["photo.jpg", "7/saved_model.pb", "5"])
def test_a_folder_with_something_else_is_refused(generator, tmp_path, stray):
    (tmp_path / stray).parent.mkdir(exist_ok=True)
    (tmp_path / stray).write_text("mine")
    with pytest.raises(errors.DataError, match="is no generator"):
        export.export_generator(generator, LATENTS, tmp_path)
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found == [tmp_path / stray]
    assert (tmp_path / stray).read_text() == "mine"
