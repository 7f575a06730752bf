"""Which images a tool works on, and how they are read and kept."""

import dataclasses

from tf_mmdgan.config import fields
from tf_mmdgan.config.fields import setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadConfig:
    """How images are read and kept, whichever they are."""

    data_dir: str | None = setting(
        None, "Folder of the data set's files, where it needs one.",
        may_change=True,
    )  # fmt: skip
    cache_dir: str | None = setting(
        None,
        "Folder of decoded pixels; by default tf_mmdgan in $XDG_CACHE_HOME or "
        "~/.cache.",
        may_change=True,
    )
    memory_budget_gb: float = setting(
        4.0,
        "GiB of decoded pixels that a split may take in memory; a larger one "
        "stays in a memory-mapped file.",
        may_change=True,
    )
    resize: str | None = setting(
        None,
        "How images are resized: antialias, area, bilinear, lanczos, nearest, "
        "or enlarge, the only one that makes small images larger; by default "
        "as is published for the data set.",
    )
    download: bool = setting(
        False, "Fetch a data set that is not there.", may_change=True
    )
    skip_unreadable: bool = setting(
        False, "Leave out image files that cannot be read, with a warning."
    )

    def __post_init__(self):
        fields.require_non_negative(self, "memory_budget_gb")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataConfig(ReadConfig):
    """One data set."""

    dataset: str = setting(
        "digits", "Name of the data set; folder: the images in --data_dir."
    )
    image_size: int | None = setting(
        None, "Height and width in pixels; by default the data set's own."
    )

    def __post_init__(self):
        super().__post_init__()
        fields.require_positive(self, "image_size")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AugmentedDataConfig(DataConfig):
    """One data set as a model sees it in training."""

    augment: str = setting(
        "",
        "What is done to each image by chance, separated by commas: flip "
        "(left to right), crop (after padding by an eighth), dequantize "
        "(noise of one grey level).",
    )
