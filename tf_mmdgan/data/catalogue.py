"""Every data set by name.

To add one, write its loader in a module of `data/sets` and give it a line in
`DATASETS`.

    >>> digits = tm.data.load("digits", "test")
    >>> digits.images.shape, tm.DATASETS["digits"].counts["test"]
    ((500, 16, 16, 1), 500)
"""

import dataclasses
import functools

from tf_mmdgan import errors
from tf_mmdgan.config import DataConfig
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.config.sizes import Size, sides
from tf_mmdgan.config.spelling import Recorded, is_outside, refuse_recorded
from tf_mmdgan.data import resize
from tf_mmdgan.data.entry import DatasetEntry
from tf_mmdgan.data.image_set import ImageSet, Preview
from tf_mmdgan.data.readers.folder_scan import Listing
from tf_mmdgan.data.sets import (
    cifar,
    digits,
    folder,
    lsun,
    mnist,
    npz,
    npz_preview,
    rows,
    synthetic,
    tfds,
)

SPLITS = ("train", "test")


DATASETS: Catalogue[DatasetEntry] = Catalogue("data set", __doc__) | {
    "digits": DatasetEntry(
        load=digits.load,
        image_size=16,
        channels=1,
        num_classes=10,
        features="lenet_digits",
        kid_block_size=100,  # five blocks of the 500 held-out images
        counts={"train": 1_297, "test": 500},
    ),
    "fashion_mnist": DatasetEntry(
        load=mnist.load_fashion_mnist,
        image_size=28,
        channels=1,
        num_classes=10,
        features="lenet_fashion_mnist",
        counts={"train": 60_000, "test": 10_000},
    ),
    "mnist": DatasetEntry(
        load=mnist.load_mnist,
        image_size=28,
        channels=1,
        num_classes=10,
        features="pixels",
        counts={"train": 60_000, "test": 10_000},
    ),
    "folder": DatasetEntry(
        load=folder.load,
        image_size=64,
        channels=None,
        num_classes=None,
        features="thumbnails",
        preferred_features="imagenet",
        kid_block_size=None,
        resize=resize.DEFAULT,
        any_shape=True,
        listing=folder.listing,
        preview=folder.preview,
    ),
    "cifar10": DatasetEntry(
        load=cifar.load_cifar10,
        image_size=32,
        channels=3,
        num_classes=10,
        features="pixels",
        preferred_features="imagenet",
        counts={"train": 50_000, "test": 10_000},
    ),
    "cifar100": DatasetEntry(
        load=cifar.load_cifar100,
        image_size=32,
        channels=3,
        num_classes=100,
        features="pixels",
        preferred_features="imagenet",
        counts={"train": 50_000, "test": 10_000},
    ),
    "stl10": DatasetEntry(
        load=functools.partial(tfds.load, "stl10"),
        preview=functools.partial(tfds.preview, "stl10"),
        image_size=48,
        channels=3,
        num_classes=None,
        features="thumbnails",
        preferred_features="imagenet",
        counts={"train": 100_000, "test": 8_000},
    ),
    "stl10_labelled": DatasetEntry(
        load=functools.partial(tfds.load, "stl10_labelled"),
        preview=functools.partial(tfds.preview, "stl10_labelled"),
        image_size=48,
        channels=3,
        num_classes=10,
        features="thumbnails",
        preferred_features="imagenet",
        counts={"train": 5_000, "test": 8_000},
    ),
    "celeb_a": DatasetEntry(
        load=functools.partial(tfds.load, "celeb_a"),
        preview=functools.partial(tfds.preview, "celeb_a"),
        image_size=160,
        channels=3,
        num_classes=None,
        features="thumbnails",
        preferred_features="imagenet",
        counts={"train": 162_770, "test": 19_962},
    ),
    "lsun_bedroom": DatasetEntry(
        load=lsun.load_bedroom,
        preview=lsun.preview,
        image_size=64,
        channels=3,
        num_classes=None,
        features="thumbnails",
        preferred_features="imagenet",
        counts={"train": 3_023_042, "test": 10_000},
    ),
    "imagenet64": DatasetEntry(
        load=functools.partial(tfds.load, "imagenet64"),
        preview=functools.partial(tfds.preview, "imagenet64"),
        image_size=64,
        channels=3,
        num_classes=1000,
        features="thumbnails",
        preferred_features="imagenet",
        counts={"train": 1_281_167, "test": 50_000},
    ),
    "npz": DatasetEntry(
        load=npz.load,
        preview=npz_preview.preview,
        any_shape=True,
        image_size=None,
        channels=None,
        num_classes=None,
        features="thumbnails",
        preferred_features="imagenet",
        kid_block_size=None,
    ),
    "rows": DatasetEntry(
        load=rows.load,
        image_size=None,
        channels=None,
        num_classes=None,
        features="columns",
        kid_block_size=None,
        resize=None,
    ),
    "synthetic": DatasetEntry(
        load=synthetic.load,
        image_size=32,
        channels=3,
        num_classes=10,
        features="pixels",
        kid_block_size=64,
        resize=None,
        any_shape=True,
        counts={"train": 1_024, "test": 256},
    ),
    "synthetic_grey": DatasetEntry(
        load=functools.partial(synthetic.load, channels=1),
        image_size=32,
        channels=1,
        num_classes=10,
        features="pixels",
        kid_block_size=64,
        resize=None,
        any_shape=True,
        counts={"train": 1_024, "test": 256},
    ),
}


DATASET_FAMILY: Family[DatasetEntry] = Family(
    "data set", DATASETS, DatasetEntry
)


def source_of(text: str) -> tuple[str, str] | None:
    """Data set and split of NAME or NAME/SPLIT; None where it names neither.

    Where no split is named, it is "test".
    """
    name, slash, split = text.rpartition("/")
    if not slash or (is_outside(text) and split not in SPLITS):
        name, split = text, "test"
    known = is_outside(name) or name in DATASETS
    return (name, split or "test") if known else None


def load(config: DataConfig | str, split: str) -> ImageSet:
    """Loads one split of the data set that `config` names.

    For example:

      digits = data.load("digits", "train")
      digits.images  # uint8 [1297, 16, 16, 1]
      config = DataConfig(dataset="folder", data_dir="pictures", image_size=64)
      pictures = data.load(config, "train")

    Args:
      config: which data set, at which size, and how it is read and kept; or its
        name alone.
      split: "train" or "test".

    Raises:
      UsageError: for an unknown data set, split or resize mode, a size out of
        range, or a folder that a run's record names.
      DataError: for missing or damaged files; the message names the remedy.
    """
    if isinstance(config, str):
        config = DataConfig(dataset=config)
    errors.check_type("config", config, DataConfig)
    entry = DATASET_FAMILY.get(config.dataset)
    size = _checked_size(config, split)
    return entry.load(split, size, _own_way(config))


def preview(config: DataConfig, split: str) -> Preview | None:
    """What `load` would give, before it takes long; None where only it tells.

    Of a public set these are the published numbers, where its files do not
    tell.

    Raises:
      UsageError: as of `load`.
      DataError: as of `load`, but for what decoding alone shows.
    """
    entry = DATASET_FAMILY.get(config.dataset)
    size = _checked_size(config, split)
    if entry.preview is not None:
        found = entry.preview(split, size, _own_way(config))
        if found is not None:
            return found
    if size is None or entry.channels is None or entry.counts is None:
        return None
    shape = (*sides(size), entry.channels)
    return Preview(shape, entry.counts[split], entry.num_classes)


def listing(config: DataConfig) -> Listing | None:
    """What the files are by names and sizes; None where pixels alone tell.

    Raises:
      UsageError: for an unknown data set, or a folder that a run's record
        names.
      DataError: for a folder that cannot be read.
    """
    listing_of = DATASET_FAMILY.get(config.dataset).listing
    if listing_of is None:
        return None
    _refuse_recorded(config)
    return listing_of(config)


def _refuse_recorded(config: DataConfig) -> None:
    if isinstance(config.data_dir, Recorded):
        refuse_recorded(f"{config.data_dir} would be read", "data_dir")


def _checked_size(config: DataConfig, split: str) -> Size | None:
    """The size of images, before any loader takes the time to read."""
    entry = DATASET_FAMILY.get(config.dataset)
    _refuse_recorded(config)
    if split not in SPLITS:
        raise errors.UsageError(
            f"Unknown split '{split}'; known: {', '.join(SPLITS)}."
        )
    size = config.image_size or entry.image_size
    if size is not None:
        resize.check_size(size)
    _check_resize(config)
    _check_shape(config, entry)
    return size


def _check_shape(config: DataConfig, entry: DatasetEntry) -> None:
    """Refuses what a set does not let its user choose."""
    if config.channels != "auto" and entry.listing is None:
        raise errors.UsageError(
            f"--channels={config.channels}: is for pictures of a folder; the "
            f"images of '{errors.excerpt(config.dataset)}' have their own."
        )
    if config.value_range and entry.load is not npz.load:
        raise errors.UsageError(
            f"--value_range={config.value_range}: is for arrays, --dataset=npz."
        )
    if entry.any_shape:
        return
    given = {"image_size": config.image_size} | (
        {"fit": config.fit} if config.fit != "crop" else {}
    )
    for name, value in given.items():
        if isinstance(value, str):
            known = [n for n, e in DATASETS.items() if e.any_shape]
            raise errors.UsageError(
                f"--{name}={value}: the images of "
                f"'{errors.excerpt(config.dataset)}' are squares, cut in the "
                f"way of the set. Other shapes have {', '.join(known)}."
            )


def _check_resize(config: DataConfig) -> None:
    own = DATASET_FAMILY.get(config.dataset).resize
    if config.resize in (None, own):
        return
    errors.pick(resize.RESIZES, config.resize, "resize mode")
    if own is None:
        raise errors.UsageError(
            f"resize={config.resize}: there is nothing to resize in "
            f"'{config.dataset}'. Leave resize out."
        )


def _own_way(config: DataConfig) -> DataConfig:
    """The same, without a name for what loaders do by themselves."""
    if config.resize != "published":
        return config
    return dataclasses.replace(config, resize=None)
