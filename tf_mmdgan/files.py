"""Files that are either complete or absent, whenever the process dies."""

import contextlib
import io
import json
import math
import os
import pathlib
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tf_mmdgan import errors

# An indented list of numbers. It cannot begin inside a text, because texts of
# JSON have no line break.
_NUMBERS = re.compile(r"\[\n([^][{}\"]*)\]")


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes `content` to `path` atomically, making its folder if needed."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because os.replace is atomic on one file system only.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
    if isinstance(value, float):  # np.float64 too
        return float(value) if math.isfinite(value) else None
    return value


def read_npy(path: str | os.PathLike[str]) -> np.ndarray:
    """The array of an .npy file; nothing is unpickled.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    try:
        return np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise errors.DataError(f"There is no file {path}.") from None
    except (OSError, EOFError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise errors.DataError(
            f"{path} is damaged or not an .npy file: {reason}."
        ) from None


def read_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; nothing is unpickled.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    with _open_npz(path) as archive:
        return {name: archive[name] for name in archive.files}


def npz_names(path: str | os.PathLike[str]) -> list[str]:
    """The names of the arrays of an .npz file; the arrays are not read.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    with _open_npz(path) as archive:
        return archive.files


@contextlib.contextmanager
def _open_npz(path: str | os.PathLike[str]) -> Iterator[np.lib.npyio.NpzFile]:
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("not a zip archive")
        with np.load(path, allow_pickle=False) as archive:
            yield archive
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as e:
        if not pathlib.Path(path).exists():
            raise errors.DataError(f"There is no file {path}.") from None
        raise errors.DataError(
            f"{path} is damaged or not an .npz file: {str(e).rstrip('.')}."
        ) from None


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
