"""A file is written in full or not at all."""

import errno
import json
import os
import zipfile

import numpy as np
import pytest

from tf_mmdgan import errors, files, published


def fail(*args):
    raise OSError("disk full")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", [b"", b"\x00\xff\r\n", b"x" * 100_000])
def test_content_is_written_as_it_is(tmp_path, content):
    files.write_bytes(tmp_path / "a.bin", content)
    assert (tmp_path / "a.bin").read_bytes() == content
    assert names(tmp_path) == ["a.bin"]


def test_folders_are_made_and_paths_may_be_text(tmp_path):
    files.write_bytes(str(tmp_path / "one" / "two" / "a.bin"), b"new")
    assert (tmp_path / "one" / "two" / "a.bin").read_bytes() == b"new"


def test_an_older_file_is_replaced(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"a long old content")
    files.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


def test_the_new_file_is_complete_before_it_takes_the_name(
    tmp_path, monkeypatch
):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    steps, fsync, replace = [], os.fsync, os.replace

    def watched_fsync(descriptor):
        steps.append("fsync")
        fsync(descriptor)

    def watched_replace(source, target):
        steps.append("replace")
        assert os.path.dirname(source) == os.path.dirname(target)
        with open(source, "rb") as file:
            assert file.read() == b"new"
        assert path.read_bytes() == b"old"
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    files.write_bytes(path, b"new")
    assert steps == ["fsync", "replace"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_failure_leaves_everything_as_it_was(
    tmp_path, monkeypatch, step, before
):
    path = tmp_path / "a.bin"
    if before is not None:
        path.write_bytes(before)
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="disk full"):
        files.write_bytes(path, b"new")
    if before is None:
        assert names(tmp_path) == []
    else:
        assert names(tmp_path) == ["a.bin"]
        assert path.read_bytes() == before


def test_a_full_disk_is_told_with_the_file(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*a\.bin'"):
        files.write_bytes(tmp_path / "a.bin", b"new")


def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_bytes(tmp_path / "a.bin", b"new")
    assert names(tmp_path) == []


def test_json_is_indented_and_ends_its_last_line(tmp_path):
    content = {"b": ["x", 2.5, None], "a": {"name": "Größe"}}
    files.write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text()
    assert text == json.dumps(content, indent=2) + "\n"
    assert text.startswith('{\n  "b": [\n')
    assert json.loads(text) == content
    assert names(tmp_path) == ["a.json"]


def test_a_list_of_numbers_is_one_line_and_texts_stay(tmp_path):
    content = {"a": [[1, -2.5e-7], [None, True]], "b": ["[1,\n  2]", "x"]}
    files.write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == content
    assert "    [1, -2.5e-07],\n    [null, true]\n" in text
    assert '    "[1,\\n  2]",\n    "x"\n' in text


def test_what_is_no_json_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"old": 1})
    with pytest.raises(TypeError, match="serializable"):
        files.write_json(path, {"new": object()})
    assert json.loads(path.read_text()) == {"old": 1}
    assert names(tmp_path) == ["a.json"]


def test_finite_replaces_what_json_has_not():
    value = {"a": float("nan"), "b": {"c": np.float64(1.5), "d": -np.inf}}
    expected = {"a": None, "b": {"c": 1.5, "d": None}}
    assert files.finite(value) == expected
    with pytest.raises(ValueError):
        files.write_json("never.json", value)


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_is_what_numpy_writes(tmp_path, compressed):
    arrays = {"x": np.zeros(1000, np.int64), "y": np.array("text")}
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "numpy.npz", **arrays)
    files.write_npz(tmp_path / "ours.npz", compressed=compressed, **arrays)
    ours = (tmp_path / "ours.npz").read_bytes()
    assert ours == (tmp_path / "numpy.npz").read_bytes()
    assert names(tmp_path) == ["numpy.npz", "ours.npz"]


def test_npz_comes_back_and_nothing_is_unpickled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(3))
    np.testing.assert_array_equal(files.read_npz(path)["x"], [0, 1, 2])
    np.savez(path, x=np.array([{}], object))
    with pytest.raises(errors.DataError, match="allow_pickle"):
        files.read_npz(path)
    with pytest.raises(errors.DataError, match="no file"):
        files.read_npz(tmp_path / "absent.npz")


def test_published_texts_tell_no_absolute_paths():
    told = published.without_places(
        {
            "run_dir": "/home/me/runs/digits",
            "fake": "/home/me/runs/digits/, ema weights, seed 0",
            "features": "inception:/opt/weights/graph.pb,size=7",
            "parts": ("~/a/b.npz", "lenet:~me/c.npz@conv_1", 3, None),
            "relative": "runs/digits/test",
            "url": "https://tfhub.dev/a/b/1",
            "note": "not times 100 or 1000, and/or 1 / 2",
        }
    )
    assert told == {
        "run_dir": "digits",
        "fake": "digits/, ema weights, seed 0",
        "features": "inception:graph.pb,size=7",
        "parts": ["b.npz", "lenet:c.npz@conv_1", 3, None],
        "relative": "runs/digits/test",
        "url": "https://tfhub.dev/a/b/1",
        "note": "not times 100 or 1000, and/or 1 / 2",
    }


@pytest.mark.parametrize(
    "text, told",
    [
        ("/home/Al Smith/my runs/x", "x"),
        ("/home/Al Smith/x/, ema weights, seed 0", "x/, ema weights, seed 0"),
        ("inception:/home/Al Smith/a b/x.pb,size=7", "inception:x.pb,size=7"),
        ("~/Al Smith/x", "x"),
        ("mine:F([/home/me/x])", "mine:F([x])"),
        ("</home/me/x> or `/home/me/y`", "<x> or `y`"),
        ("file:///home/me/x", "file:x"),
        ("KID / FID, a / b / c", "KID / FID, a / b / c"),
        ("gs://bucket/a/b", "gs://bucket/a/b"),
    ],
)
def test_folders_with_spaces_and_in_brackets_are_not_told(text, told):
    assert published.without_places(text) == told


@pytest.mark.parametrize("path", ["a", "file/r.json", "file/deep/r.json"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    tmp_path, path
):
    (tmp_path / "a").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.UsageError, match=f"--out={tmp_path}/{path}"):
        files.check_writable(tmp_path / path, "--out")
    assert names(tmp_path) == ["a", "file"] and not names(tmp_path / "a")


def test_a_place_that_can_be_written_is_left_as_it_is(tmp_path):
    (tmp_path / "old.json").write_text("old")
    for name in ("old.json", "new.json", "new/deep/r.json"):
        files.check_writable(tmp_path / name, "--out")
    files.check_writable("r.json", "--out")
    assert names(tmp_path) == ["old.json"]


def test_what_may_not_be_read_is_told_as_that(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "no")

    path = tmp_path / "file"
    path.write_bytes(b"")
    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    for read in (files.read_npz, files.read_npy):
        with pytest.raises(errors.DataError) as caught:
            read(path)
        assert (
            str(caught.value) == f"{path} cannot be read (Permission denied)."
        )


def test_folders_are_searched_for_what_may_not_be_read(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_text("")
    (tmp_path / "a" / "gone").symlink_to("nowhere")
    files.check_plain(tmp_path)
    files.check_plain(tmp_path / "none")
    monkeypatch.setattr(os, "access", lambda part, mode: part.name != "b")
    with pytest.raises(errors.DataError, match=r"a/b cannot be read: no perm"):
        files.check_plain(tmp_path)
