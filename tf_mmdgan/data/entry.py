"""What is known of a data set beside its loader."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from tf_mmdgan import errors, switches
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data.image_set import ImageSet, Preview
from tf_mmdgan.data.readers.folder_scan import Listing


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """How to load a data set, and what is known before it is loaded.

        >>> entry = tm.DATASETS["digits"]
        >>> entry.image_size, entry.channels, entry.num_classes
        (16, 1, 10)

    Attributes:
      load: load(split, image_size, reading) -> ImageSet. The split is "train"
        or "test"; the size is an integer, or None if the entry's is None, or
        a text HEIGHTxWIDTH if `any_shape`.
      image_size: height and width in pixels, unless another is asked for;
        None: those of the files.
      channels: number of channels; None: that of the files.
      num_classes: number of classes; None: without labels, or as many as the
        files say.
      features: name of the features in which its samples are scored.
      preferred_features: name of those that take their place where their
        weights are installed; None for none. Named for sets in colour.
      kid_block_size: images in a block of the block estimator of KID; None
        for a fifth of the held-out images.
      counts: published number of images of "train" and "test".
      resize: how images are resized unless another way is asked for: in
        `RESIZES`, or "published", which is the data set's own way; None of
        images that are drawn at any size, and of rows.
      any_shape: whether images may be rectangles, and come to their shape in
        any way of `fit`.
      listing: what the files of `reading` are, by their names and sizes alone;
        None of a data set that is told by its pixels.
      preview: preview(split, image_size, reading), what `load` would give, or
        None where the above alone says it; None where it always does, or
        loading takes moments.

    Raises:
      UsageError: for a `load` that cannot be called, and switches of other
        types.
    """

    load: Callable[[str, Any, ReadConfig], ImageSet]
    image_size: int | None
    channels: int | None
    num_classes: int | None
    features: str
    preferred_features: str | None = None
    kid_block_size: int | None = 500
    counts: Mapping[str, int] | None = dataclasses.field(
        default=None, hash=False
    )
    resize: str | None = "published"
    any_shape: bool = False
    listing: Callable[[ReadConfig], Listing] | None = None
    preview: Callable[[str, Any, ReadConfig], Preview | None] | None = None

    def __post_init__(self):
        errors.check_function("load", self.load)
        switches.settle(self)
