"""What arrays in files are, by their headers alone."""

import os
import pathlib
import zipfile
import zlib

import numpy as np

from tf_mmdgan import archives, errors, files

Header = tuple[tuple[int, ...], np.dtype]


def header(path: pathlib.Path, name: str) -> Header | None:
    """Shape and type of an array of an .npz file, or of that of an .npy file.

    None where there is no sound one: whoever reads the file says why.
    """
    try:
        with files.open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            if path.suffix == ".npy":
                return files.claimed(file, size)
            with archives.open_zip(file) as archive:
                member = archive.getinfo(f"{name}.npy")
                archives.check_unpacked(member.file_size, member.compress_size)
                with archive.open(member) as content:
                    return files.claimed(content, member.file_size)
    except (
        OSError, EOFError, LookupError, RuntimeError, ValueError,
        errors.DataError, zipfile.BadZipFile, zlib.error,
    ):  # fmt: skip
        return None
