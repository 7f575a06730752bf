"""Command-line flags derived from a configuration class."""

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any, TypeVar

from absl import flags

from tf_mmdgan import config, errors, files
from tf_mmdgan.config import expansions
from tf_mmdgan.config.data import at_home

Config = TypeVar("Config")

_MOST_FILES, _FILE_BYTES = 100, 2**20  # of flagfiles
_MEANING = {
    "protocol": "Stands for flags by which another tool scores: clean_fid, "
    "pytorch_fid, torch_fidelity; later flags win.",
    "preset": "Stands for widths and steps that suit a CPU: small; later flags "
    "win.",
    "recipe": "Stands for the flags of a recipe that comes with the package; "
    "later flags win; list shows them.",
}
_DEFINE = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define(config_class: type, values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines one flag for each named field of `config_class`."""
    for field in _named(config_class):
        kind = config.field_type(config_class, field.name)
        text, choices = field.metadata["help"], field.metadata["choices"]
        if choices:
            flags.DEFINE_enum(
                field.name, field.default, choices, text, flag_values=values
            )
        else:
            _DEFINE[kind](field.name, field.default, text, flag_values=values)
        # absl's --help shows the flags of the module named sys.argv[0] only.
        values.register_key_flag_for_module(sys.argv[0], values[field.name])
    for name in expansions.expansions_of(config_class):
        flags.DEFINE_string(name, None, _MEANING[name], flag_values=values)
        values.register_key_flag_for_module(sys.argv[0], values[name])


def names(config_class: type) -> list[str]:
    """The flags of `config_class`."""
    own = (field.name for field in _named(config_class))
    return [*expansions.expansions_of(config_class), *own]


def positional(config_class: type) -> str | None:
    """The field that has the arguments without a name; None: there is none."""
    for field in dataclasses.fields(config_class):
        if field.metadata["positional"]:
            return field.name
    return None


def _named(config_class: type) -> "list[dataclasses.Field[Any]]":
    return [
        field
        for field in dataclasses.fields(config_class)
        if not field.metadata["positional"]
    ]


def expanded(
    config_class: type,
    arguments: list[str],
    values: flags.FlagValues = flags.FLAGS,
) -> list[str]:
    """Arguments with the flags that expansions such as --protocol stand for.

    They come behind the expansion, in its place: those before it lose, those
    after it win, in flagfiles too.
    """
    tables, found = expansions.expansions_of(config_class), []
    if not tables:
        return arguments
    rest = iter(values.read_flags_from_files(arguments, force_gnu=False))
    for argument in rest:
        found.append(argument)
        name, equals, value = argument.lstrip("-").partition("=")
        if not argument.startswith("-") or name not in tables:
            continue
        if not equals:
            value = next(rest, "")
            found.append(value)
        settings = expansions.stands_for(name, tables[name], value)
        for flag, setting in settings.items():
            found.append(f"--{flag}={setting}")
    return found


def check_files(arguments: Sequence[str]) -> None:
    """Refuses flagfiles that are no text, or too many: absl believes them all.

    A flagfile may name others.

    Raises:
      UsageError: for what is no text of up to 1 MiB, and for more than 100
        files in all.
    """
    waiting, number = _named_files(arguments), 0
    while waiting:
        path = at_home(waiting.pop())
        number += 1
        if number > _MOST_FILES:
            raise errors.UsageError(f"--flagfile={path}: too many flagfiles.")
        try:
            text = files.read_text(path, _FILE_BYTES)
        except (OSError, errors.DataError) as error:
            reason = getattr(error, "strerror", None) or error
            raise errors.UsageError(f"--flagfile={path}: {reason}") from None
        waiting += _named_files(text.splitlines())


def _named_files(arguments: Sequence[str]) -> list[str]:
    """The flagfiles that arguments, or the lines of a flagfile, name."""
    found = []
    for flag, following in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, path = flag.strip().partition("=")
        if name in ("--flagfile", "-flagfile"):
            found.append(path if equals else following)
    return [path.strip() for path in found if path.strip()]


def read(
    config_class: type[Config],
    values: flags.FlagValues = flags.FLAGS,
    unnamed: Sequence[str] = (),
) -> Config:
    """The configuration that the parsed flags describe.

    Args:
      config_class: its class.
      values: the flags.
      unnamed: arguments without a name.

    Raises:
      UsageError: for values that the class refuses, and for arguments without
        a name where it takes none.
    """
    given = {f.name: values[f.name].value for f in _named(config_class)}
    place = positional(config_class)
    if place is not None:
        given[place] = tuple(unnamed)
    else:
        refuse(unnamed)
    return config_class(**given)


def refuse(unnamed: Sequence[str]) -> None:
    """Raises UsageError for arguments without a name."""
    if unnamed:
        raise errors.UsageError(
            f"Unexpected argument '{unnamed[0]}': settings are given as "
            "--name=value."
        )


def given(
    config_class: type, values: flags.FlagValues = flags.FLAGS
) -> dict[str, Any]:
    """The settings that the command line or its flagfiles have named."""
    return {
        field.name: values[field.name].value
        for field in _named(config_class)
        if values[field.name].present
    }


def parse(config_class: type[Config], arguments: list[str]) -> Config:
    """Reads `arguments`, as on a command line, without global flags."""
    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", "", "", flag_values=values)
    define(config_class, values)
    check_files(arguments)
    _, *unnamed = values(["", *expanded(config_class, arguments, values)])
    return read(config_class, values, unnamed)
