"""How members of families are spelt: in lists, in modules, in records."""

import dataclasses
import inspect
import re
from typing import NoReturn

from tf_mmdgan import errors

_NAME = r"[^\W\d]\w*"
_STRING = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_DOTTED = re.compile(rf"\s*{_NAME}(?:\.{_NAME})+:{_NAME}")
_SEPARATORS = re.compile(rf"{_STRING}|[,()\[\]]")
# A string; or, as the group "name", a name with a colon before it, which begins
# in no other name: so that no text is looked at once for each of its letters.
OUTSIDE = re.compile(
    rf"{_STRING}|(?P<name>(?<![\w.]){_NAME}(?:\.{_NAME})*:{_NAME})"
)


class Recorded(str):
    """A text out of a run's record, which somebody else may have written.

    What it names is taken from the package's own dictionaries; no module of
    others is imported for it, and no file opened. With --trust_run texts of
    records are plain ones.
    """

    __slots__ = ()


def refuse_recorded(what: str, setting: str | None = None) -> NoReturn:
    """Refuses what a run's record would have done.

    Args:
      what: what would be done, such as "the module evil would be run".
      setting: the flag by which users can name the like themselves.

    Raises:
      UsageError: always.
    """
    other = "" if setting is None else f"name it yourself, --{setting}=..., or "
    raise errors.UsageError(
        f"By the run's record {what}: {other}give --trust_run, if you trust "
        "whoever made the run."
    )


def entries(given: str) -> list[str]:
    """The entries of a list with commas, each once, in order."""
    return list(dict.fromkeys(split(given)))


def split(given: str) -> list[str]:
    """The entries of a list with commas, in order; empty ones are left out.

    A comma inside of parentheses, brackets or quotes belongs to an entry.
    """
    found, depth, start = [], 0, 0
    for token in _SEPARATORS.finditer(given):
        if token[0] == "," and depth <= 0:
            found.append(given[start : token.start()])
            start = token.end()
        depth += (token[0] in "([") - (token[0] in ")]")
    stripped = (entry.strip() for entry in [*found, given[start:]])
    kind = Recorded if isinstance(given, Recorded) else str
    return [kind(entry) for entry in stripped if entry]


def outside_names(given: str) -> list[str]:
    """The names in modules that a text has anywhere, package.module:Name."""
    names = (match["name"] for match in OUTSIDE.finditer(given))
    return [name for name in names if name and is_outside(name)]


def is_outside(given: object) -> bool:
    """Whether a text begins with a name in a module, package.module:Name."""
    return isinstance(given, str) and _DOTTED.match(given) is not None


def text(value: object) -> str:
    """How a record spells a value.

    An expression that `Family.get` reads back, where the value is a name, a
    function, or a dataclass of such and of literals; else its `repr` without
    an address, so that two processes spell alike.
    """
    if isinstance(value, str):
        return value
    spelt = _spell(value)
    foreign = any(match["name"] for match in OUTSIDE.finditer(spelt))
    return spelt if foreign else _without_address(value)


def _spell(value: object) -> str:
    """The value as calls of constructors, foreign ones with their module."""
    if isinstance(value, tuple):
        return f"({' '.join(f'{_spell(part)},' for part in value)})"
    if inspect.isfunction(value):
        return f"{value.__module__}:{value.__qualname__}"
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return _without_address(value)
    made = type(value)
    own = made.__module__.partition(".")[0] == __name__.partition(".")[0]
    arguments = (
        f"{field.name}={_spell(getattr(value, field.name))}"
        for field in dataclasses.fields(value)
        if field.init
    )
    module = "" if own else f"{made.__module__}:"
    return f"{module}{made.__qualname__}({', '.join(arguments)})"


def _without_address(value: object) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
