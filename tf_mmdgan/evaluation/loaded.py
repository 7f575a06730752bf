"""Images to score, what was done to them, and how they are shown."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config.sizes import Size
from tf_mmdgan.data import Table, resize
from tf_mmdgan.data.readers.pictures import Pictures
from tf_mmdgan.features import (
    Extracted,
    FeatureExtractor,
    Images,
    in_batches,
)
from tf_mmdgan.images import as_picture, opaque
from tf_mmdgan.metrics import Moments, shuffled_order

NOBODY = "unknown"  # what made features, where no file says it
_SHOWN_SIZE = 256  # larger images are shown smaller than they are


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What was done to images before an extractor sees them.

    Attributes:
      tag: what was asked for, as a part of identifiers: features of images
        that were prepared in another way do not compare.
      told: what was done, in words.
      remarks: what else a reader of the scores should know of the images.
    """

    tag: str = ""
    told: str = ""
    remarks: tuple[str, ...] = ()

    @classmethod
    def squares(
        cls,
        size: Size,
        mode: str,
        fit: str = "crop",
        remarks: tuple[str, ...] = (),
    ) -> "Preparation":
        """Images of a size, resized by the filter `mode` in the way `fit`."""
        if fit == "crop":
            part = "squares" if isinstance(size, int) else "parts"
            told = f"middle {part}, brought to that size by {mode}"
            return cls(f"-square-{size}-{mode}", told, remarks)
        how = {"pad": "padded with white", "stretch": "stretched"}[fit]
        told = f"whole, {how}, brought to that size by {mode}"
        return cls(f"-{fit}-{size}-{mode}", told, remarks)


@dataclasses.dataclass(frozen=True, eq=False)
class StoredFeatures:
    """Features of images that are not at hand, from a file.

    Attributes:
      found: features, and class probabilities if there are any.
      made_with: identifier of the extractor, if the file says it.
      shapes: none, for nothing is known of the images.
    """

    found: Extracted
    made_with: str | None = None
    shapes: ClassVar[Mapping[tuple[int, int, int], int]] = {}

    @property
    def width(self) -> int:
        """Number of features."""
        return self.found.features.shape[1]

    def __len__(self) -> int:
        return len(self.found.features)

    def __getitem__(self, rows: np.ndarray) -> "StoredFeatures":
        """Those of some images."""
        features, classes = self.found
        some = None if classes is None else classes[rows]
        found = Extracted(features[rows], some)
        return dataclasses.replace(self, found=found)


@dataclasses.dataclass(frozen=True, eq=False)
class StoredMoments:
    """Moments of features of images that are not at hand, from a file.

    Attributes:
      moments: of the features.
      made_with: identifier of the extractor, if the file says it.
      shapes: none, for nothing is known of the images.
    """

    moments: Moments
    made_with: str | None = None
    shapes: ClassVar[Mapping[tuple[int, int, int], int]] = {}

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.moments.mean)


Kept = StoredFeatures | StoredMoments
# What can be scored: images, or what was found in some.
Content = Images | StoredFeatures


class FeaturesOfFiles(FeatureExtractor):
    """Stands where an extractor does, if all features are from files."""

    name = "features of files"

    def __init__(self, sets: Sequence[Kept], otherwise: str = NOBODY):
        """Takes the identifier that files say, or else another."""
        names = [s.made_with for s in sets if s.made_with is not None]
        self.identifier = names[0] if names else otherwise
        self.classifies = all(
            isinstance(s, StoredFeatures) and s.found.probabilities is not None
            for s in sets
        )

    def __call__(self, images: np.ndarray) -> Extracted:
        """Refuses images, of which no features are known."""
        raise errors.UsageError(
            "--features is missing: name the extractor of the images."
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Loaded:
    """Images to score.

    Attributes:
      images: in an array, or in files that are read when they are needed; or
        the features of images.
      source: where they come from.
      prepared: what was done to them.
      table: of rows in place of images, the one that has standardised them.
    """

    images: Content | StoredMoments
    source: str
    prepared: Preparation = Preparation()
    table: Table | None = None

    def __len__(self) -> int:
        return len(self.content)

    @property
    def content(self) -> Content:
        """Images or their features.

        Raises:
          UsageError: where there are moments alone.
        """
        if isinstance(self.images, StoredMoments):
            raise errors.UsageError(
                f"{self.source} holds moments, which allow FID alone."
            )
        return self.images

    @property
    def pixels(self) -> Images:
        """The images themselves.

        Raises:
          UsageError: where there are none.
        """
        if isinstance(self.images, Kept):
            raise errors.UsageError(
                f"{self.source} holds features, where images are needed."
            )
        return self.images

    @property
    def shapes(self) -> Mapping[tuple[int, int, int], int]:
        """How many images have the shape [h, w, c], for each shape."""
        return shapes_of(self.images)

    def in_colour(self) -> "Loaded":
        """The same with three channels, grey levels repeated; says so."""
        if isinstance(self.images, Pictures):
            images: Images = self.images.in_colour()
        else:
            images = np.repeat(np.asarray(self.pixels), 3, axis=-1)
        remark = f"{self.source}: grey levels are repeated for three channels."
        return dataclasses.replace(self, images=images).remarked(remark)

    def over_white(self) -> "Loaded":
        """The same with three channels, where there are four; says so."""
        if {shape[2:] for shape in self.shapes} != {(4,)}:
            return self
        images = opaque(np.asarray(self.pixels))
        remark = f"{self.source}: transparent pixels are laid over white."
        return dataclasses.replace(self, images=images).remarked(remark)

    def standardised_by(self, table: Table) -> "Loaded":
        """The same rows, if they are any, standardised and tagged by a table.

        Raises:
          DataError: for rows of other columns.
        """
        if self.table is None:
            return self
        rows = table.rows_of(self.table, np.asarray(self.pixels))
        made = dataclasses.replace(self, images=rows, table=table)
        made = made.tagged(table.tag)
        if rows is self.images:
            return made
        return made.remarked(
            f"{self.source}: standardised by the table of the other rows."
        )

    def tagged(self, tag: str) -> "Loaded":
        """The same with another tag."""
        prepared = dataclasses.replace(self.prepared, tag=tag)
        return dataclasses.replace(self, prepared=prepared)

    def remarked(self, *remarks: str) -> "Loaded":
        """The same, with more remarks."""
        every = self.prepared.remarks + remarks
        prepared = dataclasses.replace(self.prepared, remarks=every)
        return dataclasses.replace(self, prepared=prepared)


def of_files(*sets: Loaded, otherwise: str = NOBODY) -> FeaturesOfFiles:
    """What stands for an extractor of sets that are all features of files.

    Args:
      *sets: from the files.
      otherwise: its identifier where no file says one.
    """
    contents = [images.images for images in sets]
    return FeaturesOfFiles(
        [stored for stored in contents if isinstance(stored, Kept)], otherwise
    )


def shapes_of(
    images: Content | StoredMoments,
) -> Mapping[tuple[int, int, int], int]:
    """How many images have the shape [h, w, c], for each shape."""
    if isinstance(images, np.ndarray):
        return {images.shape[1:]: len(images)}
    return images.shapes


def described(
    shapes: Iterable[tuple[int, ...]],
    prepared: Preparation,
    extractor: FeatureExtractor,
) -> str:
    """What was done to images before features were found, for a report.

    Args:
      shapes: of the images that the extractor gets, [h, w, c].
      prepared: what was done to them before.
      extractor: what does the rest.
    """
    shapes = sorted(shapes)
    if not shapes:
        return prepared.told
    if extractor.of_rows:
        return f"{shapes[0][0]} columns, standardised by the training rows"
    sizes = f"{_size(shapes[0])} pixels"
    if len(shapes) > 1:
        sizes = f"{len(shapes)} sizes, {_size(shapes[0])} to "
        sizes += f"{_size(shapes[-1])} pixels"
    told = " or ".join(sorted({extractor.told(shape) for shape in shapes}))
    return "; ".join(part for part in (sizes, prepared.told, told) if part)


def for_page(
    images: Images, rows: Sequence[int] | np.ndarray
) -> np.ndarray | None:
    """Images for a page, uint8 [k, h, w, c]; None of rows of a table.

    They are as they are where all are of one size, which is no large one; else
    their middle squares, of 256 pixels.
    """
    if isinstance(images, np.ndarray) and images.ndim == 2:
        return None
    chosen = images[np.asarray(rows)]
    batches = list(in_batches(chosen))
    (height, width, _), *others = {batch.shape[1:] for batch in batches}
    if not others and max(height, width) <= _SHOWN_SIZE:
        return np.concatenate(batches)
    mode = resize.RESIZES["enlarge"]
    return np.stack(
        [
            resize.fitted(as_picture(image), _SHOWN_SIZE, mode)
            for batch in batches
            for image in batch
        ]
    )


def _size(shape: Sequence[int]) -> str:
    return f"{shape[0]} x {shape[1]}"


def shuffled(found: Extracted, seed: int) -> Extracted:
    """The same rows in an order of chance, a function of the seed."""
    order = shuffled_order(len(found.features), seed)
    classes = found.probabilities
    return Extracted(
        found.features[order], None if classes is None else classes[order]
    )
