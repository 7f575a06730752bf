"""Names that stand for several settings, and settings that are given."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from tf_mmdgan import errors
from tf_mmdgan.config import fields

# Names of settings, each with its values, which stand for other settings.
Expansions = Mapping[str, Mapping[str, Mapping[str, Any]]]
_LISTED = 20  # of which a message names the known ones
Config = TypeVar("Config")


def given(
    config_class: type[Config], config: Config | None, settings: dict[str, Any]
) -> Config:
    """A configuration with single settings that win over it.

    Args:
      config_class: its class.
      config: the configuration; None: the defaults.
      settings: by the names of fields, or of `EXPANSIONS` of the class.

    Raises:
      UsageError: for an unknown name, an unknown value of an expansion, and
        for what the class refuses.
    """
    for name, table in expansions_of(config_class).items():
        if name in settings:
            others = dict(settings)
            stood_for = stands_for(name, table, others.pop(name))
            settings = typed(config_class, stood_for) | others
    known = [field.name for field in dataclasses.fields(config_class)]  # type: ignore[arg-type]
    for name in settings.keys() - set(known):
        raise errors.UsageError(
            f"{config_class.__name__} has no setting '{name}'."
            + errors.hint(known, name)
        )
    if config is None:
        return config_class(**settings)
    if not isinstance(config, config_class):
        raise errors.UsageError(
            f"Settings are given by name, or as a {config_class.__name__}, not "
            f"as {errors.excerpt(repr(config), 40)}."
        )
    return dataclasses.replace(config, **settings)  # type: ignore[type-var]


def expansions_of(config_class: type) -> Expansions:
    """What stands for several settings of a class, if anything does."""
    return getattr(config_class, "EXPANSIONS", {})


def stands_for(
    name: str, table: Mapping[str, Mapping[str, Any]], value: str
) -> Mapping[str, Any]:
    """The settings for which `value` stands, an entry of an expansion.

    Raises:
      UsageError: for an unknown one; long tables are not listed.
    """
    if len(table) <= _LISTED or value in table:
        return errors.pick(table, value, name)
    raise errors.UsageError(
        f"Unknown {name} '{value}': tf-mmdgan train --{name}=list shows all "
        f"of them.{errors.hint(table, value)}"
    )


def typed(config_class: type, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same settings; of numbers that are written as text, the numbers."""
    found = dict(settings)
    for name, value in settings.items():
        kind = fields.field_type(config_class, name)
        if isinstance(value, str) and kind in (int, float):
            found[name] = kind(value)
    return found
