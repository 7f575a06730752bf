"""Packed files of others, which may become many times what they are."""

import contextlib
import errno
import gzip
import io
import os
import pathlib
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO, cast

# Packed content may become so much whatever it is; more, only if no byte of the
# file stands for more than so many. Photographs have a ratio of about 1.
_UNPACKED_BYTES = 2**28
_UNPACKED_RATIO = 100
_BLOCK_BYTES = 512  # of `st_blocks`
RECORD_HEADER, RECORD_CHECKSUM = 12, 4  # bytes around a record of TFRecord
# Of an archive. Each member takes a kilobyte of memory, whatever it holds.
_MEMBERS = 10_000
_BYTES_LISTED = 100  # of a member, in the list of all
# Of all headers of a TAR archive, of which each line becomes an object.
_HEADER_BYTES = 2**23
# By others, `zipfile` unpacks whatever a few bytes become, before it looks at
# what they claim to become.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


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


def is_of_holes(path: str | os.PathLike[str], status: os.stat_result) -> bool:
    """Whether a file is far larger than what the disk holds of it.

    The rest are holes, which read as zeros. Archives of a few bytes can have
    files of terabytes by them (tar -S). As much is allowed as for packed files.

    Args:
      path: of a plain file.
      status: what `os.stat` says of it.
    """
    size = status.st_size
    if size <= most_unpacked(_BLOCK_BYTES * status.st_blocks):
        return False
    # Not all file systems tell blocks.
    return size > most_unpacked(_bytes_held(path, size))


def _bytes_held(path: str | os.PathLike[str], size: int) -> int:
    """Bytes of a file of some size that are no holes."""
    held = end = 0
    with open(path, "rb") as file:
        try:
            while end < size:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
                end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
                held += end - start
        except OSError as error:  # Nothing more; or nobody knows.
            return held if error.errno == errno.ENXIO else size
    return held


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
      ValueError: as `opened_zip`.
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
      ValueError: for more members than that, and for one that is packed by
        another method than deflate.
      Exception: of many kinds, from `zipfile`, for what is no such archive.
    """
    listed = _Listed(file, _BYTES_LISTED * (most_members or _MEMBERS))
    archive = zipfile.ZipFile(listed)
    listed.most = None
    check_members(len(archive.filelist), most_members)
    for info in archive.filelist:
        if info.compress_type not in _METHODS:
            raise ValueError(
                f"{info.filename} is packed by the method {info.compress_type}"
                ", which is not read: pack it anew, by deflate"
            )
    return archive


def tar_files(path: pathlib.Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The plain files in a TAR archive, each open until the next is asked for.

    Args:
      path: of the archive; packed by gzip, unless it ends in .tar.

    Yields:
      The name of a file and its content.

    Raises:
      ValueError: for more members, or more content, than the archive should
        have.
      Exception: of many kinds, from `tarfile`, for what is no such archive.
    """
    size, total = path.stat().st_size, 0
    with (
        open(path, "rb") if path.suffix == ".tar" else _Packed(path) as file,
        _Headed(cast("IO[bytes]", file), _HEADER_BYTES) as headed,
        tarfile.open(fileobj=headed, mode="r:") as archive,
    ):
        for count, member in enumerate(archive):
            check_members(count)
            total += member.size  # Sparse ones have few bytes in the archive.
            check_unpacked(total, size)
            part = archive.extractfile(member) if member.isfile() else None
            if part is not None:
                left, headed.most = headed.most, None
                yield member.name, part
                headed.most = left


def unpack_tar(path: pathlib.Path, folder: pathlib.Path) -> None:
    """Writes the plain files of a TAR archive, for nobody else to change.

    Args:
      path: as of `tar_files`.
      folder: where they are put, which does not exist.

    Raises:
      ValueError: for a file that would land elsewhere, and as `tar_files`.
      Exception: as `tar_files`.
    """
    folder.mkdir(mode=0o755)
    for name, part in tar_files(path):
        inside = pathlib.PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts:
            raise ValueError(f"{name} would land outside of the folder")
        for parent in reversed(inside.parents):
            (folder / parent).mkdir(mode=0o755, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(folder / inside, flags, 0o644), "wb") as file:
            shutil.copyfileobj(part, file)


def records(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Where the records of a TFRecord file begin and end, one after the other.

    TensorFlow takes the memory that a record claims, or ends the process.

    Args:
      file: that is open to be read; it may be moved between two records.

    Raises:
      ValueError: for a record that claims more than the file has.
    """
    size, start = os.fstat(file.fileno()).st_size, 0
    while start < size:
        file.seek(start)
        header = file.read(RECORD_HEADER)
        length = int.from_bytes(header[:8], "little")
        end = start + RECORD_HEADER + length + RECORD_CHECKSUM
        if end > size:
            raise ValueError(
                f"a record claims {length:,} bytes, and {size - start:,} are "
                "left"
            )
        yield start, end
        start = end


class _Packed(gzip.GzipFile):
    """A packed archive; its headers too can claim to be of any size."""

    def read(self, size: int | None = -1) -> bytes:
        """See `gzip.GzipFile`; a ValueError for more than it may become."""
        packed = os.path.getsize(self.name)
        check_unpacked(self.tell() + max(size or 0, 0), packed)
        return super().read(size)


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


class _Headed(_Listed):
    """A file of which `tarfile` reads headers, and what belongs to them."""

    def read(self, size: int = -1) -> bytes:
        """See `io.RawIOBase`."""
        if self.most is not None:
            self.most -= size
            if self.most < 0:
                raise ValueError(
                    f"its headers have more than {_HEADER_BYTES:,} bytes, "
                    "which are too many"
                )
        return self._file.read(size)
