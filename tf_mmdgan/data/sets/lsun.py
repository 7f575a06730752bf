"""LSUN bedrooms from their LMDB folder, or from a TFDS build.

TFDS reads the folder with tensorflow-io, which has no release for current
TensorFlow; so it is read here.
"""

import functools
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tf_mmdgan import errors, files
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data import image_set
from tf_mmdgan.data.cache import cached
from tf_mmdgan.data.readers import links, tfds_build
from tf_mmdgan.data.sets import tfds

FOLDER = "bedroom_train_lmdb"

_NAME = "lsun_bedroom"
_LEAST_BYTES = 8  # of an entry of the file
_REMEDY = (
    f"unpack http://dl.yf.io/lsun/scenes/{FOLDER}.zip (46 GB) in that folder"
)


def load_bedroom(
    split: str, image_size: int, reading: ReadConfig
) -> image_set.ImageSet:
    """LSUN's 3,033,042 training images of bedrooms; 10,000 are held out.

    From `data_dir`/bedroom_train_lmdb, if it is there; else from a TFDS build
    in `data_dir`. The last images are held out (of fewer than 100,000, a
    tenth), because the validation split has 300 only.

    Args:
      split: "train" or "test".
      image_size: height and width in pixels, at most 256.
      reading: `data_dir`, which has the LMDB folder or TFDS' builds, by
        default that of TFDS; where decoded images are kept; and how to resize,
        if not as published.

    Returns:
      Images [n, image_size, image_size, 3] without labels.

    Raises:
      DataError: for missing or damaged files, or without the package lmdb.
      UsageError: for a size that the images do not have.

    Source: F. Yu et al., arXiv:1506.03365, 2015,
    https://www.yf.io/p/lsun.
    """
    folder = tfds_build.data_folder(reading.data_dir) / FOLDER
    if not folder.is_dir():
        return tfds.load(_NAME, split, image_size, reading, otherwise=_REMEDY)
    links.check(reading, folder)
    tfds.check_size(_NAME, image_size, reading.resize)
    return cached.cached(
        *tfds.deferred(_NAME, split, image_size, reading, *_encoded(folder))
    )


def preview(
    split: str, image_size: int, reading: ReadConfig
) -> image_set.Preview | None:
    """What `load_bedroom` would give, by the metadata of the files.

    Returns:
      That, or None where neither folder is there.

    Raises:
      DataError: as of `load_bedroom`, but for what decoding alone shows.
      UsageError: as of `load_bedroom`.
    """
    folder = tfds_build.data_folder(reading.data_dir) / FOLDER
    if not folder.is_dir():
        return tfds.preview(_NAME, split, image_size, reading)
    links.check(reading, folder)
    tfds.check_size(_NAME, image_size, reading.resize)
    return cached.preview(
        *tfds.deferred(_NAME, split, image_size, reading, *_encoded(folder))
    )


def _encoded(
    folder: pathlib.Path,
) -> tuple[dict[str, Any], Callable[[], "LmdbImages"]]:
    """What tells the images of a folder from others, and how to open them."""
    origin = {"lmdb": tfds_build.fingerprint(folder)}
    return origin, functools.partial(LmdbImages, folder)


class LmdbImages:
    """The encoded images of an LMDB folder, in the order of their keys.

    Attributes:
      count: number of images.
    """

    def __init__(self, folder: pathlib.Path):
        """Opens the folder, to be read only.

        Raises:
          DataError: without the package lmdb, or for no LMDB folder.
        """
        try:
            import lmdb
        except ImportError:
            raise errors.DataError(
                f"{folder} is read with the package lmdb: "
                "pip install 'tf_mmdgan[lsun]'."
            ) from None
        files.check_plain(folder)
        self._folder, self._error = folder, lmdb.Error
        try:
            # Without a lock file, which a folder to be read only cannot have.
            self._file = lmdb.open(str(folder), readonly=True, lock=False)
        except lmdb.Error as error:
            raise self.damaged(f"cannot be opened: {error}") from None
        pages = self._file.info()["last_pgno"] + 1
        expected = pages * self._file.stat()["psize"]
        found = (folder / "data.mdb").stat().st_size
        # LMDB maps the file: to read beyond its end would kill the process.
        if found < expected:
            raise self.damaged(
                f"is truncated: {found:,} bytes instead of {expected:,}"
            )
        self.count = self._file.stat()["entries"]
        if self.count * _LEAST_BYTES > found:
            raise self.damaged(f"claims {self.count:,} images")

    def examples(
        self, numbers: range, names: Iterable[str]
    ) -> Iterator[Mapping[str, Any]]:
        """Some images, {"image": bytes}, in order.

        Args:
          numbers: which images, without gaps.
          names: not used; there are no labels.

        Raises:
          DataError: for a damaged file.
        """
        del names
        try:
            with (
                self._file.begin() as transaction,
                transaction.cursor() as rows,
            ):
                keys = rows.iternext(keys=True, values=False)
                for _ in zip(range(numbers.start + 1), keys, strict=False):
                    pass
                for _, content in zip(
                    numbers, rows.iternext(keys=False), strict=False
                ):
                    yield {"image": content}
        except self._error as error:
            raise self.damaged(f"cannot be read: {error}") from None

    def damaged(self, fault: str) -> errors.DataError:
        """The error that says what is wrong with the folder."""
        return errors.DataError(
            f"{self._folder} {fault}. Unpack {FOLDER}.zip again."
        )
