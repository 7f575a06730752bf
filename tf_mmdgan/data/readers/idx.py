"""Reading IDX files, the format of MNIST and Fashion-MNIST."""

import gzip
import io
import math
import os
import pathlib
import struct
import zlib

import numpy as np

from tf_mmdgan import archives, errors, files

_GZIP_MAGIC = b"\x1f\x8b"
_UINT8 = 0x08


def find(folder: str | os.PathLike[str], name: str) -> pathlib.Path | None:
    """The file `name` or `name`.gz in `folder`, or None if neither is there.

    Some programs unpack train-images-idx3-ubyte as train-images.idx3-ubyte.
    """
    dotted = name.replace("-idx", ".idx")
    for candidate in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
        path = pathlib.Path(folder) / candidate
        if path.is_file():
            return path
    return None


def read(path: str | os.PathLike[str], rank: int) -> np.ndarray:
    """Reads a plain or gzipped IDX file of bytes.

    The file starts with 0, 0, the type (8: unsigned bytes) and the rank.
    Then come each dimension, as a big-endian 32-bit integer, and the data.
    See "The IDX file format", http://yann.lecun.com/exdb/mnist/.

    Args:
      path: the file. A gzipped one is known by its first two bytes.
      rank: the number of dimensions to expect, 3 for images, 1 for labels.

    Returns:
      uint8, of the shape in the header, every dimension >= 1. Read-only.

    Raises:
      DataError: for a file that cannot be read, is damaged or truncated, is
        not IDX, is of another type or rank, or has bytes after the data.
    """
    files.check_plain(path)
    try:
        with _opened(path) as file:
            return _array(file, path, rank)
    # gzip reports damage in four ways, none of which names the file.
    except (gzip.BadGzipFile, EOFError, zlib.error, struct.error) as error:
        raise _error(path, f"is a damaged gzip file ({error})") from error
    except OSError as error:
        raise _error(path, f"cannot be read ({error.strerror})") from error


def _opened(
    path: str | os.PathLike[str],
) -> gzip.GzipFile | io.BufferedReader:
    with open(path, "rb") as file:
        gzipped = file.read(2) == _GZIP_MAGIC
    return gzip.open(path) if gzipped else open(path, "rb")


def _array(
    file: gzip.GzipFile | io.BufferedReader,
    path: str | os.PathLike[str],
    rank: int,
) -> np.ndarray:
    """Reads no more than the dimensions need, and these fit the file."""
    magic = bytes([0, 0, _UINT8, rank])
    found = file.read(4)
    if found != magic:
        raise _error(
            path,
            f"starts with '{found.hex()}', not with '{magic.hex()}': it is no "
            f"IDX file of bytes in {rank} dimension(s)",
        )
    header = file.read(4 * rank)
    if len(header) < 4 * rank:
        raise _error(
            path, f"is truncated in its header of {4 + 4 * rank} bytes"
        )
    shape = struct.unpack(f">{rank}I", header)
    if 0 in shape:
        raise _error(path, f"is empty, its dimensions are {list(shape)}")
    expected, held = math.prod(shape), os.path.getsize(path)
    needs = f"dimensions {list(shape)} need {expected:,} bytes of data"
    try:
        archives.check_unpacked(expected, held)
    except ValueError as error:
        raise _error(path, f"is truncated: {needs}, but {error}") from None
    content = file.read(expected)
    if len(content) < expected:
        raise _error(
            path, f"is truncated: {needs}, and it holds {len(content):,}"
        )
    if file.read(1):
        raise _error(path, f"has trailing bytes: {needs}, and it holds more")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _error(path: str | os.PathLike[str], fault: str) -> errors.DataError:
    return errors.DataError(f"{path} {fault}. Fetch or copy the file again.")
