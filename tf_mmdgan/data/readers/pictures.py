"""The pictures of a folder, decoded when they are needed, never all at once."""

import dataclasses
import functools
import itertools
import os
import pathlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from typing import NamedTuple

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config.sizes import Size, sides
from tf_mmdgan.data import resize
from tf_mmdgan.data.readers import decode, folder_scan, headers

# The most pictures, and their pixels, that are decoded at a time.
_BATCH = 64
_PIXELS = 2**25


class Square(NamedTuple):
    """What pictures are brought to, where a size is asked for.

    Attributes:
      size: height and width in pixels.
      mode: name in `resize.RESIZES`.
      fit: how they come to that shape: see `resize.fitted`.
    """

    size: Size
    mode: str
    fit: str = "crop"


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Pictures:
    """Pictures of a folder, each of its own size: batches, one after another.

        pictures = open_folder("photos")
        for batch in pictures:  # uint8 [b, h, w, c], all of one size
            ...
        pictures[[5, 2]]  # two of them, in this order

    Attributes:
      folder: where the files are.
      files: the name of each picture in the folder, and its header.
      channels: 1 for grey levels, as where all pictures of the folder are grey;
        else 3.
      listing: a text that changes with any name or content of the folder, and
        with the choice of pictures.
      square: the size to which they are brought; None for whole pictures as
        they are.
    """

    folder: pathlib.Path
    files: Sequence[tuple[str, decode.Header]]
    channels: int
    listing: str
    square: Square | None = None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, rows: Sequence[int] | np.ndarray) -> "Pictures":
        """The pictures of these numbers, in their order."""
        chosen = [self.files[row] for row in rows]
        numbers = ",".join(map(str, rows))
        return dataclasses.replace(
            self, files=chosen, listing=f"{self.listing}[{numbers}]"
        )

    @property
    def digest(self) -> str:
        """A text that changes with any pixel."""
        return f"{self.listing} {self.channels} {self.square}"

    @property
    def shapes(self) -> Counter[tuple[int, int, int]]:
        """How many pictures have the shape [h, w, c], for each shape."""
        if self.square is not None:
            shape = (*sides(self.square.size), self.channels)
            return Counter({shape: len(self)})
        return Counter(
            (*header.upright, self.channels) for _, header in self.files
        )

    def in_colour(self) -> "Pictures":
        """The same with three channels; grey pictures are repeated."""
        return dataclasses.replace(self, channels=3)

    def in_grey(self) -> "Pictures":
        """The same with one channel; colours become grey levels."""
        return dataclasses.replace(self, channels=1)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Batches uint8 [b, h, w, c] of neighbours of one size.

        Raises:
          DataError: for a file that cannot be decoded.
        """
        count = self._at_once()
        workers = headers.num_workers(header for _, header in self.files)
        names = [name for name, _ in self.files]
        remarks: dict[str, str] = {}
        read = functools.partial(self._read, remarks)
        with futures.ThreadPoolExecutor(workers) as pool:
            for start in range(0, len(names), count):
                images = pool.map(read, names[start : start + count])
                for _, same in itertools.groupby(images, lambda x: x.shape):
                    first, *others = same
                    # A large one alone is not copied.
                    yield np.stack([first, *others]) if others else first[None]
        headers.warn_of_remarks(self.folder, remarks)

    def _at_once(self) -> int:
        largest = max(header.width * header.height for _, header in self.files)
        return max(1, min(_BATCH, _PIXELS // largest))

    def _read(self, remarks: dict[str, str], name: str) -> np.ndarray:
        """One picture, uint8 [h, w, c]; what is to be said of it is noted."""
        try:
            image = decode.decode(
                folder_scan.source(self.folder, name),
                "L" if self.channels == 1 else "RGB",
                functools.partial(remarks.__setitem__, name),
            )
        except decode.UnreadableError as error:
            headers.refuse(self.folder, {name: str(error)})
            raise
        if self.square is None:
            width, height = image.size
            return np.asarray(image).reshape(height, width, self.channels)
        size, mode, fit = self.square
        return resize.fitted(image, size, resize.RESIZES[mode], fit)


def open_folder(
    folder: str | os.PathLike[str],
    square: Square | None = None,
    split: str | None = None,
    skip_unreadable: bool = False,
    follow_links: bool = False,
) -> Pictures:
    """The pictures in a folder and in all folders below it.

    They are in the order of their names. They are grey if all of the folder
    are, else in colour; transparent pixels are laid over white.

    Args:
      folder: the folder, or a ZIP archive of one.
      square: the size that they are brought to, if there is one.
      split: "train" or "test", as `folder_scan.is_held_out` tells them apart;
        None for all.
      skip_unreadable: whether files that cannot be decoded are left out, with
        a warning; each is then decoded once to see it.
      follow_links: whether links may lead out of the folder.

    Raises:
      UsageError: for an unknown mode, or a size out of range.
      DataError: for a folder without pictures or with none in the split, for
        files that are unreadable or too small, and for links that lead out.
    """
    folder = pathlib.Path(folder)
    if square is not None:
        resize.check_size(square.size)
        errors.pick(resize.RESIZES, square.mode, "resize mode")
    files = folder_scan.scan(folder, follow_links)
    found, faults = headers.inspect(folder, tuple(files))
    if skip_unreadable:
        found, faults = _decodable(folder, found, faults)
    elif faults:
        headers.refuse(folder, faults)
    if square is not None and not resize.RESIZES[square.mode].enlarges:
        headers.check_sizes(folder, found, square.size, square.fit)
    chosen = [
        (name, header)
        for name, header in found.items()
        if split is None or folder_scan.is_held_out(name) == (split == "test")
    ]
    if not chosen:
        raise errors.DataError(
            f"None of the {len(found)} sound images in {folder} is in the "
            f"split '{split}': name the folder itself, for all of them."
        )
    grey = all(header.grey for header in found.values())
    listing = f"{folder_scan.digest(files)} {split} {sorted(faults)}"
    return Pictures(
        folder=folder,
        files=chosen,
        channels=1 if grey else 3,
        listing=listing,
        square=square,
    )


def _decodable(
    folder: pathlib.Path,
    found: Mapping[str, decode.Header],
    faults: Mapping[str, str],
) -> tuple[dict[str, decode.Header], dict[str, str]]:
    """Leaves out files that cannot be decoded, with a warning."""

    def fault(name: str) -> str | None:
        try:
            decode.decode(folder_scan.source(folder, name), "RGB")
        except decode.UnreadableError as error:
            return str(error)
        return None

    every = dict(faults)
    if found:
        with futures.ThreadPoolExecutor(
            headers.num_workers(found.values())
        ) as pool:
            faulty = zip(found, pool.map(fault, found), strict=True)
            every |= {name: why for name, why in faulty if why is not None}
    if len(every) >= len(found) + len(faults):
        headers.refuse(folder, every)
    if every:
        errors.warn(
            f"{headers.described(folder, every)} Left out.", stacklevel=3
        )
    return {n: header for n, header in found.items() if n not in every}, every
