"""Pictures in a ZIP archive, read where they are: nothing is unpacked to disk.

The archive may be of others. Its list of members is bounded by
`tf_mmdgan.archives`, and so is what all of them claim to become; a member is
read no further than its own claim. Names are labels and never paths: those
that lead out of the archive are refused all the same.
"""

import contextlib
import functools
import os
import pathlib
import stat
import zipfile
from collections.abc import Iterator
from typing import IO, NamedTuple

from tf_mmdgan import archives, errors, files

SUFFIX = ".zip"

# Each takes a kilobyte of memory, whatever it holds.
_MOST_MEMBERS = 300_000
# Of one picture's file, of which decoders hold copies, and threads several.
_MOST_BYTES = 2**26
_UTF_8, _ENCRYPTED = 0x800, 0x1  # flags of a member
_DOS = 0  # what made a member; some of its programs write \\ between folders


class Member(NamedTuple):
    """A file of an archive.

    Attributes:
      name: its path, without a folder that all pictures are in.
      info: as `zipfile` has it.
    """

    name: str
    info: zipfile.ZipInfo


class UnreadableMember(Exception):
    """A member that cannot be read; the message says why."""


def is_archive(place: pathlib.Path) -> bool:
    """Whether a place of pictures is a ZIP archive, by its name."""
    return place.suffix.lower() == SUFFIX and not place.is_dir()


def members(place: pathlib.Path) -> list[Member]:
    """The files of an archive that are not hidden, in the archive's order.

    Where all that do not begin with a dot, in any part of their path, are in
    one folder, as `zip -r pictures.zip pictures` leaves them, that folder is
    left out of their names.

    Raises:
      DataError: for a file that is no archive, that would become far more than
        it is, or whose names lead out of it or are not unique.
    """
    return list(_opened(place).members.values())


def read(place: pathlib.Path, name: str) -> bytes:
    """The content of a member of `members`.

    Raises:
      DataError: as of `members`.
      UnreadableMember: for one that is damaged, encrypted or too large.
    """
    archive = _opened(place)
    info = archive.members[name].info
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableMember("is encrypted")
    if info.file_size > _MOST_BYTES:
        raise UnreadableMember(
            f"claims to become {info.file_size:,} bytes, more than "
            f"{_MOST_BYTES:,}, which only folders may have"
        )
    try:
        return archive.content.read(info)
    except Exception as error:  # zipfile raises many kinds, of damage too
        raise UnreadableMember(
            f"cannot be unpacked ({errors.excerpt(error)})"
        ) from None


class _Opened(NamedTuple):
    content: zipfile.ZipFile
    members: dict[str, Member]


def _opened(place: pathlib.Path) -> _Opened:
    try:
        status = os.stat(place)
    except OSError as error:
        raise _unreadable(place, error.strerror) from None
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
    return _opened_once(place, stamp)


# Threads read from one archive, whose list takes a second to read.
@functools.lru_cache(maxsize=2)
def _opened_once(place: pathlib.Path, stamp: tuple[int, ...]) -> _Opened:
    del stamp
    try:
        file = files.open_plain(place)
    except OSError as error:
        raise _unreadable(place, error.strerror) from None
    try:
        return _listed(place, file)
    except errors.DataError:
        file.close()
        raise
    except Exception as error:  # of many kinds
        file.close()
        raise errors.DataError(
            f"{place} is damaged or no ZIP archive: {errors.excerpt(error)}."
        ) from None


def _listed(place: pathlib.Path, file: IO[bytes]) -> _Opened:
    size = os.fstat(file.fileno()).st_size
    content = archives.opened_zip(file, _MOST_MEMBERS)
    infos = [info for info in content.infolist() if _is_shown(info)]
    archives.check_unpacked(sum(info.file_size for info in infos), size)
    names = [_name(info) for info in infos]
    wrong = next((name for name in names if _leads_out(name)), None)
    if wrong is not None:
        raise errors.DataError(
            f"{place} has names that lead out of it, such as {wrong}: pack "
            "the folder of the pictures anew."
        )
    names = list(_without_folder(names))
    found = {n: Member(n, i) for n, i in zip(names, infos, strict=True)}
    if len(found) < len(names):
        raise errors.DataError(
            f"{place} has several files of one name: pack it anew."
        )
    return _Opened(content, found)


def _is_shown(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a plain file of which no folder is hidden."""
    if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
        return False
    parts = _name(info).split("/")
    return not any(p.startswith(".") and p not in (".", "..") for p in parts)


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a member; UTF-8 that does not say so is read as such."""
    name = info.filename
    if not info.flag_bits & _UTF_8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/") if info.create_system == _DOS else name


def _leads_out(name: str) -> bool:
    return name.startswith("/") or not {"", ".", ".."}.isdisjoint(
        name.split("/")
    )


def _without_folder(names: list[str]) -> Iterator[str]:
    tops = {name.partition("/")[0] for name in names}
    shared = len(tops) == 1 and all("/" in name for name in names)
    return (name.partition("/")[2] if shared else name for name in names)


def _unreadable(place: pathlib.Path, reason: str | None) -> errors.DataError:
    return errors.DataError(
        f"{place} cannot be read ({reason}): --data_dir names the folder of "
        "your images, or a ZIP archive of it."
    )
