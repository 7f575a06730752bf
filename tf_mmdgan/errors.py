"""The two errors that a user can cause, and checks that raise them.

The command-line tools print the message of either on one line, without a
traceback, and exit with its `exit_code`.
"""

import contextlib
import difflib
from collections.abc import Iterator, Mapping
from typing import TypeVar

Entry = TypeVar("Entry")


class UsageError(ValueError):
    """A setting or a combination of settings that cannot be honoured."""

    exit_code = 2


class DataError(ValueError):
    """A file, an array or a training run that is not what it should be."""

    exit_code = 1


def pick(catalogue: Mapping[str, Entry], name: str, kind: str) -> Entry:
    """Returns `catalogue[name]`.

    Raises:
      UsageError: for an unknown name; the message lists the known ones.
    """
    if name in catalogue:
        return catalogue[name]
    close = difflib.get_close_matches(name, catalogue, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    known = ", ".join(catalogue)
    raise UsageError(f"Unknown {kind} '{name}'; known: {known}.{hint}")


def check_positive(**numbers: int) -> None:
    """Raises UsageError for a number below 1, by its name."""
    for name, value in numbers.items():
        if value < 1:
            raise UsageError(f"{name}={value}, need >= 1.")


@contextlib.contextmanager
def extra(name: str, who_needs: str) -> Iterator[None]:
    """Imports inside of it may fail, for they need an extra of this package.

    Args:
      name: name of the extra.
      who_needs: the beginning of the message, such as "The page needs".

    Raises:
      UsageError: instead of ImportError; the message says what to install.
    """
    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"{who_needs} the package {error.name}: pip install "
            f"'tf_mmdgan[{name}]'."
        ) from error
