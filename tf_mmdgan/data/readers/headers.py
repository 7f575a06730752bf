"""What the headers of a folder's pictures say, and which files have none."""

import functools
import os
import pathlib
from collections.abc import Iterable, Mapping

import tqdm

from tf_mmdgan import errors
from tf_mmdgan.config.sizes import Size
from tf_mmdgan.data import resize
from tf_mmdgan.data.readers import decode, folder_scan
from tf_mmdgan.data.readers.folder_scan import File

_NAMED = 5  # files in a message
# Pillow decodes without holding Python's lock, but not all of the work is
# decoding.
_WORKERS = 8
# Of the pictures that are in memory at once: a small file can be a large one.
_PIXELS_AT_ONCE = 2**27


# The splits of a folder, which are loaded one after the other, need the same.
@functools.lru_cache(maxsize=1)
def inspect(
    folder: pathlib.Path, files: tuple[File, ...]
) -> tuple[dict[str, decode.Header], dict[str, str]]:
    """The headers of the sound files, and what is wrong with the others."""
    headers, faults = {}, {}
    for file in tqdm.tqdm(
        files,
        "Reading headers",
        unit="image",
        leave=False,
        disable=errors.unwatched(),
    ):
        try:
            headers[file.name] = decode.inspect(
                folder_scan.source(folder, file.name)
            )
        except decode.UnreadableError as error:
            faults[file.name] = str(error)
    return headers, faults


def refuse(folder: pathlib.Path, faults: Mapping[str, str]) -> None:
    """Raises DataError if there are faults, by the names of files."""
    if faults:
        raise errors.DataError(
            f"{described(folder, faults)} Repair or remove them, or leave "
            "them out with --skip_unreadable."
        )


def described(folder: pathlib.Path, faults: Mapping[str, str]) -> str:
    """How many files have a fault, and which the first few are."""
    return (
        f"{len(faults)} of the images in {folder} cannot be used: "
        f"{named(faults)}."
    )


def named(faults: Mapping[str, str]) -> str:
    """The first few of the files, each with what is to be said of it."""
    said = [f"{name} {fault}" for name, fault in sorted(faults.items())]
    more = f"; and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return f"{'; '.join(said[:_NAMED])}{more}"


def warn_of_remarks(folder: pathlib.Path, remarks: Mapping[str, str]) -> None:
    """Warns of files that are used all the same, if there are any."""
    if remarks:
        errors.warn(
            f"{len(remarks)} of the images in {folder} are read without some "
            f"of their metadata: {named(remarks)}.",
            stacklevel=3,
        )


def check_sizes(
    folder: pathlib.Path,
    headers: Mapping[str, decode.Header],
    image_size: Size,
    fit: str = "crop",
) -> None:
    """Raises DataError for pictures that would have to be made larger."""
    small = {
        name: f"has {header.width} x {header.height} pixels"
        for name, header in headers.items()
        if resize.is_too_small(header.upright, image_size, fit)
    }
    if small:
        raise errors.DataError(
            f"{described(folder, small)} Ask for a smaller --image_size than "
            f"{image_size}, or for --resize=enlarge."
        )


def num_workers(headers: Iterable[decode.Header]) -> int:
    """Threads whose pictures fit into memory together."""
    largest = max(header.width * header.height for header in headers)
    fit = max(1, _PIXELS_AT_ONCE // largest)
    return min(_WORKERS, os.cpu_count() or 1, fit)
