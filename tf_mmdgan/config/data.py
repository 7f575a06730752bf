"""Which images a tool works on, and how they are read and kept."""

import dataclasses
import os
import pathlib
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import fields, sizes
from tf_mmdgan.config.fields import Named, NamedList, setting
from tf_mmdgan.config.sizes import Size

# Of `ReadConfig`, what is of the machine and of its user: where files are kept,
# how much memory there is, what is allowed.
OF_MACHINE = ("cache_dir", "memory_budget_gb", "download", "follow_links")


def at_home(path: str | os.PathLike[str]) -> pathlib.Path:
    """A path, with the home folder in place of a ~ that it begins with.

    Raises:
      UsageError: for what is no path; and where there is no such folder: of an
        unknown user, or of a process whose user the system does not know.
    """
    try:
        return pathlib.Path(path).expanduser()
    except TypeError:
        raise errors.UsageError(
            f"{errors.excerpt(repr(path), 40)} is no path: give a text or a "
            "pathlib.Path."
        ) from None
    except RuntimeError:
        raise errors.UsageError(
            f"{path}: there is no such home folder; set the environment "
            "variable HOME, or write the whole path."
        ) from None


def user_cache() -> pathlib.Path:
    """Where files of this user are kept, unless somebody names a folder.

    Raises:
      UsageError: as `at_home`.
    """
    # An empty variable counts as unset, and so does a relative path (XDG Base
    # Directory, sections 2 and 3).
    base = os.environ.get("XDG_CACHE_HOME", "")
    found = at_home(base if base.startswith(("/", "~")) else "~/.cache")
    return found / "tf_mmdgan"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadConfig:
    """How images are read and kept, whichever data set they are from."""

    data_dir: str | None = setting(
        None,
        "Folder of the data set's files, where it needs one; of pictures a "
        ".zip too, of --dataset=npz and rows a file.",
        may_change=True,
    )
    label_column: str | None = setting(
        None,
        "Of --dataset=rows: name of the column of classes, which may be words; "
        "columns without names are numbered from 0.",
    )
    cache_dir: str | None = setting(
        None,
        "Folder of decoded pixels; by default tf_mmdgan in $XDG_CACHE_HOME or "
        "~/.cache.",
        may_change=True,
    )
    cache: str = setting(
        "on",
        "Whether decoded pixels and features are kept from one run to the "
        "next.",
        choices=("on", "off"),
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
        "enlarge (the only one of these that makes small images larger), or "
        "published: the data set's own way, which is the default. Pictures of "
        "a folder have antialias by default.",
    )
    fit: str = setting(
        "crop",
        "How pictures come to the shape that is asked for: crop, their middle "
        "is cut out; pad, white is put around them; stretch, one side is "
        "squeezed more than the other.",
        choices=("crop", "pad", "stretch"),
    )
    channels: str = setting(
        "auto",
        "Of pictures in a folder: grey; rgb; rgba, which keeps transparency; "
        "auto, grey if all pictures are, else rgb.",
        choices=("auto", "grey", "rgb", "rgba"),
    )
    value_range: str | None = setting(
        None,
        "LOW,HIGH: the range of numbers in an .npz or .npy of another type "
        "than uint8, such as 0,65535; samples and exports have it again.",
    )
    download: bool = setting(
        False,
        "Fetch what is not there: a data set, and published weights of the "
        "networks that features are taken from.",
        may_change=True,
    )
    skip_unreadable: bool = setting(
        False, "Leave out image files that cannot be read, with a warning."
    )

    follow_links: bool = setting(
        False,
        "Whether links in a folder of images may lead out of it.",
        may_change=True,
    )

    def __post_init__(self):
        fields.settle(self)
        fields.require_choices(self)
        if self.value_range is not None:
            sizes.bounds(self.value_range)
        fields.require_non_negative(self, "memory_budget_gb")

    @property
    def cache_folder(self) -> pathlib.Path:
        """The folder of decoded pixels: `cache_dir`, or its default."""
        if self.cache_dir is not None:
            return pathlib.Path(self.cache_dir)
        return user_cache()

    @property
    def memory_budget(self) -> int:
        """`memory_budget_gb` in bytes."""
        return int(self.memory_budget_gb * 2**30)

    def filled_from(self, run: "ReadConfig") -> "ReadConfig":
        """These settings, with those of `run` in place of defaults.

        But for resize="published", which is what the data set of the run does,
        and no way to resize the images of another.
        """
        values = _read_settings(self)
        taken = _read_settings(run)
        if taken["resize"] == "published":
            taken["resize"] = None
        for field in dataclasses.fields(ReadConfig):
            if values[field.name] == field.default:
                values[field.name] = taken[field.name]
        return ReadConfig(**values)


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataConfig(ReadConfig):
    """One data set, for example `DataConfig(dataset="digits")`.

    For example:

        >>> tm.DataConfig(dataset="digits", image_size=8).dataset
        'digits'
    """

    dataset: Named = setting(
        "digits",
        "Name of the data set; folder: the images in --data_dir; or your own, "
        "package.module:NAME.",
    )
    image_size: Size | None = setting(
        None,
        "Height and width in pixels, one number or such as 48x64; by default "
        "the data set's own.",
    )

    def __post_init__(self):
        super().__post_init__()
        sizes.settle(self)

    @classmethod
    def of(cls, reading: ReadConfig, **settings: Any) -> "DataConfig":
        """The data set of `settings`, read and kept as `reading` says."""
        return cls(**{**_read_settings(reading), **settings})


@dataclasses.dataclass(frozen=True, kw_only=True)
class AugmentedDataConfig(DataConfig):
    """One data set as a model sees it in training."""

    augment: NamedList = setting(
        "",
        "What is done to each image by chance, separated by commas: flip "
        "(left to right), crop (after padding by an eighth), dequantize "
        "(noise of one grey level), or your own, "
        "package.module:function(setting=value).",
    )


def _read_settings(config: ReadConfig) -> dict[str, Any]:
    """The settings of `ReadConfig` alone, of a configuration that has more."""
    return {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(ReadConfig)
    }
