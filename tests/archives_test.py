"""Packed files that are far larger, when they are read, than they look."""

import gzip
import io
import os
import struct
import tarfile
import tempfile
import zipfile

import numpy as np
import pytest
from limits import within

from tf_mmdgan import archives, errors, files
from tf_mmdgan.data.readers import zip_pictures
from tf_mmdgan.features import get_extractor


def empty_members(count, name=b"a"):
    """A ZIP archive of so many members without content, which share a place."""
    local = struct.pack(
        "<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0
    )
    entry = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0,
        len(name), 0, 0, 0, 0, 0, 0,
    ) + name  # fmt: skip
    listed = entry * count
    start = len(local) + len(name)
    end64 = struct.pack(
        "<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0,
        count, count, len(listed), start,
    )  # fmt: skip
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + len(listed), 1)
    end = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0
    )
    return local + name + listed + end64 + locator + end


def check_refused(tmp_path, count, words):
    content = empty_members(count)
    for name in ("a.npz", "a.keras"):
        (tmp_path / name).write_bytes(content)
    with within(seconds=5, megabytes=80):
        with pytest.raises(errors.DataError, match=words) as caught:
            files.npz_names(tmp_path / "a.npz")
        assert str(tmp_path / "a.npz") in str(caught.value)
        with pytest.raises(errors.DataError, match=words):
            files.read_npz(tmp_path / "a.npz", ["images"])
        with pytest.raises(errors.DataError, match=r"a\.keras is damaged"):
            get_extractor(f"keras:{tmp_path}/a.keras")


@pytest.fixture
def few(monkeypatch):
    """The most members of an archive; made less, because objects take time."""
    monkeypatch.setattr(archives, "_MEMBERS", 500)
    return archives._MEMBERS


def test_archives_of_many_empty_members(tmp_path, few):
    assert len(zipfile.ZipFile(io.BytesIO(empty_members(7))).namelist()) == 7
    check_refused(tmp_path, 10**6, "list of members has 47,000,000 bytes")
    check_refused(tmp_path, few + 1, f"more than {few} members")


@pytest.mark.parametrize("suffix", [".tar", ".tgz"])
def test_archives_of_graphs_with_many_members(tmp_path, suffix, few):
    member = tarfile.TarInfo("a").tobuf() * (few + 2)
    packed = member if suffix == ".tar" else gzip.compress(member, 1)
    path = tmp_path / f"graph{suffix}"
    path.write_bytes(packed)
    with pytest.raises(errors.DataError, match=f"more than {few} members"):
        get_extractor(f"inception:{path}")


def test_archives_of_usual_size_are_read(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {f"{i:04}": np.full(3, i) for i in range(400)}
    np.savez(path, **arrays, large=np.zeros(2**20, np.uint8))
    found = files.read_npz(path)
    assert len(found) == 401 and found["0399"].tolist() == [399] * 3
    with open(path, "rb") as file, archives.open_zip(file) as archive:
        assert len(archive.read("large.npy")) > 2**20


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_more_than_is_claimed(tmp_path, method):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.png", bytes(2**26))
    claimed = path.read_bytes().replace(
        struct.pack("<I", 2**26), struct.pack("<I", 10)
    )
    path.write_bytes(claimed)
    assert len(claimed) < 2**14
    with within(seconds=5, megabytes=20):
        with pytest.raises(errors.DataError, match=f"the method {method}"):
            zip_pictures.read(path, "a.png")
        os.rename(path, tmp_path / "a.keras")
        with pytest.raises(errors.DataError, match=f"the method {method}"):
            get_extractor(f"keras:{tmp_path}/a.keras")


def test_small_files_become_small():
    archives.check_unpacked(2**28, 1)
    archives.check_unpacked(2**30, 2**30 // 100 + 1)
    with pytest.raises(ValueError, match="too many"):
        archives.check_unpacked(2**30, 10**6)


def tar(path, *members):
    """A packed archive of names and contents; None for a link to /etc."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.mode = 0o777
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc"
            member.size = len(content or b"")
            archive.addfile(member, io.BytesIO(content or b""))
    return path


def test_tar_archives_are_unpacked(tmp_path):
    path = tar(
        tmp_path / "a.tar.gz",
        ("./saved_model.pb", b"graph"), ("variables/deep/index", b"12"),
        ("link", None),
    )  # fmt: skip
    before = os.umask(0o002)
    try:
        archives.unpack_tar(path, tmp_path / "out")
    finally:
        os.umask(before)
    found = {
        str(path.relative_to(tmp_path / "out")): path
        for path in (tmp_path / "out").rglob("*")
    }
    files = ("saved_model.pb", "variables/deep/index")
    assert set(found) == {*files, "variables", "variables/deep"}
    assert [found[name].read_bytes() for name in files] == [b"graph", b"12"]
    for unpacked in found.values():
        assert not unpacked.stat().st_mode & 0o022


@pytest.mark.parametrize("name", ["../a", "b/../../a", "/nowhere/a"])
def test_tar_archives_lead_nowhere_else(tmp_path, name):
    path = tar(tmp_path / "a.tar.gz", (name, b"1"))
    with pytest.raises(ValueError, match="would land outside of the folder"):
        archives.unpack_tar(path, tmp_path / "out")
    assert not (tmp_path / "a").exists()


def test_tar_archives_stay_small(tmp_path, few):
    path = tar(tmp_path / "a.tar.gz", ("zeros", bytes(2**20)))
    members = [(f"{i}", b"") for i in range(few + 2)]
    many = tar(tmp_path / "b.tar.gz", *members)
    with pytest.raises(ValueError, match=f"more than {few} members"):
        archives.unpack_tar(many, tmp_path / "many")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archives, "_UNPACKED_BYTES", 1000)
        with pytest.raises(ValueError, match="too many"):
            archives.unpack_tar(path, tmp_path / "large")


@pytest.mark.parametrize("kind", [b"x", b"g", b"L"])
@pytest.mark.parametrize("suffix", [".tar", ".tgz"])
def test_headers_of_tar_archives_are_short(tmp_path, kind, suffix):
    """A header can say any number of things of a member, each an object."""
    lines = "".join(f"14 k{i:07}=v\n" for i in range(650_000)).encode()
    header = tarfile.TarInfo("a")
    header.type, header.size = kind, len(lines)
    whole = header.tobuf() + lines + bytes(-len(lines) % 512)
    whole += tarfile.TarInfo("b").tobuf() + bytes(1024)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(whole if suffix == ".tar" else gzip.compress(whole, 1))
    with (
        within(seconds=5, megabytes=30),
        pytest.raises(ValueError, match="headers have more than 8,388,608"),
    ):
        list(archives.tar_files(path))


def test_members_of_holes_count_as_what_they_become(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_UNPACKED_BYTES", 2**20)
    header = bytearray(tarfile.TarInfo("a").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = b"S"
    header[386:410] = b"00000000000\0" * 2
    header[483:495] = b"%011o\0" % 2**19
    parts = []
    for name in b"abcde":
        header[0], header[148:156] = name, b" " * 8
        header[148:155] = b"%06o\0" % sum(header)
        parts.append(bytes(header))
    path = tmp_path / "a.tar"
    path.write_bytes(b"".join(parts) + bytes(1024))
    with pytest.raises(ValueError, match="too many"):
        archives.unpack_tar(path, tmp_path / "out")
    written = (tmp_path / "out").iterdir()
    assert sum(file.stat().st_size for file in written) <= 2**20


@pytest.mark.parametrize("length", [1, 2**40, 2**63, 2**64 - 1])
def test_records_claim_no_more_than_there_is(length):
    whole = (5).to_bytes(8, "little") + b"crc_" + b"abcde" + b"crc_"
    with tempfile.TemporaryFile() as file:
        file.write(2 * whole)
        file.flush()
        assert list(archives.records(file)) == [(0, 21), (21, 42)]
        file.seek(42)
        file.write(length.to_bytes(8, "little") + b"abc")
        file.flush()
        found = archives.records(file)
        assert [next(found), next(found)] == [(0, 21), (21, 42)]
        with pytest.raises(
            ValueError, match=f"claims {length:,} bytes, and 11"
        ):
            next(found)
