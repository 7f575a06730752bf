import zipfile
import zlib

import h5py
import peaks
import pytest
from limits import within

from tf_mmdgan import errors
from tf_mmdgan.features import (
    get_extractor,
    hdf5_reading,
    weight_files,
)


def bomb(file):
    file.create_dataset(
        "x", (2**30,), "f4", chunks=(2**20,), compression="gzip"
    )


def many_bombs(file):
    for number in range(8):
        file.create_dataset(f"group/{number}", (2**26,), "f4")


def outside(file):
    file.create_dataset(
        "x", (4,), "u1", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)]
    )


def linked(file):
    file["group/x"] = h5py.ExternalLink("other.h5", "y")


@pytest.mark.parametrize(
    "make, words",
    [
        (bomb, "too many"),
        (many_bombs, "too many"),
        (outside, "elsewhere"),
        (linked, "another file"),
    ],
)
def test_arrays_of_hdf5_are_their_files_own(tmp_path, make, words):
    path = tmp_path / "inception_v3.h5"
    with h5py.File(path, "w") as file:
        make(file)
    with (
        within(seconds=10, megabytes=50),
        pytest.raises(ValueError, match=words),
    ):
        weight_files.check_claims(path)


def wide_chunk(file):
    """One number, in a chunk of 2^29 bytes."""
    made = file.create_dataset(
        "x", (1,), "u1", maxshape=(None,), chunks=(2**29,), compression="gzip"
    )
    packer = zlib.compressobj(1)
    packed = [packer.compress(bytes(2**20)) for _ in range(2**9)]
    made.id.write_direct_chunk((0,), b"".join([*packed, packer.flush()]))


def shared_text(file):
    """A thousand texts of a megabyte, which are all the first one."""
    made = file.create_dataset("x", (1000,), h5py.string_dtype())
    made[0] = "a" * 2**20
    file.flush()
    path, start = file.filename, made.id.get_offset()
    file.close()
    with open(path, "r+b") as raw:
        raw.seek(start)
        first = raw.read(16)
        raw.seek(start)
        raw.write(first * 1000)


@pytest.mark.parametrize("make", [wide_chunk, shared_text])
def test_arrays_of_hdf5_take_the_memory_that_they_claim(tmp_path, make):
    path = tmp_path / "inception_v3.h5"
    with h5py.File(path, "w") as file:
        make(file)
    with within(seconds=20, megabytes=50), pytest.raises(ValueError):
        weight_files.check_claims(path)
    code = (
        "import runpy, sys\n"
        "try: runpy.run_path(sys.argv[1])['main'](sys.argv[2], 2**40)\n"
        "except Exception: print(peak())"
    )
    assert peaks.printed_peak(code, hdf5_reading.__file__, path) < 400


def test_weights_of_inception_are_checked_before_they_are_read(tmp_path):
    path = tmp_path / "inception_v3.h5"
    with h5py.File(path, "w") as file:
        bomb(file)
    with pytest.raises(errors.DataError, match="too many"):
        get_extractor(f"keras_inception:{path}")


def test_an_archive_that_is_an_hdf5_file_too_is_checked_as_both(
    saved, tmp_path
):
    path = tmp_path / "both.keras"
    with h5py.File(path, "w") as file:
        outside(file)
    path.write_bytes(path.read_bytes() + saved.read_bytes())
    assert zipfile.is_zipfile(path) and h5py.is_hdf5(path)
    with pytest.raises(errors.DataError, match="lies elsewhere"):
        get_extractor(f"keras:{path}")
