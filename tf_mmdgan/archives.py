"""Packed files of others, which may become many times what they are."""

import contextlib
import io
import zipfile
from collections.abc import Iterator
from typing import IO

# Packed content may become so much whatever it is; more, only if no byte of the
# file stands for more than so many. Photographs have a ratio of about 1.
_UNPACKED_BYTES = 2**28
_UNPACKED_RATIO = 100
# Of an archive. Each member takes a kilobyte of memory, whatever it holds.
_MEMBERS = 10_000
_LISTED_BYTES = 100 * _MEMBERS


def check_unpacked(unpacked: int, packed: int) -> None:
    """Refuses content that would grow out of all proportion.

    Args:
      unpacked: bytes that it claims to become.
      packed: bytes that the file has.

    Raises:
      ValueError: for more than 256 MiB, of which a byte of the file stands for
        more than 100.
    """
    if unpacked > most_unpacked(packed):
        raise ValueError(
            f"{packed:,} bytes claim to become {unpacked:,}, which are too many"
        )


def most_unpacked(packed: int) -> int:
    """The most bytes that so many may become."""
    return max(_UNPACKED_BYTES, _UNPACKED_RATIO * packed)


def check_members(count: int) -> None:
    """Refuses an archive of more members than files of this package have.

    Raises:
      ValueError: for more than 10,000.
    """
    if count > _MEMBERS:
        raise ValueError(f"it has more than {_MEMBERS:,} members")


@contextlib.contextmanager
def open_zip(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Opens a ZIP archive to be read.

    Args:
      file: that is open to be read.

    Raises:
      ValueError: for more members than `check_members` allows.
      Exception: of many kinds, from `zipfile`, for what is no such archive.
    """
    listed = _Listed(file)
    with zipfile.ZipFile(listed) as archive:
        listed.most = None
        check_members(len(archive.filelist))
        yield archive


class _Listed(io.RawIOBase):
    """A file of which `zipfile` reads the list of members, which is short.

    It reads the list at once, and makes an object of each member.
    """

    def __init__(self, file: IO[bytes]):
        self._file = file
        self.most: int | None = _LISTED_BYTES

    def read(self, size: int = -1) -> bytes:
        """See `io.RawIOBase`."""
        if self.most is not None and size > self.most:
            raise ValueError(f"its list of members has {size:,} bytes")
        return self._file.read(size)

    def seek(self, place: int, whence: int = 0) -> int:
        """See `io.IOBase`."""
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """See `io.IOBase`."""
        return self._file.tell()

    def seekable(self) -> bool:
        """See `io.IOBase`."""
        return True
