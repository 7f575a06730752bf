"""Names of classes, as the data have them, and the numbers that they stand for.

A name is kept as it is: with spaces, of any script, of digits alone, with a
leading dash. Where a text could be both, the name of one class and the number
of another, the name wins; an integer is always a number.
"""

import re
from collections.abc import Sequence

import numpy as np

from tf_mmdgan import errors

# Each class has weights of its own in networks; a label is a number of a file.
MOST_CLASSES = 2**16
# No usual file system has names of more bytes.
MOST_BYTES = 255
# Python keeps bytes of a file's name that are no text as surrogates.
_ESCAPED = "surrogateescape"


def number(label: str | int | None, names: Sequence[str] | None) -> int | None:
    """The number of a class that is given by its name or by its number.

        >>> number("shirts", ["lamps", "shirts"]), number("0", ["7", "8"])
        (1, 0)
        >>> number("0", ["1", "0"])  # A name, although there is a class 0.
        1

    Args:
      label: name or number; None for any class.
      names: of all classes; None if they have none.

    Returns:
      The number, which may be none of a class; None for None.

    Raises:
      UsageError: for a text that is neither; the message lists names.
    """
    if not isinstance(label, str):
        return label
    if names and label in names:
        return list(names).index(label)
    # What int() takes besides, such as "+1" and "1_0", nobody means.
    if re.fullmatch(r"-?[0-9]{1,9}", label):
        return int(label)
    shown = errors.excerpt(label, 80)
    if not names:
        raise errors.UsageError(
            f"label={shown}: the classes of this generator have no names; "
            "give the number of one, from 0 on."
        )
    raise errors.UsageError(
        f"label={shown}: no class has this name; known: "
        f"{errors.listed(names, 20)}.{errors.hint(names, label)}"
    )


def is_names(found: object, count: int | None) -> bool:
    """Whether a value of a record is the names of so many classes."""
    return (
        isinstance(found, list | tuple)
        and all(isinstance(name, str) and _is_name(name) for name in found)
        and len(found) == len(set(found)) == count
    )


def _is_name(name: str) -> bool:
    """Whether a folder can have this name."""
    try:
        size = len(_bytes(name))
    except UnicodeEncodeError:
        return False
    return 0 < size <= MOST_BYTES and not {"\0", "/"} & set(name)


def encoded(names: Sequence[str]) -> np.ndarray:
    """Names as a table of bytes, uint8 [k, longest]; zeros fill short rows."""
    rows = [_bytes(name) for name in names]
    width = max(map(len, rows))
    filled = b"".join(row.ljust(width, b"\0") for row in rows)
    return np.frombuffer(filled, np.uint8).reshape(len(rows), width)


def decoded(table: np.ndarray) -> tuple[str, ...]:
    """The names in a table of `encoded`."""
    rows = (row.tobytes().rstrip(b"\0") for row in table)
    return tuple(row.decode("utf-8", _ESCAPED) for row in rows)


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", _ESCAPED)
