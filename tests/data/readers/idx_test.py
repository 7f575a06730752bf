import gzip
import pathlib
import struct

import numpy as np
import pytest
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.data.readers import idx

_ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def encode(array):
    header = bytes([0, 0, 8, array.ndim])
    header += struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


_GOOD = encode(_ARRAY)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_reads_plain_and_gzipped_files(tmp_path, pack):
    path = tmp_path / "images"
    path.write_bytes(pack(_GOOD))
    found = idx.read(path, rank=3)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, _ARRAY)


def test_finds_plain_before_gzipped(tmp_path):
    assert idx.find(tmp_path, "images") is None
    assert idx.find(tmp_path / "nowhere", "images") is None
    (tmp_path / "images.gz").touch()
    assert idx.find(tmp_path, "images") == tmp_path / "images.gz"
    (tmp_path / "images").touch()
    assert idx.find(tmp_path, "images") == tmp_path / "images"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no IDX file"),
        (b"\x89PNG\r\n\x1a\n", "starts with '89504e47'"),
        (_GOOD[:2] + b"\x0d" + _GOOD[3:], "of bytes in 3"),
        (encode(_ARRAY[0]), "00000803"),
        (_GOOD[:11], "truncated in its header"),
        (_GOOD[:-1], r"truncated.*need 24 bytes.*holds 23"),
        (_GOOD + b"\0", r"trailing.*need 24 bytes.*holds more"),
        (encode(_ARRAY[:0]), r"empty.*\[0, 3, 4\]"),
        (gzip.compress(_GOOD, mtime=0)[:-4], "damaged gzip"),
        (gzip.compress(_GOOD, mtime=0)[:-12] + bytes(12), "damaged gzip"),
        (gzip.compress(_GOOD, mtime=0)[:4], "damaged gzip"),
        (gzip.compress(_GOOD, mtime=0) + b"junk", "damaged gzip"),
    ],
)
def test_refuses_damaged_and_foreign_files(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(errors.DataError, match=message) as caught:
        idx.read(path, rank=3)
    text = str(caught.value)
    assert str(path) in text and "again" in text and "\n" not in text


def test_every_corrupted_byte_of_a_gzip_file_is_data_or_an_error(tmp_path):
    packed = gzip.compress(_GOOD, mtime=0)
    for position in range(len(packed)):
        path = pathlib.Path(tmp_path, "images.gz")
        broken = bytearray(packed)
        broken[position] ^= 0xFF
        path.write_bytes(broken)
        try:
            np.testing.assert_array_equal(idx.read(path, rank=3), _ARRAY)
        except errors.DataError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_dimensions_are_not_believed(tmp_path, pack):
    path = tmp_path / "images"
    header = bytes([0, 0, 8, 3]) + struct.pack(">3I", *[2**32 - 1] * 3)
    path.write_bytes(pack(header + bytes(99)))
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(errors.DataError, match="is truncated"),
    ):
        idx.read(path, rank=3)


def test_bombs_are_not_unpacked(tmp_path):
    path = tmp_path / "images.gz"
    zeros = gzip.compress(bytes(2**24))
    with gzip.open(path, "wb", 9) as file:
        file.write(bytes([0, 0, 8, 3]) + struct.pack(">3I", 5, 2**15, 2**15))
    with open(path, "ab") as file:
        file.write(zeros * 320)  # 5 GB
    assert path.stat().st_size < 6 * 2**20
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(errors.DataError, match="too many"),
    ):
        idx.read(path, rank=3)
    # The same behind a sound header.
    with gzip.open(path, "wb", 9) as file:
        file.write(_GOOD)
    with open(path, "ab") as file:
        file.write(zeros * 320)
    with (
        within(seconds=5, megabytes=20),
        pytest.raises(errors.DataError, match="trailing"),
    ):
        idx.read(path, rank=3)


def test_names_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(errors.DataError, match="cannot be read"):
        idx.read(tmp_path / "nowhere", rank=1)


def test_names_with_a_dot_are_found_too(tmp_path):
    name = "train-images-idx3-ubyte"
    for found in (f"{name}.gz", "train-images.idx3-ubyte.gz"):
        (tmp_path / found).touch()
    assert idx.find(tmp_path, name) == tmp_path / f"{name}.gz"
    (tmp_path / f"{name}.gz").unlink()
    dotted = tmp_path / "train-images.idx3-ubyte.gz"
    assert idx.find(tmp_path, name) == dotted
