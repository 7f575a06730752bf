"""Pictures in a ZIP archive: as in the folder that it was made of."""

import io
import pathlib
import struct
import zipfile
import zlib

import numpy as np
import PIL.Image
import pytest
from limits import within

from tf_mmdgan import config, data, errors
from tf_mmdgan.data.readers import decode, folder_scan, headers, zip_pictures

CLASSES = ("-a b", "2", "лампа")


def png(level, size=(16, 16)):
    buffer = io.BytesIO()
    PIL.Image.new("RGB", size, (level, 99, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(count=60):
    return {
        f"{CLASSES[number % 3]}/{number:02}.png": png(number)
        for number in range(count)
    }


def pack(path, content, prefix="", method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, written in content.items():
            archive.writestr(prefix + name, written)
    return path


def load(place, folder, split="train"):
    return data.load(
        config.DataConfig(
            dataset="folder", data_dir=str(place), image_size=16,
            cache_dir=str(folder / "cache"),
        ),
        split,
    )  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "my pictures/"])
def test_an_archive_is_the_folder_that_it_was_made_of(tmp_path, prefix):
    content = pictures()
    for name, written in content.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(written)
    hidden = {".x/a.png": b"", "__MACOSX/._b.png": b"", "c/.d.png": b""}
    archive = pack(tmp_path / "a.ZIP", content | hidden, prefix)
    for split in ("train", "test"):
        want = load(tmp_path / "folder", tmp_path, split)
        got = load(archive, tmp_path, split)
        np.testing.assert_array_equal(got.images, want.images)
        np.testing.assert_array_equal(got.labels, want.labels)
        assert got.class_names == want.class_names == CLASSES
    scans = map(folder_scan.scan, (tmp_path / "folder", archive))
    assert len(set(map(folder_scan.listing, scans))) == 1


def test_another_content_of_the_same_size_is_another_key(tmp_path):
    place = tmp_path / "a.zip"
    digests = set()
    for text in (b"one", b"two"):
        pack(place, {"a.png": text}, method=zipfile.ZIP_STORED)
        digests.add(folder_scan.digest(folder_scan.scan(place)))
    assert len(digests) == 2


@pytest.mark.parametrize(
    "name", ["../a.png", "/a.png", "a/../../b.png", "a//b.png", "a/./b.png"]
)
def test_names_that_lead_out_are_refused(tmp_path, name):
    place = pack(tmp_path / "a.zip", {"ok/b.png": b"", name: b""})
    with pytest.raises(errors.DataError, match="lead out of it"):
        folder_scan.scan(place)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_names_without_the_mark_of_utf_8_are_read_as_such(tmp_path):
    place = pack(tmp_path / "a.zip", {"xx/ab.png": b"", "yy/c.png": b""})
    odd = place.read_bytes().replace(b"ab.png", "é.png".encode())
    place.write_bytes(odd)
    assert [f.name for f in folder_scan.scan(place)] == [
        "xx/é.png", "yy/c.png",
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", b"1")
        archive.writestr("a.png", b"2")
    with pytest.raises(errors.DataError, match="several files of one name"):
        folder_scan.scan(tmp_path / "a.zip")


def test_links_are_no_pictures(tmp_path):
    link = zipfile.ZipInfo("b.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.png", png(1))
    found = [file.name for file in folder_scan.scan(tmp_path / "a.zip")]
    assert found == ["a.png"]


def test_bombs_are_refused_before_they_unpack(tmp_path):
    place = pack(tmp_path / "a.zip", {"a.png": bytes(2**22)})
    claimed = place.read_bytes().replace(
        struct.pack("<I", 2**22), struct.pack("<I", 2**31)
    )
    place.write_bytes(claimed)
    with (
        within(seconds=5, megabytes=80),
        pytest.raises(errors.DataError, match="which are too many"),
    ):
        folder_scan.scan(place)


@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4 no archive", png(1)], ids=["none", "cut", "png"]
)
def test_what_is_no_archive_is_told_in_one_line(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(errors.DataError, match="damaged or no ZIP archive"):
        folder_scan.scan(tmp_path / "a.zip")


def test_an_archive_that_is_not_there(tmp_path):
    with pytest.raises(errors.DataError, match="or a ZIP archive of it"):
        folder_scan.scan(tmp_path / "a.zip")


def test_members_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    content = {"a.png": png(1), "b.png": b"no picture", "c.png": b"c" * 99}
    place = pack(tmp_path / "a.zip", content, method=zipfile.ZIP_STORED)
    broken = place.read_bytes().replace(b"c" * 99, b"d" * 99)
    place.write_bytes(broken)
    monkeypatch.setattr(zip_pictures, "_MOST_BYTES", 2**20)
    files = folder_scan.scan(place)
    found, faults = headers.inspect(place, tuple(files))
    assert list(found) == ["a.png"] and found["a.png"].width == 16
    assert "is no PNG" in faults["b.png"]
    assert "cannot be unpacked (Bad CRC-32" in faults["c.png"]
    monkeypatch.setattr(zip_pictures, "_MOST_BYTES", 5)
    with pytest.raises(decode.UnreadableError, match="claims to become 99"):
        folder_scan.source(place, "c.png")


def test_a_picture_is_not_unpacked_to_hundreds_of_megabytes(tmp_path):
    """Of zeros that decoders pass over; they hold three copies of it."""
    kind = b"prVt" + bytes(2**26)
    part = struct.pack(">I", 2**26) + kind + struct.pack(">I", zlib.crc32(kind))
    sound = png(1)
    large = sound[:33] + part + sound[33:]
    place = pack(tmp_path / "a.zip", {"a.png": large, "b.png": sound})
    assert place.stat().st_size < 10**6
    del kind, part, large
    files = tuple(folder_scan.scan(place))
    with within(seconds=10, megabytes=20):
        found, faults = headers.inspect(place, files)
    assert list(found) == ["b.png"] and "only folders may" in faults["a.png"]


def test_a_folder_may_be_called_like_an_archive(tmp_path):
    (tmp_path / "a.zip").mkdir()
    (tmp_path / "a.zip" / "x.png").write_bytes(png(1))
    assert len(folder_scan.scan(tmp_path / "a.zip")) == 1
    assert folder_scan.source(tmp_path / "a.zip", "x.png") == pathlib.Path(
        tmp_path / "a.zip" / "x.png"
    )
