"""Files that claim more than they hold."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
from limits import within

from tf_mmdgan import archives, errors, files, published
from tf_mmdgan.data.readers import idx
from tf_mmdgan.data.sets import npz

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


def texts(header):
    """An .npy file with such a text for its header, and no content."""
    return (
        b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode()
    )


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
        header((ONE_TIB,), "|S0"),
        header((ONE_TIB,), "|V0"),
        header((3,)) + bytes(2),
        header((3,)) + bytes(4),
        b"\x93NUMPY\x03\x00" + header((3,))[8:] + bytes(3),
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535,
        b"no array",
        b"",
        *map(
            texts,
            (
                "-" * 8000 + "1",
                "[" * 900 + "]" * 900,
                "(\n'",
                "1 +" * 3000,
                "{'descr': '|u1'",
                "'''",
                "0x",
                "{1: 2}",
                "x" * 9999,
                "{'descr': '|u1', 'fortran_order': 1, 'shape': 3}",
            ),
        ),
    ],
    ids=range(24),
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
def test_bombs_in_parts_are_not_unpacked(tmp_path):
    parts = {name: zeros(2**27) for name in "abc"}
    path = archive(tmp_path / "a.npz", **parts)
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(errors.DataError, match="too many"),
    ):
        files.read_npz(path)
    assert files.npz_names(path) == [*"abc"]


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
    with pytest.raises(errors.DataError, match="packed by the method 14"):
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
        '{"a": ' * 101 + "1" + "}" * 101,
        '{"a": [' + "[], " * 2**21 + "[]]}",
        "[1]",
        "3",
        "",
        '{"a": 1' + "0" * 5000 + "}",
        b"\xff\xfe\x00",
    ],
    ids=range(9),
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


def test_records_may_be_nested(tmp_path):
    text = '{"a": ' * 100 + "1" + "}" * 100
    (tmp_path / "a.json").write_text(text)
    assert json.dumps(files.read_json(tmp_path / "a.json")) == text


def test_pipes_and_devices_are_found_wherever_they_are(tmp_path):
    inner = tmp_path / "run" / "variables"
    inner.mkdir(parents=True)
    (inner / "index").write_text("sound")
    (tmp_path / "run" / "again").symlink_to(tmp_path / "run")
    (tmp_path / "run" / "broken").symlink_to("absent")
    files.check_plain(tmp_path / "run", tmp_path / "absent", inner / "index")
    os.mkfifo(tmp_path / "fifo")
    for target in (tmp_path / "fifo", "/dev/zero"):
        link = inner / "data"
        link.symlink_to(target)
        for path in (tmp_path / "run" / "again", link):
            with (
                within(seconds=5, megabytes=20),
                pytest.raises(errors.DataError, match="data is no plain file"),
            ):
                files.check_plain(path)
        link.unlink()


def with_hole(path, start, size, end=b""):
    with open(path, "wb") as file:
        file.write(start)
        file.seek(size - len(end))
        file.write(end)
        file.truncate(size)


def test_files_of_holes_are_not_read(tmp_path):
    """Archives of a few bytes can have them, as large as they like."""
    claim = header((2**20, 256, 256, 4))
    size = len(claim) + 2**38
    images = tmp_path / "images.npy"
    with_hole(images, claim, size, b"end")
    with_hole(tmp_path / "train-images-idx3-ubyte", b"\0\0\x08\x03", 2**38)
    (tmp_path / "linked").symlink_to(tmp_path)
    for read in (
        lambda: files.read_npy(images),
        lambda: npz.read(images),
        lambda: idx.read(tmp_path / "train-images-idx3-ubyte", 3),
        lambda: files.check_plain(tmp_path / "linked"),
    ):
        with (
            within(seconds=5, megabytes=20),
            pytest.raises(errors.DataError, match="is a file of holes: cp "),
        ):
            read()


def test_small_files_may_have_holes(tmp_path):
    claim = header((2**20,))
    with_hole(tmp_path / "a.npy", claim, len(claim) + 2**20)
    assert not files.read_npy(tmp_path / "a.npy").any()


def test_holes_are_looked_for_where_blocks_are_not_told(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_BLOCK_BYTES", 0)
    monkeypatch.setattr(archives, "_UNPACKED_BYTES", 2**20)
    path = tmp_path / "a"
    for count in (1, 3):
        path.write_bytes(bytes(2**16) * count)
        with open(path, "r+b") as file:
            file.truncate(2**24)
        assert archives.is_of_holes(path, path.stat()) == (count == 1)
        with open(path, "wb") as file:
            file.write(bytes(2**21))
        assert not archives.is_of_holes(path, path.stat())


def test_paths_are_looked_for_in_texts_of_any_kind():
    for part in ("(~", "=~a", "(/", "~/"):
        with within(seconds=5, megabytes=50):
            published.without_places(part * 10**5)
