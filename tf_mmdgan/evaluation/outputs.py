"""Where an outcome is written: a JSON file, a page and pictures beside it.

Their names follow from that of the file, so a user who names the one does not
see that another is there already. Only what this package has written is
replaced.
"""

import os
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from tf_mmdgan import errors, files, published

GENERATOR = '<meta name="generator" content="tf_mmdgan">'
SOFTWARE = "tf_mmdgan"  # which a picture of charts says has made it
# Names that together are in no JSON files but reports, outcomes of tests, and
# comparisons of runs.
_NAMES = (
    {"scores", "extractor", "versions"},
    {"p_value", "statistic", "telling_rows_of_x"},
    {"runs", "differing_settings", "tests"},
)
_HEAD_BYTES = 4096  # of a page or a picture, which say what made it


def page_beside(path: str | os.PathLike[str]) -> pathlib.Path:
    """The page of a JSON file."""
    return pathlib.Path(path).with_suffix(".html")


def check(
    path: str | os.PathLike[str],
    flag: str = "--out",
    pictures: Iterable[pathlib.Path] = (),
) -> None:
    """Checks that all files can be written, before the work that they are for.

    Args:
      path: of the JSON file.
      flag: that names it, for messages.
      pictures: of charts, that are written beside it.

    Raises:
      UsageError: for a place that cannot be written to, and for a file of the
        same name, a page or a picture that something else has made.
    """
    for place, ours in (
        (pathlib.Path(path), _is_outcome),
        (page_beside(path), _is_page),
        *((picture, _is_picture) for picture in pictures),
    ):
        files.check_writable(place, flag)
        if place.exists() and not ours(place):
            raise errors.UsageError(
                f"{flag}={path} would replace {place}, which is no outcome of "
                "tf_mmdgan: name another file; page and pictures go beside "
                "it."
            )


def write(
    path: str | os.PathLike[str], outcome: Mapping[str, Any], page: str
) -> None:
    """Writes an outcome, without absolute paths, and its page."""
    files.write_json(path, published.without_places(outcome))
    # Names of files may have bytes that are no text.
    content = page.encode(errors="backslashreplace")
    files.write_bytes(page_beside(path), content)


def tell(path: str | os.PathLike[str]) -> None:
    """Names both files, on stderr."""
    page = page_beside(path)
    beside = f", and as a page in {page}" if page.exists() else ""
    errors.tell(f"The outcome is in {path}{beside}.")


def _is_outcome(path: pathlib.Path) -> bool:
    try:
        found = files.read_json(path)
    except (OSError, errors.DataError):
        return False
    return any(names <= found.keys() for names in _NAMES)


def _is_page(path: pathlib.Path) -> bool:
    return _begins_with(path, GENERATOR)


def _is_picture(path: pathlib.Path) -> bool:
    return _begins_with(path, SOFTWARE)


def _begins_with(path: pathlib.Path, mark: str) -> bool:
    try:
        with files.open_plain(path) as file:
            return mark.encode() in file.read(_HEAD_BYTES)
    except (OSError, errors.DataError):
        return False
