"""The data of a run are part of what it is: others are refused.

Names and sizes of files are compared before any is opened, or what the metadata
of a public set say before its images are decoded; pixels, labels and columns
once they are there. A folder that was only moved or copied has the same. For a
run that is only scored, it is told.
"""

import json
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import data, errors
from tf_mmdgan.config import DataConfig, EvaluateConfig, TrainConfig, fields
from tf_mmdgan.config.spelling import text
from tf_mmdgan.training import run_directory

# Of what is recorded of the training images.
_KINDS: dict[str, Any] = {
    "image_shape": list[int], "num_classes": int | None,
    "held_out": str | None, "classes": list[str] | None, "files": str | None,
    "num_files": int | None, "count": int, "images": str,
}  # fmt: skip
# On these pixels depend, beside the files.
_READING = (
    "resize", "fit", "channels", "value_range", "label_column",
    "skip_unreadable", "image_size",
)  # fmt: skip
_TRAINED = "trained on other images or labels"
_SCORED = "scored by other held-out images"
_CHANGED = (
    ", though its files have the same names and sizes: their content has "
    "changed, or another version of Pillow decodes it otherwise"
)


def record(
    config: TrainConfig,
    train: data.ImageSet,
    held_out: object = None,
) -> dict[str, Any]:
    """What a run's record says of its images, as JSON has it.

    Args:
      config: of the run.
      train: its training images.
      held_out: those that score it, uint8 [n, h, w, c].
    """
    listing = data.listing(config)
    return {
        "held_out": _of_held_out(held_out),
        "classes": listing.classes if listing else train.class_names,
        "files": listing and listing.digest,
        "num_files": listing and listing.num_files,
        "count": len(train.images),
        "images": train.digest,
        "table": train.table and train.table.record(),
    }


def check_files(config: TrainConfig) -> None:
    """Refuses files that a run was not trained on, before they are read.

    Args:
      config: of the run, which may be a new one.

    Raises:
      UsageError: for other files; the message says what differs; and for a
        run inside of the folder of its own images.
      DataError: for a folder that cannot be read.
    """
    _refuse_inside(config)
    difference = _difference_of_files(config)
    if difference:
        raise _other(difference)


def check_preview(config: TrainConfig, preview: data.Preview) -> None:
    """Refuses images that a run was not trained on, before they are decoded.

    Args:
      config: of the run, which may be a new one.
      preview: what the metadata of its files say of its training images.

    Raises:
      UsageError: for others; the message says what differs.
    """
    if preview.counted:
        _check_numbers(config, preview, preview.count)


def check_images(config: TrainConfig, train: data.ImageSet) -> None:
    """Refuses images or labels that a run was not trained on.

    Args:
      config: of the run, which may be a new one.
      train: its training images.

    Raises:
      UsageError: for others; the message says what differs.
    """
    _check_numbers(config, train, len(train.images))
    found = _recorded(config)
    if found.get("images", train.digest) != train.digest:
        raise _other(_other_images(config, config, _TRAINED))
    table = train.table and json.loads(json.dumps(train.table.record()))
    if table != found.get("table", table):
        raise _other(
            f"{config.run_dir} was trained on columns of other names or units "
            f"than {place(config)} has"
        )


def _other_images(config: TrainConfig, read: DataConfig, how: str) -> str:
    changed = _CHANGED * bool(_recorded(config).get("files"))
    return f"{config.run_dir} was {how} than {place(read)} has{changed}"


def _check_numbers(
    config: TrainConfig, here: data.ImageSet | data.Preview, count: int
) -> None:
    """Refuses another shape, other numbers of classes or of images."""
    there = _recorded(config)
    named: Sequence[tuple[str, Any, Callable[[Any], str]]] = (
        ("image_shape", list(here.image_shape), _shape),
        ("num_classes", here.num_classes, _number_of_classes),
        ("count", count, "{:,} images".format),
    )
    for name, found, words in named:
        if name in there and there[name] != found:
            raise _other(_differ(config, words(there[name]), words(found)))


def check_held_out(config: TrainConfig, held_out: object) -> None:
    """Refuses to score a run by other images than before.

    Args:
      config: of the run, which may be a new one.
      held_out: uint8 [n, h, w, c].

    Raises:
      UsageError: for others.
    """
    found = _recorded(config)
    if _differs(found, "held_out", _of_held_out(held_out)):
        raise _other(_other_images(config, config, _SCORED))


def _differs(found: Mapping[str, Any], name: str, now: str | None) -> bool:
    """Whether a hash is not that of a record, where both are known."""
    return None not in (now, found.get(name)) and now != found[name]


def _of_held_out(held_out: object) -> str | None:
    """A hash of an array of images, or of rows; None of what is none."""
    if not isinstance(held_out, np.ndarray):
        return None
    return data.digest(held_out)


def check_scored(config: TrainConfig, per_class: bool = False) -> None:
    """Warns where the files that score a run are not those of its training.

    Args:
      config: of the run, with the folder that is read now.
      per_class: whether classes are scored one by one, so that other ones
        would be compared with each other.

    Raises:
      UsageError: if `per_class`, for other files.
    """
    difference = _difference_of_files(config)
    if difference and per_class:
        raise _other(difference)
    if difference:
        _warn(difference)


def warn_of_scored(
    config: EvaluateConfig, run: TrainConfig, held_out: object
) -> None:
    """Warns of held-out images that a run was not scored by before.

    Args:
      config: what the run is scored against; images that it names are no
        held-out ones.
      run: configuration of the run.
      held_out: uint8 [n, h, w, c].
    """
    if config.real is None:
        read = DataConfig.of(
            config.filled_from(run),
            dataset=run.dataset,
            image_size=config.image_size or run.image_size,
        )
        warn_of_pixels(run, read, held_out=held_out)


def warn_of_pixels(
    config: TrainConfig,
    read: DataConfig,
    train: data.ImageSet | None = None,
    held_out: object = None,
) -> None:
    """Warns of images that are not those of a run's training, or of its scores.

    Names and sizes of files do not tell; where they do, `check_scored` has
    warned. Images that are read in another way are none to compare.

    Args:
      config: of the run.
      read: what was read.
      train: its training images.
      held_out: those that score the run, uint8 [n, h, w, c].
    """
    if any(_own(config, name) != _own(read, name) for name in _READING):
        return
    found = _recorded(config)
    told = []
    if train is not None and _differs(found, "images", train.digest):
        told.append(_TRAINED)
    if _differs(found, "held_out", _of_held_out(held_out)):
        told.append(_SCORED)
    listing = data.listing(read) if told else None
    if listing is None or listing.digest == found.get("files"):
        for how in told:
            _warn(_other_images(config, read, how))


def _own(config: DataConfig, name: str) -> Any:
    value = getattr(config, name)
    return None if value == "published" else value  # which is the default


def _warn(difference: str) -> None:
    errors.warn(
        f"{difference}: scores are against what is there now.", stacklevel=4
    )


def _refuse_inside(config: TrainConfig) -> None:
    """Refuses a run whose sample grids would be read as training images."""
    entry = data.DATASET_FAMILY.get(config.dataset)
    if entry.listing is None or config.data_dir is None:
        return
    run_dir = os.path.realpath(config.run_dir)
    data_dir = os.path.realpath(config.data_dir)
    if os.path.commonpath([run_dir, data_dir]) != data_dir:
        return
    below = pathlib.Path(os.path.relpath(run_dir, data_dir)).parts
    if not any(part.startswith(".") and part != "." for part in below):
        raise errors.UsageError(
            f"--run_dir={config.run_dir} lies in --data_dir={config.data_dir}:"
            " the run's sample grids would be read as training images. Name a "
            "folder elsewhere."
        )


def _difference_of_files(config: TrainConfig) -> str | None:
    """How the files of a run's data differ from those that it records."""
    found = _recorded(config)
    if found.get("files") is None:
        return None
    listing = data.listing(config)
    if listing is None or listing.digest == found["files"]:
        return None
    names = listing.classes and list(listing.classes)
    if found["classes"] != names:
        return _other_classes(config, found["classes"], names)
    preview = data.preview(config, "train")
    if preview and list(preview.image_shape) != found["image_shape"]:
        shapes = _shape(found["image_shape"]), _shape(preview.image_shape)
        reason = preview.in_colour and f": {preview.in_colour} is in colour"
        return _differ(config, *shapes) + (reason or "")
    if listing.num_files != found["num_files"]:
        counts = (
            f"{n:,} files" for n in (found["num_files"], listing.num_files)
        )
        return _differ(config, *counts)
    return (
        f"{config.run_dir} was trained on files of other names or sizes than "
        f"{place(config)} has"
    )


def _other(difference: str) -> errors.UsageError:
    return errors.UsageError(
        f"{difference}. Give the images that it was trained on, or name a new "
        "folder with --run_dir."
    )


def _differ(config: TrainConfig, there: str, here: str) -> str:
    return (
        f"{config.run_dir} was trained on {there}, {place(config)} has {here}"
    )


def _recorded(config: TrainConfig) -> dict[str, Any]:
    """What a run's record says of its training images; nothing of a new run.

    Raises:
      DataError: for values of other types than `record` makes.
    """
    path = pathlib.Path(config.run_dir) / run_directory.CONFIG_FILE
    content = run_directory.recorded(path)
    names = ("image_shape", "num_classes")
    found = {name: content[name] for name in names if name in content}
    told = content.get("data", {})
    found |= told if isinstance(told, dict) else {"files": told}
    for name, kind in _KINDS.items():
        if name in found and not fields.fits(found[name], kind):
            raise errors.DataError(
                f"{path} cannot be read by this version: its {name} of the "
                f"data is {errors.excerpt(repr(found[name]))}"
            )
    return {"classes": None, "num_files": None, **found}


def place(config: DataConfig) -> str:
    """Where the data are, for messages."""
    return config.data_dir or text(config.dataset)


def _shape(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _number_of_classes(number: int | None) -> str:
    return f"{number} classes" if number else "images without classes"


def _other_classes(
    config: TrainConfig,
    there: Sequence[str] | None,
    here: Sequence[str] | None,
) -> str:
    if there is None or here is None:
        words = (
            _named(names) if names else "no classes" for names in (there, here)
        )
        return _differ(config, *words)
    lost = [name for name in there if name not in here]
    more = [name for name in here if name not in there]
    parts = [f"lacks {_named(lost)}"] * bool(lost)
    parts += [f"has {_named(more)} besides"] * bool(more)
    return (
        f"{config.run_dir} was trained on {len(there)} classes; "
        f"{place(config)} {' and '.join(parts)}"
    )


def _named(names: Sequence[str]) -> str:
    """The first of some classes, by their names."""
    word = "the class" if len(names) == 1 else "the classes"
    return f"{word} {errors.listed(names)}"
