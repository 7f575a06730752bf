"""Command-line flags derived from a configuration class."""

import dataclasses
import sys
from typing import TypeVar

from absl import flags

from tf_mmdgan import config

Config = TypeVar("Config")

_DEFINE = {
    bool: flags.DEFINE_boolean,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


def define(config_class: type, values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines one flag for each field of `config_class`."""
    for field in dataclasses.fields(config_class):
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


def read(
    config_class: type[Config], values: flags.FlagValues = flags.FLAGS
) -> Config:
    """The configuration that the parsed flags describe.

    Raises:
      UsageError: for values that the class refuses.
    """
    fields = dataclasses.fields(config_class)
    return config_class(**{f.name: values[f.name].value for f in fields})


def parse(config_class: type[Config], arguments: list[str]) -> Config:
    """Reads `arguments`, as on a command line, without global flags."""
    values = flags.FlagValues()
    flags.DEFINE_string("flagfile", "", "", flag_values=values)
    define(config_class, values)
    values(["", *arguments])
    return read(config_class, values)
