"""Truth values that users give: True and False, and nothing that counts as one.

Any text would count as true, "no" among them.
"""

import dataclasses
from typing import Any

from tf_mmdgan import errors


def check(**values: object) -> None:
    """Raises UsageError for what is neither True nor False, by its name."""
    for name, value in values.items():
        if not isinstance(plain(value), bool):
            shown = errors.excerpt(repr(value), 40)
            raise errors.UsageError(f"{name}={shown}, need True or False.")


def settle(value: Any) -> None:
    """Checks the fields of a data class that are bool, and makes them Python's.

    Raises:
      UsageError: as `check`.
    """
    for field in dataclasses.fields(value):
        if field.type is bool:
            given = getattr(value, field.name)
            check(**{field.name: given})
            object.__setattr__(value, field.name, plain(given))


def plain(value: Any) -> Any:
    """A number or truth value of NumPy as one of Python; others as they are."""
    of_numpy = type(value).__module__ == "numpy"
    scalar = of_numpy and getattr(value, "shape", None) == ()
    return value.item() if scalar else value
