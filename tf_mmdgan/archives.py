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
_BYTES_LISTED = 100  # of a member, in the list of all


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


def check_members(count: int, most: int | None = None) -> None:
    """Refuses an archive of more members than files of this package have.

    Args:
      count: of the members.
      most: another limit, of archives that the user has named to have many.

    Raises:
      ValueError: for more than that; by default for more than 10,000.
    """
    most = most or _MEMBERS
    if count > most:
        raise ValueError(f"it has more than {most:,} members")


@contextlib.contextmanager
def open_zip(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """Opens a ZIP archive to be read, for the time of a `with` block.

    Args:
      file: that is open to be read.

    Raises:
      ValueError: for more members than `check_members` allows.
      Exception: of many kinds, from `zipfile`, for what is no such archive.
    """
    with opened_zip(file) as archive:
        yield archive


def opened_zip(
    file: IO[bytes], most_members: int | None = None
) -> zipfile.ZipFile:
    """A ZIP archive to be read; its list of members is read at once.

    Args:
      file: that is open to be read.
      most_members: as of `check_members`.

    Raises:
      ValueError: for more members than that.
      Exception: of many kinds, from `zipfile`, for what is no such archive.
    """
    listed = _Listed(file, _BYTES_LISTED * (most_members or _MEMBERS))
    archive = zipfile.ZipFile(listed)
    listed.most = None
    check_members(len(archive.filelist), most_members)
    return archive


class _Listed(io.RawIOBase):
    """A file of which `zipfile` reads the list of members, which is short.

    It reads the list at once, and makes an object of each member.
    """

    def __init__(self, file: IO[bytes], most: int):
        self._file = file
        self.most: int | None = most

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
