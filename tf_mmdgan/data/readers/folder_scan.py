"""Which pictures a folder has, by what the file system knows of them."""

import collections
import hashlib
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tf_mmdgan import errors
from tf_mmdgan.data.readers import decode, formats, links, zip_pictures

TEST_SHARE = 0.1

_Path = str | pathlib.Path


class File(NamedTuple):
    """A picture as the file system knows it.

    Attributes:
      name: path relative to the folder.
      size: in bytes; 0 for a broken link.
      stamp: numbers that change with the content, and differ between files:
        see `stamp`.
    """

    name: str
    size: int
    stamp: tuple[int, ...]


def stamp(status: os.stat_result) -> tuple[int, ...]:
    """What tells a file's content from any other's, without reading it.

    Its number on the disk, and when its content and its record were last
    changed, in nanoseconds. Tools that copy or replace a file may keep the
    first of these times, but none can set the second. The device is left out:
    its number is another one after each mount, and all pictures would be
    decoded again. Without it two files are mixed up only where both were
    written with given times and numbers, as in images of read-only file
    systems, and every name and size agrees too.
    """
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def scan(
    folder: str | os.PathLike[str], follow_links: bool = False
) -> list[File]:
    """All files below a folder that end like images, in order of their names.

    The place may be a ZIP archive of a folder too: see `zip_pictures`.

    Names that begin with a dot are passed over. Links to folders are followed,
    after all other folders; each folder is read once, so loops do no harm.

    Args:
      folder: the folder, or the archive.
      follow_links: whether links may lead out of it. A folder that somebody
        else has made could show pictures of this user by them.

    Raises:
      DataError: for a folder that is missing, cannot be read or has no such
        file, and for links that lead out of it.
    """
    folder = pathlib.Path(folder)
    if zip_pictures.is_archive(folder):
        return _scan_archive(folder)
    others: list[str] = []
    found, leading_out = [], []
    try:
        for entry in _entries(folder, follow_links):
            picture = entry.name.lower().endswith(formats.SUFFIXES)
            if not follow_links and _leads_out(entry, folder):
                if picture or _is_folder(entry):
                    leading_out.append(entry.path)
            elif picture:
                found.append(_file(entry, folder))
            else:
                others.append(os.path.relpath(entry.path, folder))
    except OSError as error:
        raise errors.DataError(
            f"{error.filename} cannot be read ({error.strerror}): name the "
            "folder of your images with --data_dir."
        ) from None
    links.refuse(folder, leading_out)
    return _checked(folder, found, others)


def _scan_archive(place: pathlib.Path) -> list[File]:
    """The pictures of a ZIP archive; its checksums tell their content."""
    whole = stamp(os.stat(place)) if place.exists() else ()
    found, others = [], []
    for member in zip_pictures.members(place):
        if member.name.lower().endswith(formats.SUFFIXES):
            told = (*whole, member.info.CRC)
            found.append(File(member.name, member.info.file_size, told))
        else:
            others.append(member.name)
    return _checked(place, found, others)


def _checked(
    folder: pathlib.Path, found: Sequence[File], others: Sequence[str]
) -> list[File]:
    if not found:
        raise errors.DataError(
            f"{folder} holds no image among its {len(others):,} files: names "
            f"must end in {', '.join(formats.SUFFIXES)}."
        )
    _warn_of_formats(folder, others)
    return sorted(found)


def source(folder: pathlib.Path, name: str) -> pathlib.Path | bytes:
    """A file that `scan` has found, or its content if the place is an archive.

    Raises:
      UnreadableError: for a member of an archive that cannot be unpacked.
    """
    if not zip_pictures.is_archive(folder):
        return folder / name
    try:
        return zip_pictures.read(folder, name)
    except zip_pictures.UnreadableMember as error:
        raise decode.UnreadableError(str(error)) from None


def _warn_of_formats(folder: pathlib.Path, others: Sequence[str]) -> None:
    """Warns of pictures that are passed over for their format."""
    suffixes = formats.OTHER_SUFFIXES
    unread = sorted(n for n in others if n.lower().endswith(suffixes))
    if unread:
        errors.warn(
            f"{len(unread):,} pictures in {folder} are passed over, because "
            f"files of their formats are not read: {errors.listed(unread)}. "
            "Convert them to PNG or JPEG to have them.",
            stacklevel=1,  # one place, so that it is told once
        )


def _leads_out(entry: os.DirEntry[str], folder: pathlib.Path) -> bool:
    """Whether an entry is a link to something that is not in the folder."""
    return entry.is_symlink() and links.leads_out(entry, folder)


def _entries(
    folder: pathlib.Path, follow_links: bool
) -> Iterator[os.DirEntry[str]]:
    """All files that are not hidden, of a folder and all below it.

    And links to folders that are not followed.
    """
    seen = set()
    folders: collections.deque[_Path] = collections.deque([folder])
    linked: collections.deque[_Path] = collections.deque()
    while folders or linked:
        current = (folders or linked).popleft()
        status = os.stat(current)
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(current) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.startswith("."):
                    continue
                left = not follow_links and _leads_out(entry, folder)
                if left or not _is_folder(entry):
                    yield entry
                elif entry.is_symlink():
                    linked.append(entry.path)
                else:
                    folders.append(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _file(entry: os.DirEntry[str], folder: pathlib.Path) -> File:
    name = os.path.relpath(entry.path, folder)
    try:
        status = entry.stat()
    except OSError:
        return File(name, 0, ())
    return File(name, status.st_size, stamp(status))


def digest(files: Sequence[File]) -> str:
    """A hash that changes with any name and any content."""
    total = hashlib.sha256()
    for file in files:
        total.update(os.fsencode(file.name))
        total.update(f"\0{file.size} {file.stamp}\0".encode())
    return total.hexdigest()


class Listing(NamedTuple):
    """What a folder of pictures has, wherever the folder stands.

    Attributes:
      digest: a hash of the files' relative names and sizes.
      num_files: how many there are.
      classes: names of the classes, sorted; None without classes.
    """

    digest: str
    num_files: int
    classes: tuple[str, ...] | None


def listing(files: Sequence[File]) -> Listing:
    """The listing of what `scan` has found."""
    total = hashlib.sha256()
    for file in files:
        total.update(os.fsencode(file.name) + f"\0{file.size}\0".encode())
    names = classes(files)
    return Listing(
        total.hexdigest()[:16], len(files), tuple(names) if names else None
    )


def is_held_out(name: str) -> bool:
    """Whether a picture is held out for the test, as one in ten is.

    This depends on its name alone, so that a picture never changes sides.
    """
    lot = hashlib.sha256(os.fsencode(name)).digest()[:8]
    return int.from_bytes(lot, "big") < TEST_SHARE * 2**64


def classes(files: Sequence[File]) -> list[str] | None:
    """Names of the classes, sorted: the folders at the top.

    None, no classes, if there is one folder only, or a picture in none.
    """
    names = sorted({top(file.name) for file in files})
    nested = all(os.sep in file.name for file in files)
    return names if nested and len(names) > 1 else None


def top(name: str) -> str:
    """The first part of a picture's name: its class, where there are some."""
    return pathlib.PurePath(name).parts[0]
