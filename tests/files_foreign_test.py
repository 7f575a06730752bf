"""Files that claim more than they hold, and links where files are written."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
from limits import within

from tf_mmdgan import errors, files

ONE_TIB = 2**40


def header(shape, dtype="|u1", version=(1, 0)):
    """An .npy file of such an array, with no content."""
    buffer = io.BytesIO()
    write = {
        (1, 0): np.lib.format.write_array_header_1_0,
        (2, 0): np.lib.format.write_array_header_2_0,
    }[version]
    write(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def archive(path, packing=zipfile.ZIP_DEFLATED, **members):
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in members.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                for piece in [content] if type(content) is bytes else content:
                    member.write(piece)
    return path


def zeros(count, shape=None):
    """An array of zeros, a piece at a time."""
    yield header(shape or (count,))
    for _ in range(count // 2**20):
        yield bytes(2**20)


@pytest.mark.parametrize(
    "content",
    [
        header((ONE_TIB, 28, 28, 1)),
        header((ONE_TIB, 28, 28, 1), version=(2, 0)),
        header((2**62, 2**62)),
        header((-1, 4)),
        header((1,), "<U1073741824"),
        header((1,), f"|V{2**31 - 1}"),
        header((3,)) + bytes(2),
        header((3,)) + bytes(4),
        b"\x93NUMPY\x03\x00" + header((3,))[8:] + bytes(3),
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535,
        b"no array",
        b"",
    ],
    ids=range(12),
)
def test_arrays_are_no_larger_than_their_files(tmp_path, content):
    path = archive(tmp_path / "a.npz", images=content)
    assert path.stat().st_size < 10_000
    plain = tmp_path / "a.npy"
    plain.write_bytes(content)
    with within(seconds=5, megabytes=20):
        with pytest.raises(errors.DataError) as caught:
            files.read_npz(path)
        with pytest.raises(errors.DataError):
            files.read_npy(plain)
    message = str(caught.value)
    assert message.isprintable() and str(path) in message
    assert len(message) < 400


def test_an_archive_that_lies_about_its_sizes(tmp_path):
    path = archive(
        tmp_path / "a.npz", zipfile.ZIP_STORED, images=header((ONE_TIB,))
    )
    content = bytearray(path.read_bytes())
    size = (len(header((ONE_TIB,)))).to_bytes(8, "little")
    claimed = (ONE_TIB + len(header((ONE_TIB,)))).to_bytes(8, "little")
    # In the 64-bit extras of both records of the member.
    assert size * 2 in content
    path.write_bytes(bytes(content).replace(size * 2, claimed * 2))
    with within(5, 20), pytest.raises(errors.DataError):
        files.read_npz(path)


@pytest.mark.slow
def test_bombs_are_not_unpacked(tmp_path):
    path = archive(tmp_path / "a.npz", images=zeros(2**29))
    assert path.stat().st_size < 2**20
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(errors.DataError, match="too many"),
    ):
        files.read_npz(path)


@pytest.mark.slow
def test_what_nobody_needs_is_not_read(tmp_path):
    path = archive(
        tmp_path / "a.npz",
        images=header((4, 2, 2, 1)) + bytes(16),
        other=zeros(2**29),
    )
    with within(seconds=5, megabytes=20):
        assert files.npz_names(path) == ["images", "other"]
        found = files.read_npz(path, ["images", "labels"])
    assert found.keys() == {"images"} and found["images"].size == 16


def test_small_arrays_may_be_packed_well(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(2**24, np.uint8))
    assert path.stat().st_size < 2**15
    assert files.read_npz(path)["x"].size == 2**24


def test_other_packings_and_members_are_refused_or_passed_over(tmp_path):
    content = header((3,)) + bytes(3)
    path = archive(tmp_path / "a.npz", zipfile.ZIP_LZMA, images=content)
    with pytest.raises(errors.DataError, match="NumPy packs nothing"):
        files.read_npz(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("notes.txt", "text")
        file.writestr("../../images.npy", content)
    assert files.read_npz(path).keys() == {"../../images"}
    assert os.listdir(tmp_path) == ["a.npz"]


@pytest.mark.parametrize(
    "content",
    [
        "[" * 10**6,
        '{"a": ' * 10**5,
        "[1]",
        "3",
        "",
        '{"a": 1' + "0" * 5000 + "}",
        b"\xff\xfe\x00",
    ],
    ids=range(7),
)
def test_records_that_are_no_object(tmp_path, content):
    path = tmp_path / "a.json"
    content = content if type(content) is bytes else content.encode()
    path.write_bytes(content)
    with (
        within(seconds=5, megabytes=200),
        pytest.raises(errors.DataError, match="cannot be read as JSON"),
    ):
        files.read_json(path)


def test_records_are_plain_files(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(2**40)
    for name in ("fifo", "zero", "sparse", "."):
        with (
            within(seconds=5, megabytes=200),
            pytest.raises(errors.DataError, match="cannot be read as JSON"),
        ):
            files.read_json(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        files.read_json(tmp_path / "absent")
    (tmp_path / "a.json").write_text(json.dumps({"a": 1}))
    assert files.read_json(tmp_path / "a.json") == {"a": 1}


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
        files.append_to(path)
    if name != "hard":  # It is neither read nor written.
        with within(5), pytest.raises(errors.DataError, match="will not be"):
            files.lock(path)


def test_atomic_writes_replace_the_link_not_the_file(precious):
    for name in ("soft", "hard", "new"):
        files.write_bytes(precious.with_name(name), b"ours")
        assert not precious.with_name(name).is_symlink()


def test_files_in_place_grow_and_locks_exclude(tmp_path):
    path = tmp_path / "log"
    for line in ("one\n", "two\n"):
        with files.append_to(path) as file:
            file.write(line)
    assert path.read_text() == "one\ntwo\n"
    with files.lock(path):
        assert files.lock(path) is None
    assert path.read_text() == "one\ntwo\n"
    files.lock(path, wait=True).close()


def test_folders_to_work_in_are_ones_own(tmp_path, monkeypatch):
    made = tmp_path / "made"
    for _ in range(2):
        files.make_own_folder(made)
    (tmp_path / "link").symlink_to(made)
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(errors.DataError, match="no folder of yours"):
            files.make_own_folder(tmp_path / name)
    made.chmod(0o777)
    with pytest.raises(errors.DataError, match="written to by others"):
        files.make_own_folder(made)
    made.chmod(0o755)
    monkeypatch.setattr(os, "geteuid", lambda: made.stat().st_uid + 1)
    with pytest.raises(errors.DataError, match="no folder of yours"):
        files.make_own_folder(made)


def test_folders_are_removed_if_all_in_them_is_known(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    for name in ("part-1", "part-2", "thesis.tex"):
        (folder / name).touch()
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(errors.DataError, match=r"holds thesis\.tex"):
        files.remove_own(folder, ["part-*"])
    with pytest.raises(errors.DataError, match="is a link"):
        files.remove_own(tmp_path / "link", ["*"])
    assert len(os.listdir(folder)) == 3
    (folder / "thesis.tex").unlink()
    (folder / "part-3").symlink_to(tmp_path)
    files.remove_own(folder, ["part-*"])
    assert os.listdir(tmp_path) == ["link"]
