"""Files and folders that are changed in place, and belong to nobody else.

A folder that was received can have a link where a file is to be written, and so
can a folder that others write to: what the link leads to would be emptied,
overwritten or deleted.
"""

import contextlib
import errno
import fcntl
import os
import pathlib
import stat
from collections.abc import Iterable, Iterator
from typing import IO

from tf_mmdgan import errors


def open_file(path: str | os.PathLike[str], flags: int) -> int:
    """Opens a plain file to be written in place, or makes it: a descriptor.

    Args:
      path: the file.
      flags: of `os.open`; with os.O_RDONLY it is opened to be locked.

    Raises:
      DataError: for a link, a file of two names, and what is no plain file.
    """
    flags |= os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    fault = errors.DataError(
        f"{path} is a link, or no plain file: it will not be written to. "
        "Remove it, or name another folder."
    )
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise fault from None
        raise
    status = os.fstat(descriptor)
    writes = flags & (os.O_WRONLY | os.O_RDWR)
    if not stat.S_ISREG(status.st_mode) or (writes and status.st_nlink > 1):
        os.close(descriptor)
        raise fault
    return descriptor


def check_no_links(*folders: pathlib.Path) -> None:
    """Refuses folders that are links, before anything is written in them.

    Raises:
      DataError: for such a folder.
    """
    for folder in folders:
        if folder.is_symlink():
            raise errors.DataError(
                f"{folder} is a link, and what is written there would land "
                "elsewhere: remove it, or name another folder."
            )


def links_out(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Links at any depth below a folder that lead out of it.

    Libraries that write there open files by names of their own choice.
    """
    inside = folder.resolve()
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = pathlib.Path(parent, name)
            leads = path.is_symlink() and pathlib.Path(os.path.realpath(path))
            if leads and not leads.is_relative_to(inside):
                yield path


def make_way(path: pathlib.Path) -> None:
    """Removes a name through which a library would write to another file.

    That is a link, or one of several names of a file; others stay.
    """
    with contextlib.suppress(FileNotFoundError):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode) or status.st_nlink > 1:
            path.unlink()


def append_to(path: str | os.PathLike[str]) -> IO[str]:
    """Opens a plain file, or makes it, to write text at its end.

    Raises:
      DataError: as `open_file`.
    """
    descriptor = open_file(path, os.O_WRONLY | os.O_APPEND)
    return open(descriptor, "a", encoding="utf-8")


def lock(path: str | os.PathLike[str], wait: bool = False) -> IO[bytes] | None:
    """Makes a file, and holds it until it is closed; None if another does.

    Args:
      path: the file, which is neither read nor written.
      wait: whether to wait until no other process holds it.

    Raises:
      DataError: as `open_file`.
    """
    file = open(open_file(path, os.O_RDONLY), "rb")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        file.close()
        return None
    return file


def make_folder(path: pathlib.Path) -> None:
    """Makes a folder to work in, or takes one that only this user can change.

    Raises:
      DataError: for a link, a folder of another user, or one that others may
        write to.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o755)
    status = path.lstat()
    others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise errors.DataError(
            f"{path} is no folder of yours: remove it, or name another place."
        )
    if others:
        raise errors.DataError(
            f"{path} can be written to by others: remove it, or take their "
            "right to."
        )


def check_private(folder: pathlib.Path) -> None:
    """Refuses a folder of programs that others could have put there.

    Raises:
      DataError: unless the folder, all in it and its parent are this user's or
        root's, and nobody else may write to them.
    """
    for path in (folder.parent, folder, *folder.rglob("*")):
        status = path.stat()
        others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if status.st_uid not in (0, os.geteuid()) or others:
            raise errors.DataError(
                f"{path} belongs to somebody else, or others can write to it, "
                "and what is there would be run: take their right to, or name "
                "a copy of your own."
            )


def remove_folder(folder: pathlib.Path, patterns: Iterable[str]) -> None:
    """Removes a folder that holds nothing but files of these names.

    Args:
      folder: the folder; a link to one is none.
      patterns: of names, as `pathlib.Path.match` has them.

    Raises:
      DataError: if there is anything else in it; nothing is removed then.
    """
    patterns = tuple(patterns)
    if folder.is_symlink():
        raise errors.DataError(f"{folder} is a link: remove it yourself.")
    found = list(folder.iterdir())
    for path in found:
        known = any(path.match(pattern) for pattern in patterns)
        if not known or (path.is_dir() and not path.is_symlink()):
            raise errors.DataError(
                f"{folder} would be removed, but holds {path.name}, which was "
                "not put there by tf_mmdgan: move it, or remove the folder."
            )
    for path in found:
        path.unlink()
    folder.rmdir()
