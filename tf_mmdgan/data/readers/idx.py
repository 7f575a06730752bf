"""Reading IDX files, the format of MNIST and Fashion-MNIST."""

import gzip
import math
import os
import pathlib
import struct
import zlib

import numpy as np

from tf_mmdgan import errors

_GZIP_MAGIC = b"\x1f\x8b"
_UINT8 = 0x08


def find(folder: str | os.PathLike[str], name: str) -> pathlib.Path | None:
    """The file `name` or `name`.gz in `folder`, or None if neither is there."""
    for candidate in (name, f"{name}.gz"):
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
    content = _content(path)
    magic = bytes([0, 0, _UINT8, rank])
    if content[:4] != magic:
        raise _error(
            path,
            f"starts with '{content[:4].hex()}', not with '{magic.hex()}': "
            f"it is no IDX file of bytes in {rank} dimension(s)",
        )
    start = 4 + 4 * rank
    if len(content) < start:
        raise _error(path, f"is truncated in its header of {start} bytes")
    shape = struct.unpack(f">{rank}I", content[4:start])
    if 0 in shape:
        raise _error(path, f"is empty, its dimensions are {list(shape)}")
    expected, found = math.prod(shape), len(content) - start
    if found != expected:
        fault = "is truncated" if found < expected else "has trailing bytes"
        raise _error(
            path,
            f"{fault}: dimensions {list(shape)} need {expected:,} bytes of "
            f"data, and it holds {found:,}",
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        content = pathlib.Path(path).read_bytes()
        if content.startswith(_GZIP_MAGIC):
            content = gzip.decompress(content)
    # gzip reports damage in four ways, none of which names the file.
    except (gzip.BadGzipFile, EOFError, zlib.error, struct.error) as error:
        raise _error(path, f"is a damaged gzip file ({error})") from error
    except OSError as error:
        raise _error(path, f"cannot be read ({error.strerror})") from error
    return content


def _error(path: str | os.PathLike[str], fault: str) -> errors.DataError:
    return errors.DataError(f"{path} {fault}. Fetch or copy the file again.")
