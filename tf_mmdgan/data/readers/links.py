"""Links that lead out of a folder of data.

By a link, whoever made the folder could have other files of this user read, and
shown in samples and reports.
"""

import os
import pathlib
from collections.abc import Sequence

from tf_mmdgan import errors
from tf_mmdgan.config import ReadConfig


def check(reading: ReadConfig, *paths: pathlib.Path) -> None:
    """Refuses files of a data set that lie elsewhere than in its folder.

    A folder that nobody has named is this user's own, or the system's, and may
    have links.

    Args:
      reading: `data_dir`, the folder that was named, and whether links may
        lead out of it.
      *paths: of files, and of folders, of which all that is in them counts.

    Raises:
      DataError: for a link that leads out of the folder.
    """
    if reading.data_dir is None or reading.follow_links:
        return
    folder = pathlib.Path(reading.data_dir)
    inner = (part for path in paths if path.is_dir() for part in path.iterdir())
    refuse(folder, [str(p) for p in (*paths, *inner) if leads_out(p, folder)])


def leads_out(
    path: str | os.PathLike[str], folder: str | os.PathLike[str]
) -> bool:
    """Whether a path below a folder leads, by links, to a place that is not."""
    root = os.path.realpath(folder)
    return os.path.commonpath([root, os.path.realpath(path)]) != root


def refuse(folder: str | os.PathLike[str], leading_out: Sequence[str]) -> None:
    """Raises DataError if there are paths that lead out of a folder."""
    if leading_out:
        first = leading_out[0]
        raise errors.DataError(
            f"{len(leading_out):,} links in {folder} lead out of it, such as "
            f"{os.path.relpath(first, folder)} to {os.path.realpath(first)}: "
            "remove them, or give --follow_links, which takes what they lead "
            "to."
        )
