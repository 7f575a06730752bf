"""Fields of configurations, with their help, and checks of their values."""

import dataclasses
import functools
import math
import numbers
import os
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from tf_mmdgan import errors, switches
from tf_mmdgan.config import spelling

# A setting that names a member of a family: the text, or in Python the member.
Named = str | object
# The same of several: a list with commas, or in Python a sequence.
NamedList = str | Sequence[object]
Held = TypeVar("Held")
# What a field holds; or of what its class makes that: a name, or a list.
Given: TypeAlias = Held | Any
_RECORDED_CHARACTERS = 4096  # of a text in a record


def setting(
    default: Any,
    text: str,
    choices: Sequence[str] = (),
    may_change: bool = False,
    positional: bool = False,
    most: int | None = None,
    verbatim: bool = False,
) -> Any:
    """A field of a configuration.

    Args:
      default: its value unless another is given.
      text: what `--help` says of it.
      choices: the allowed values; empty: any.
      may_change: whether a run that is continued may have another value of it.
      positional: whether it has no flag, but all arguments of a command line
        that have no name: a tuple of texts.
      most: the largest value that the record of a run is believed in, unless
        it is trusted; None: any.
      verbatim: whether a text that begins with ~ is no path.
    """
    metadata = {
        "help": text, "choices": choices, "may_change": may_change,
        "positional": positional, "most": most,
        "verbatim": verbatim,
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=metadata)


def field_type(config_class: type, name: str) -> type:
    """The plain type of a field: `float` for `float | None`."""
    annotation = _type_hints(config_class)[name]
    if isinstance(annotation, types.UnionType):
        return next(t for t in annotation.__args__ if t is not type(None))
    return annotation


# Cached, for all hints of a class are found at once, of up to a hundred fields.
_type_hints = functools.cache(typing.get_type_hints)


def require(condition: bool, message: str) -> None:
    """Raises UsageError with `message` unless `condition` holds."""
    if not condition:
        raise errors.UsageError(message)


def require_positive(config: Any, *names: str) -> None:
    """Refuses values of 0 or less; None passes."""
    for name in names:
        value = getattr(config, name)
        require(value is None or value > 0, f"--{name}={value}: must be > 0.")


def require_non_negative(config: Any, *names: str) -> None:
    """Refuses values below 0; None passes."""
    for name in names:
        value = getattr(config, name)
        require(value is None or value >= 0, f"--{name}={value}: must be >= 0.")


def require_seed(config: Any) -> None:
    """Refuses a seed that is negative or has more than 63 bits."""
    valid = isinstance(config.seed, int) and 0 <= config.seed < 2**63
    require(valid, f"--seed={config.seed}: must be in [0, 2^63).")


def require_scale(config: Any) -> None:
    """Refuses an enlargement that no picture can be shown at."""
    valid = 1 <= config.scale <= 256
    require(valid, f"--scale={config.scale}: must be in [1, 256].")


# What fits a field of a type, and how messages call it.
_FITTING: dict[type, tuple[type, str]] = {
    str: (str, "a text or a path"),
    bool: (bool, "True or False"),
    int: (numbers.Integral, "an integer"),
    float: (numbers.Real, "a number"),
}


def settle(config: Any) -> None:
    """Makes texts of paths, and refuses values of a type that does not fit.

    Numbers of NumPy become Python's, for records. The home folder is put in
    place of a ~ that a text begins with: shells leave it in --run_dir=~/runs.
    Paths alone begin so, and texts that are verbatim.

    Raises:
      UsageError: naming the field, and what fits.
    """
    hints = _type_hints(config.__class__)
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        settled = switches.plain(value)
        if isinstance(value, os.PathLike):
            settled = os.fspath(value)
        if field.metadata.get("positional"):
            _require_texts(field.name, value)
            settled = tuple(_at_home(os.fspath(path)) for path in value)
        path = not field.metadata.get("verbatim")
        if path and isinstance(settled, str) and settled.startswith("~"):
            settled = _at_home(settled)
        _require_type(field.name, settled, hints[field.name])
        if settled is not value:
            object.__setattr__(config, field.name, settled)


def _at_home(text: str) -> str:
    return type(text)(os.path.expanduser(text))


def _require_texts(name: str, value: Any) -> None:
    """Refuses what is no list of texts or paths; a text is none."""
    texts = not isinstance(value, str) and isinstance(value, Sequence)
    if not texts or not all(isinstance(v, str | os.PathLike) for v in value):
        raise errors.UsageError(
            f"{name}={errors.excerpt(value, 40)}: need a list of texts."
        )


def _require_type(name: str, value: Any, annotation: Any) -> None:
    parts = typing.get_args(annotation) or (annotation,)
    known = [_FITTING[part] for part in parts if part in _FITTING]
    optional = type(None) in parts
    if (value is None and optional) or len(known) + optional < len(parts):
        return
    # To Python truth values are integers too.
    fits = not isinstance(value, bool) or bool in parts
    if not fits or not any(isinstance(value, kind) for kind, _ in known):
        need = " or ".join(words for _, words in known)
        raise errors.UsageError(
            f"--{name}={errors.excerpt(value, 40)}: need {need}."
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise errors.UsageError(f"--{name}={value}: need a finite number.")


def record(config: Any) -> dict[str, Any]:
    """The fields of a configuration as JSON has them, members by their text."""
    values = {
        f.name: getattr(config, f.name) for f in dataclasses.fields(config)
    }
    return {name: as_json(value) for name, value in values.items()}


def check_record(record_class: type, values: Mapping[str, Any]) -> None:
    """Checks that values of a record have the types of their fields.

    Args:
      record_class: the data class that they are for.
      values: as JSON has them, by name; other names are passed over.

    Raises:
      DataError: for another type, numbers that are not finite or do not fit
        64 bits, and texts of more than 4,096 characters.
    """
    for name, annotation in _type_hints(record_class).items():
        if name in values and not fits(values[name], annotation):
            raise errors.DataError(
                f"its {name} is {errors.excerpt(repr(values[name]))}"
            )


def check_bounds(record_class: type, values: Mapping[str, Any]) -> None:
    """Checks that numbers of a record are none that only an attack has.

    Args:
      record_class: the data class that they are for.
      values: those that `check_record` has passed, by name.

    Raises:
      DataError: for one above the `most` of its field.
    """
    for field in dataclasses.fields(record_class):
        value, most = values.get(field.name), field.metadata["most"]
        if most is not None and isinstance(value, int) and value > most:
            raise errors.DataError(
                f"its {field.name} is {value:,}, and a record is believed up "
                f"to {most:,}; give --trust_run, if you trust whoever made it"
            )


def fits(value: Any, annotation: Any) -> bool:
    """Whether a value of JSON has a type, and a usual size.

    Args:
      value: as `json` reads it.
      annotation: a type of JSON, Any, a Literal, lists and dictionaries of
        these, or a union. Integers fit float, truth values fit bool alone.
    """
    if annotation is Any:
        return True
    parts = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case types.UnionType:
            return any(fits(value, part) for part in parts)
        case typing.Literal:
            return isinstance(value, str) and value in parts
        case kind if kind is list:
            return isinstance(value, list) and all(
                fits(entry, parts[0]) for entry in value
            )
        case kind if kind is dict:
            return isinstance(value, dict) and all(
                fits(entry, parts[1]) for entry in value.values()
            )
    kinds = (int, float) if annotation is float else (annotation,)
    return type(value) in kinds and _is_usual(value)


def _is_usual(value: Any) -> bool:
    """Whether a value of a record has a size that somebody may have meant."""
    if isinstance(value, str):
        return len(value) <= _RECORDED_CHARACTERS
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or math.isfinite(value)


def as_json(value: Any) -> Any:
    """A value as JSON has it; members of families by their text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return ",".join(map(spelling.text, value))
    return spelling.text(value)


def require_choices(config: Any) -> None:
    """Refuses values that are none of their field's choices; None passes."""
    for field in dataclasses.fields(config):
        value, choices = getattr(config, field.name), field.metadata["choices"]
        require(
            not choices or value is None or value in choices,
            f"--{field.name}={value}: must be one of {', '.join(choices)}.",
        )


def checkpoint(more: str = "") -> Any:
    """The field that says which weights of a run are taken.

    Args:
      more: what else its help says.
    """
    return setting(
        "last",
        "Checkpoint of a run: the last; the best, that of the lowest KID; or "
        "the number of a step that was scored with --keep_evaluated." + more,
    )


def sampling_steps() -> Any:
    """The field that says in how many steps a generator of several makes."""
    return setting(
        None,
        "Steps from noise to images, of a run with --objective=energy_score; "
        "by default those of the run.",
    )


def trust_run() -> Any:
    """The field that says whether a run's record is believed."""
    return setting(
        False,
        "Whether to load what the run's record names: files, folders, "
        "SavedModels and Python code. Such code is run: say yes only where "
        "you trust whoever made the run.",
        may_change=True,
    )


def checkpoint_name(given: object, *more: str) -> str:
    """The name of a checkpoint; of a step, its number as text.

    Args:
      given: a name, or the number of a step.
      *more: names for several, beside those of single ones.

    Raises:
      UsageError: for a name that no checkpoint has.
    """
    name = str(given)
    known = (*CHECKPOINTS, *more)
    require(
        name in known or name.isdecimal(),
        f"--checkpoint={errors.excerpt(name, 40)}: must be {', '.join(known)} "
        "or the number of a step.",
    )
    return name


def require_checkpoint(config: Any, *more: str) -> None:
    """Refuses a checkpoint that no run has, or of no run.

    `more` are other names for some.
    """
    name = checkpoint_name(config.checkpoint, *more)
    for setting_name, usual in (("checkpoint", "last"), ("weights", "ema")):
        given = getattr(config, setting_name)
        require(
            given == usual or getattr(config, "run_dir", "") is not None,
            f"--{setting_name}={given} is for --run_dir.",
        )
    require(
        name in CHECKPOINTS or config.weights == "ema",
        f"--checkpoint={name}: of single steps the averaged weights alone are "
        "kept; give --weights=ema.",
    )


WEIGHTS = ("ema", "current")
CHECKPOINTS = ("last", "best")
