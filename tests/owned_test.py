"""Nothing is written through links, nor deleted by name alone."""

import os

import pytest
from limits import within

from tf_mmdgan import errors, files, owned


@pytest.fixture
def precious(tmp_path):
    """A file of the user, and names that lead to it or to no file at all."""
    path = tmp_path / "precious"
    path.write_text("good")
    (tmp_path / "soft").symlink_to(path)
    os.link(path, tmp_path / "hard")
    (tmp_path / "new").symlink_to(tmp_path / "made")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "null").symlink_to("/dev/null")
    (tmp_path / "folder").mkdir()
    yield path
    assert path.read_text() == "good"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "name", ["soft", "hard", "new", "fifo", "null", "folder"]
)
def test_nothing_is_written_through_links(precious, name):
    path = precious.with_name(name)
    with within(5), pytest.raises(errors.DataError, match="will not be writ"):
        owned.append_to(path)
    if name != "hard":  # It is neither read nor written.
        with within(5), pytest.raises(errors.DataError, match="will not be"):
            owned.lock(path)


def test_atomic_writes_replace_the_link_not_the_file(precious):
    for name in ("soft", "hard", "new"):
        files.write_bytes(precious.with_name(name), b"ours")
        assert not precious.with_name(name).is_symlink()


def test_folders_that_are_links_are_refused(tmp_path):
    owned.check_no_links(tmp_path, tmp_path / "absent")
    (tmp_path / "link").symlink_to(tmp_path / "absent")
    with pytest.raises(errors.DataError, match="link is a link, and what is"):
        owned.check_no_links(tmp_path, tmp_path / "link")


def test_files_in_place_grow_and_locks_exclude(tmp_path):
    path = tmp_path / "log"
    for line in ("one\n", "two\n"):
        with owned.append_to(path) as file:
            file.write(line)
    assert path.read_text() == "one\ntwo\n"
    with owned.lock(path):
        assert owned.lock(path) is None
    assert path.read_text() == "one\ntwo\n"
    owned.lock(path, wait=True).close()


def test_folders_to_work_in_are_ones_own(tmp_path, monkeypatch):
    made = tmp_path / "made"
    for _ in range(2):
        owned.make_folder(made)
    (tmp_path / "link").symlink_to(made)
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(errors.DataError, match="no folder of yours"):
            owned.make_folder(tmp_path / name)
    made.chmod(0o777)
    with pytest.raises(errors.DataError, match="written to by others"):
        owned.make_folder(made)
    made.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: made.stat().st_uid + 1)
    with pytest.raises(errors.DataError, match="no folder of yours"):
        owned.make_folder(made)


def test_folders_are_removed_if_all_in_them_is_known(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    for name in ("part-1", "part-2", "thesis.tex"):
        (folder / name).touch()
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(errors.DataError, match=r"holds thesis\.tex"):
        owned.remove_folder(folder, ["part-*"])
    with pytest.raises(errors.DataError, match="is a link"):
        owned.remove_folder(tmp_path / "link", ["*"])
    assert len(os.listdir(folder)) == 3
    (folder / "thesis.tex").unlink()
    (folder / "part-3").symlink_to(tmp_path)
    owned.remove_folder(folder, ["part-*"])
    assert os.listdir(tmp_path) == ["link"]
