"""The user's own images: a folder of pictures, or a ZIP archive of one."""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.config.sizes import Size, of_sides, sides
from tf_mmdgan.data import resize
from tf_mmdgan.data.cache import build, cached
from tf_mmdgan.data.image_set import ImageSet, Preview
from tf_mmdgan.data.readers import decode, folder_scan
from tf_mmdgan.data.readers import headers as file_headers
from tf_mmdgan.data.readers.folder_scan import File

_CHANNELS = {"grey": 1, "rgb": 3, "rgba": 4}
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # of Pillow


def load(split: str, image_size: Size, reading: ReadConfig) -> ImageSet:
    """The pictures in a folder and in all folders below it.

    Each is cut to the square in its middle, or brought to another shape as
    `fit` says, and resized. They are grey if all are, else in colour. Where all
    pictures are in folders, two or more at the top, these are the classes, in
    the order of their names.

    Args:
      split: "test" is a tenth of the pictures, chosen by a hash of the name:
        adding pictures moves none from one split to the other.
      image_size: height and width in pixels.
      reading: `data_dir`, the folder or the archive; where decoded pictures
        are kept; whether unreadable ones are left out; and how to resize, by
        default "antialias". Only "enlarge" takes pictures with fewer than
        image_size pixels on a side.

    Returns:
      Images [n, height, width, c], c as `channels` says, in the order of their
      names, with labels where there are classes.

    Raises:
      UsageError: without a `data_dir`.
      DataError: for a folder without pictures or with none in the split, for
        pictures that are too small, for unreadable ones that are not to be
        left out, and for links that lead out of the folder.
    """
    folder, files = _scanned(reading)
    classes = folder_scan.classes(files)
    _warn_of_stray(folder, files)
    return dataclasses.replace(
        cached.cached(*_deferred(split, image_size, reading, folder, files)),
        class_names=tuple(classes) if classes else None,
    )


def preview(split: str, image_size: Size, reading: ReadConfig) -> Preview:
    """What `load` would give, by the headers of the pictures.

    Raises:
      UsageError: as of `load`.
      DataError: as of `load`, but for what decoding alone shows.
    """
    folder, files = _scanned(reading)
    name, key, plan, _ = _deferred(split, image_size, reading, folder, files)
    empty = _empty_classes(split, files)
    kept = cached.peek(name, key, reading)
    if kept is not None:
        return dataclasses.replace(kept, empty_classes=empty)
    made = plan()
    headers, _ = file_headers.inspect(folder, tuple(files))
    coloured = (name for name, header in headers.items() if not header.grey)
    return Preview(
        made.image_shape,
        made.count,
        made.num_classes,
        next(coloured, None),
        empty,
    )


def _empty_classes(split: str, files: Sequence[File]) -> tuple[str, ...]:
    """Classes that have no file in a split."""
    test = split == "test"
    names = (f.name for f in files if folder_scan.is_held_out(f.name) == test)
    found = {folder_scan.top(name) for name in names}
    return tuple(c for c in folder_scan.classes(files) or () if c not in found)


def _warn_of_stray(folder: pathlib.Path, files: Sequence[File]) -> None:
    """Warns of pictures because of which folders are no classes."""
    stray = [file.name for file in files if os.sep not in file.name]
    folders = {folder_scan.top(file.name) for file in files} - set(stray)
    if stray and len(folders) > 1:
        errors.warn(
            f"{folder} has no classes, because {errors.listed(stray)} lies in "
            f"none of its folders {errors.listed(sorted(folders))}: move it "
            "into one of them to train with labels.",
            stacklevel=3,
        )


def _deferred(
    split: str,
    image_size: Size,
    reading: ReadConfig,
    folder: pathlib.Path,
    files: Sequence[File],
) -> tuple[str, dict[str, Any], Callable[[], build.Plan], ReadConfig]:
    """What `cached` takes."""
    mode = reading.resize or resize.DEFAULT
    key = {
        "split": split,
        # All pictures, because all of them decide on channels and classes.
        "listing": folder_scan.digest(files),
        "image_size": image_size,
        "resize": mode,
        "fit": reading.fit,
        "channels": reading.channels,
        "skip_unreadable": reading.skip_unreadable,
    }

    def plan() -> build.Plan:
        return _plan(folder, files, split, image_size, reading)

    return f"folder/{split}", key, plan, reading


def listing(reading: ReadConfig) -> folder_scan.Listing:
    """What a folder has, by names and sizes; no picture is opened.

    Raises:
      UsageError: without a `data_dir`.
      DataError: for a folder that `load` refuses at first sight.
    """
    return folder_scan.listing(_scanned(reading)[1])


def _scanned(reading: ReadConfig) -> tuple[pathlib.Path, list[File]]:
    if reading.data_dir is None:
        raise errors.UsageError(
            "--dataset=folder needs --data_dir, the folder of your images."
        )
    folder = pathlib.Path(reading.data_dir)
    return folder, folder_scan.scan(folder, reading.follow_links)


def _plan(
    folder: pathlib.Path,
    files: Sequence[File],
    split: str,
    image_size: Size,
    reading: ReadConfig,
) -> build.Plan:
    """Reads all headers first, so that unusable files are refused at once."""
    headers, faults = file_headers.inspect(folder, tuple(files))
    if not reading.skip_unreadable:
        file_headers.refuse(folder, faults)
    mode = resize.RESIZES[reading.resize or resize.DEFAULT]
    if not mode.enlarges:
        file_headers.check_sizes(folder, headers, image_size, reading.fit)

    def in_split(name: str) -> bool:
        return folder_scan.is_held_out(name) == (split == "test")

    names = [name for name in headers if in_split(name)]
    if not names:
        raise errors.DataError(
            f"None of the {len(headers)} sound images in {folder} is in the "
            f"split '{split}'. Add images: one in ten, told by its name, is "
            "held out for test."
        )
    channels = _channels(reading, headers.values())
    classes = folder_scan.classes(files)
    decoder = _Decoder(
        folder=folder,
        names=names,
        classes=classes,
        image_shape=(*sides(image_size), channels),
        resize=mode,
        fit=reading.fit,
        skip=reading.skip_unreadable,
        faults={n: fault for n, fault in faults.items() if in_split(n)},
    )
    return build.Plan(
        count=len(names),
        image_shape=decoder.image_shape,
        num_classes=len(classes) if classes else None,
        fill=decoder.fill,
        finish=decoder.finish,
        workers=file_headers.num_workers(headers.values()),
    )


def _channels(reading: ReadConfig, headers: Iterable[decode.Header]) -> int:
    """How many channels all pictures are brought to."""
    if reading.channels != "auto":
        return _CHANNELS[reading.channels]
    return 1 if all(header.grey for header in headers) else 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Decoder:
    """Decodes the named files, and notes those that cannot be decoded.

    Attributes:
      folder: where the files are.
      names: the files, relative to the folder.
      classes: names of the folders that are classes, sorted; None: no classes.
      image_shape: height, width and channels of the result.
      resize: how pictures are resized.
      fit: how they come to the shape: see `resize.fitted`.
      skip: whether unusable files are left out, with a warning.
      faults: what is wrong with each unusable file, by its name.
      remarks: what is to be said of files that are used all the same.
    """

    folder: pathlib.Path
    names: Sequence[str]
    classes: Sequence[str] | None
    image_shape: tuple[int, int, int]
    resize: resize.Resize
    fit: str
    skip: bool
    faults: dict[str, str]
    remarks: dict[str, str] = dataclasses.field(default_factory=dict)

    def fill(
        self, start: int, stop: int
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Images uint8 [n, height, width, c] of the names start .. stop - 1.

        And their labels, integers [n], if there are classes. Files that cannot
        be decoded are left out.
        """
        mode = _MODES[self.image_shape[2]]
        images = np.empty((stop - start, *self.image_shape), np.uint8)
        kept: list[str] = []
        for name in self.names[start:stop]:
            try:
                images[len(kept)] = self._decoded(name, mode)
            except decode.UnreadableError as error:
                self.faults[name] = str(error)
            else:
                kept.append(name)
        return images[: len(kept)], self._labels(kept)

    def _decoded(self, name: str, mode: str) -> np.ndarray:
        # Here, so that the picture is gone before the next one is decoded.
        remark = functools.partial(self.remarks.__setitem__, name)
        source = folder_scan.source(self.folder, name)
        picture = decode.decode(source, mode, remark)
        size = of_sides(*self.image_shape[:2])
        return resize.fitted(picture, size, self.resize, self.fit)

    def _labels(self, names: Sequence[str]) -> np.ndarray | None:
        if self.classes is None:
            return None
        tops = list(map(folder_scan.top, names))
        return np.searchsorted(self.classes, tops)

    def finish(self) -> None:
        """Refuses files that could not be decoded, or warns of them.

        Raises:
          DataError: where they are not to be skipped, or none is sound.
        """
        if not self.skip or self.faults.keys() >= set(self.names):
            file_headers.refuse(self.folder, self.faults)
        elif self.faults:
            errors.warn(
                f"{file_headers.described(self.folder, self.faults)} Left out.",
                stacklevel=2,
            )
        file_headers.warn_of_remarks(self.folder, self.remarks)
