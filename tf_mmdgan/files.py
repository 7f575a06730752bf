"""Files that are complete or absent, and files of others that are not believed.

What is written takes its name when it is complete, whenever the process dies.
What is read takes no more memory than the file has content for, whatever the
file claims.
"""

import contextlib
import io
import json
import math
import os
import pathlib
import re
import secrets
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import IO, Any

import numpy as np

from tf_mmdgan import archives, errors

# An indented list of numbers: texts of JSON have no line break to hold one.
_NUMBERS = re.compile(r"\[\n([^][{}\"]*)\]")
# Of a record. As lists of lists, its bytes become thirty times as many.
_JSON_BYTES = 2**23
_JSON_DEPTH = 100
_NPY_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes `content` to `path` atomically, making its folder if needed."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because os.replace is atomic on one file system only.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with errors.naming(path), open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str], flag: str) -> None:
    """Checks that a file can be written, before the work that it is for.

    Args:
      path: of the file; its folder need not exist.
      flag: that names it, for the message.

    Raises:
      UsageError: for a folder, and for a place that cannot be written to.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        raise errors.UsageError(f"{flag}={path} is a folder: name a file.")
    place = path.parent
    while not place.exists():
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise errors.UsageError(
            f"{flag}={path} cannot be written ({error.strerror}): name another "
            "place."
        ) from None


def write_json(
    path: str | os.PathLike[str], content: Mapping[str, Any]
) -> None:
    """Writes `content` as indented JSON, each list of numbers in one line.

    Raises:
      ValueError: for NaN or infinities, which JSON does not have.
    """
    text = json.dumps(content, indent=2, allow_nan=False)
    text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    write_bytes(path, (text + "\n").encode())


def finite(value: Any) -> Any:
    """`value`, with None in place of NaN and infinities, for `write_json`."""
    if isinstance(value, Mapping):
        return {name: finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    if isinstance(value, float):  # np.float64 too
        return float(value) if math.isfinite(value) else None
    return value


def open_plain(path: str | os.PathLike[str]) -> IO[bytes]:
    """Opens a plain file to be read; no pipe or device, which never end.

    Raises:
      FileNotFoundError: if there is none.
      DataError: for anything else, and for a file of holes.
    """
    file = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")  # noqa: SIM115
    if fault := _fault(path, os.fstat(file.fileno())):
        file.close()
        raise errors.DataError(f"{path} {fault}.")
    return file


def _fault(path: str | os.PathLike[str], status: os.stat_result) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return "is no plain file"
    holes = archives.is_of_holes(path, status)
    return "is a file of holes: cp --sparse=never fills it" if holes else None


def check_plain(*paths: str | os.PathLike[str]) -> None:
    """Refuses what cannot be read, before a library opens it by its name.

    Opening a pipe waits for a writer, and a device can be read for ever. Of a
    file that this process has no right to read, libraries say that it is
    damaged or absent.

    Args:
      *paths: files, and folders, which may hold files only; what is not there
        is passed over.

    Raises:
      DataError: for anything but files and folders, links to it included, for
        those that may not be read, and for files of holes.
    """
    waiting, seen = [pathlib.Path(path) for path in paths], set()
    while waiting:
        path = waiting.pop()
        if (place := os.path.realpath(path)) in seen:  # a loop of links
            continue
        seen.add(place)
        right = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
        if path.exists() and not os.access(path, right):
            raise errors.DataError(f"{path} cannot be read: no permission.")
        if path.is_dir():
            waiting.extend(path.iterdir())
        elif path.exists() and (fault := _fault(path, path.stat())):
            raise errors.DataError(f"{path} {fault}.")


def read_text(path: str | os.PathLike[str], most_bytes: int) -> str:
    """The text, in UTF-8, of a plain file.

    Raises:
      FileNotFoundError: if there is none.
      DataError: for what cannot be read, is no text, or has more bytes.
    """
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            # A place for so many bytes is made before they are read.
            content = file.read(min(size, most_bytes) + 1)
        text = content.decode()
    except FileNotFoundError:
        raise
    except (OSError, UnicodeError) as error:
        raise errors.unreadable(path, error) or errors.DataError(
            f"{path} cannot be read as text: {errors.excerpt(error)}."
        ) from None
    if len(content) > most_bytes or "\0" in text:
        raise errors.DataError(
            f"{path} is no text of up to {most_bytes:,} bytes."
        )
    return text


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
      FileNotFoundError: if there is none.
      DataError: for what is no plain file, or no such object, has more than
        8 MiB, or lists in lists a hundred deep.
    """
    try:
        return parse_json(read_text(path, _JSON_BYTES))
    except (ValueError, RecursionError) as error:
        raise errors.DataError(
            f"{path} cannot be read as JSON: {errors.excerpt(error)}."
        ) from None


def parse_json(text: str) -> dict[str, Any]:
    """The object in a JSON text.

    Raises:
      ValueError: for no such object, or lists in lists a hundred deep: whoever
        walks through them calls itself as often. RecursionError for a thousand.
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")
    level: list[Any] = [found]
    for _ in range(_JSON_DEPTH):
        level = [
            part
            for parts in level
            for part in (parts.values() if isinstance(parts, dict) else parts)
            if isinstance(part, dict | list)
        ]
        if not level:
            return found
    raise ValueError("it is nested too deeply")


def read_npz(
    path: str | os.PathLike[str], names: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """Arrays of an .npz file; nothing is unpickled.

    Args:
      path: the file.
      names: of those that are read, if they are there; by default all.

    Raises:
      DataError: for a file that is missing, damaged or something else, and for
        arrays that claim more than the file holds.
    """
    with _open_npz(path) as archive:
        chosen = [n for n in _names(archive) if names is None or n in names]
        members = [archive.getinfo(f"{name}.npy") for name in chosen]
        for member in members:
            archives.check_unpacked(member.file_size, member.compress_size)
        # All together, for the bytes of one may be those of others too.
        unpacked = sum(member.file_size for member in members)
        archives.check_unpacked(unpacked, os.path.getsize(path))
        return {
            name: _read_member(archive, member)
            for name, member in zip(chosen, members, strict=True)
        }


def read_npy(path: str | os.PathLike[str]) -> np.ndarray:
    """The array of an .npy file; nothing is unpickled.

    Raises:
      DataError: for a file that is missing, damaged or something else, and for
        an array that claims another size than the file has.
    """
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            claimed(file, size)
            file.seek(0)
            return np.lib.format.read_array(file, allow_pickle=False)
    except FileNotFoundError:
        raise errors.DataError(f"There is no file {path}.") from None
    except (OSError, EOFError, ValueError) as error:
        raise errors.unreadable(path, error) or errors.DataError(
            f"{path} is damaged or not an .npy file: {errors.excerpt(error)}."
        ) from None


def npz_names(path: str | os.PathLike[str]) -> list[str]:
    """The names of the arrays of an .npz file; the arrays are not read.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    with _open_npz(path) as archive:
        return _names(archive)


@contextlib.contextmanager
def _open_npz(path: str | os.PathLike[str]) -> Iterator[zipfile.ZipFile]:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise FileNotFoundError
        with open_plain(path) as file, archives.open_zip(file) as archive:
            yield archive
    except FileNotFoundError:
        raise errors.DataError(f"There is no file {path}.") from None
    except (
        OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile,
        zlib.error,
    ) as error:  # fmt: skip
        reason = errors.excerpt(error).rstrip(".")
        raise errors.unreadable(path, error) or errors.DataError(
            f"{path} is damaged or not an .npz file: {reason}."
        ) from None


def _names(archive: zipfile.ZipFile) -> list[str]:
    names = (name for name in archive.namelist() if name.endswith(".npy"))
    return list(dict.fromkeys(name.removesuffix(".npy") for name in names))


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as file:
        claimed(file, info.file_size)
    with archive.open(info) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def claimed(file: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of the array of a file of `size` bytes, by its header.

    Raises:
      ValueError: for an array of another size than the file has, and for what
        is none.
    """
    version = np.lib.format.read_magic(file)
    if version not in _NPY_HEADERS:
        raise ValueError(f"version {version} of .npy files is not read")
    try:
        shape, _, dtype = _NPY_HEADERS[version](file)
    except Exception as error:  # It is parsed as Python, which raises many.
        raise ValueError(
            f"its header cannot be read ({errors.excerpt(error)})"
        ) from None
    if not dtype.itemsize:
        raise ValueError(f"values of the type {dtype} have no bytes")
    claimed, held = math.prod(shape) * dtype.itemsize, size - file.tell()
    # Of objects, whose size is not known, read_array says what is wrong.
    if not dtype.hasobject and (min(shape, default=0) < 0 or claimed != held):
        raise ValueError(
            f"an array of shape {shape} claims {claimed:,} bytes, and has "
            f"{held:,}"
        )
    return shape, dtype


def write_npy(path: str | os.PathLike[str], array: np.ndarray) -> None:
    """Writes an array as one .npy file, which is complete or absent."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    write_bytes(path, content.getvalue())


def write_npz(
    path: str | os.PathLike[str],
    *,
    compressed: bool = False,
    **arrays: np.ndarray,
) -> None:
    """Writes arrays as an .npz file, atomically.

    Args:
      path: the file.
      compressed: whether the file is to be small rather than quickly written.
      **arrays: what it holds, by name.
    """
    save: Callable[..., None] = np.savez_compressed if compressed else np.savez
    buffer = io.BytesIO()
    save(buffer, **arrays)
    write_bytes(path, buffer.getvalue())
