"""The numbered folders of an exported model, none of them ever half-written."""

import contextlib
import os
import pathlib
import secrets
import shutil
from collections.abc import Iterator

from tf_mmdgan import errors, owned
from tf_mmdgan.config.data import at_home

_HIDDEN = ".export-"
# Lies in a version in the making; the process that makes it holds it.
_MARK = ".tf_mmdgan_export"
_MOST_DIGITS = 40  # of a version, with zeros before it


def newest_version(export_dir: str | os.PathLike[str]) -> pathlib.Path | None:
    """The folder of the newest version in `export_dir`; None without any."""
    folder = pathlib.Path(export_dir)
    found = versions(folder) if folder.is_dir() else {}
    return folder / found[max(found)] if found else None


def versions(folder: pathlib.Path) -> dict[int, str]:
    """The versions in a folder, as TensorFlow Serving reads their names."""
    names = (entry.name for entry in folder.iterdir())
    return {int(name): name for name in names if _is_version(name)}


def _is_version(name: str) -> bool:
    digits = name.isascii() and name.isdecimal() and len(name) <= _MOST_DIGITS
    return digits and int(name) < 2**63


def version_paths(path: str | os.PathLike[str]) -> dict[int, pathlib.Path]:
    """The versions in an export folder, or the one version that is named.

    Raises:
      DataError: if there is none.
    """
    folder = pathlib.Path(path).resolve()
    if _is_version(folder.name) and (folder / "saved_model.pb").is_file():
        return {int(folder.name): folder}
    found = versions(folder) if folder.is_dir() else {}
    if not found:
        raise errors.DataError(
            f"{path} holds no exported generator; tf-mmdgan export "
            "--run_dir=... --export_dir=... writes one."
        )
    return {number: folder / name for number, name in found.items()}


@contextlib.contextmanager
def unpublished(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """A hidden folder for a version in the making.

    It is removed afterwards, unless it has been published.
    """
    _remove_leftovers(folder)
    hidden = folder / f"{_HIDDEN}{secrets.token_hex(4)}"
    hidden.mkdir()
    mark = owned.lock(hidden / _MARK)
    try:
        yield hidden
    finally:
        if mark is not None:
            mark.close()
        shutil.rmtree(hidden, ignore_errors=True)


def publish(hidden: pathlib.Path) -> pathlib.Path:
    """Renames to the next free version, whoever else exports meanwhile.

    Raises:
      DataError: if there is none, for servers read numbers of 63 bits.
    """
    folder = hidden.parent
    (hidden / _MARK).unlink()
    while True:
        number = max(versions(folder), default=0) + 1
        if number >= 2**63:
            raise errors.DataError(
                f"{folder} has the version {number - 1}, the last that there "
                "is: name another export_dir."
            )
        target = folder / str(number)
        try:
            # Replaces nothing but an empty folder.
            os.replace(hidden, target)
        except OSError:
            if not target.exists():
                raise
        else:
            return target


def make_folder(export_dir: str | os.PathLike[str]) -> pathlib.Path:
    """Makes the folder of a model, where it is not there yet.

    Raises:
      DataError: if it cannot be made.
    """
    folder = at_home(export_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.DataError(
            f"Cannot make the folder {folder} ({error.strerror}); name another "
            "export_dir."
        ) from error
    return folder


def _remove_leftovers(folder: pathlib.Path) -> None:
    """Deletes what exports that were killed have left behind.

    These have the mark, which no process holds any more.
    """
    for entry in folder.glob(f"{_HIDDEN}*"):
        mark = entry / _MARK
        if entry.is_symlink() or mark.is_symlink() or not mark.is_file():
            continue
        held = owned.lock(mark)
        if held is not None:
            with held:
                shutil.rmtree(entry, ignore_errors=True)
