"""The two errors that a user can cause, checks that raise them, and messages.

The command-line tools print the message of either on one line, without a
traceback, and exit with its `exit_code`. Messages hold text that others wrote:
names of files, fields of records, answers of servers. Whatever reaches a
terminal goes through `printable`: the text of an error when it is made, for
Python shows it too where nobody catches it.

Messages are written with the flags of the command line, --name=value. In Python
settings are keywords, and so `spoken` shows them, unless a tool has said
`speak_of_flags`.
"""

import contextlib
import difflib
import math
import numbers
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard, TypeVar

Entry = TypeVar("Entry")

# What TensorFlow writes before the reason where a graph fails, and around it.
_BEFORE = re.compile(
    r"Graph execution error|Detected at node|  File |<stack|\d+ root error"
)
_AROUND = re.compile(r"^ *\(\d\) [A-Z_]+: *|\{\{.*?\}\} | \[Op:\w+\]")
# A command, whose flags are typed as they stand; or, as the group "name", a
# flag that stands by itself.
_FLAG = re.compile(
    r"(?:tools/\w+\.py|tf-mmdgan(?:-[\w-]+| \w+)|pip install \S+)(?: -\S+)*"
    r"|(?<![\w/.='\"-])--(?P<name>[a-z]\w*)(?![\w-])"
)
_speaks_of_flags = False


def speak_of_flags(flags: bool = True) -> None:
    """Says whether messages of this process name flags, or keywords."""
    global _speaks_of_flags
    _speaks_of_flags = flags


def spoken(text: object) -> str:
    """A message as whoever reads it gives settings: --steps=0 or steps=0.

    Commands that a message tells to type stay as they are.
    """
    if _speaks_of_flags:
        return str(text)
    return _FLAG.sub(lambda found: found["name"] or found[0], str(text))


class UsageError(ValueError):
    """A setting or a combination of settings that cannot be honoured.

    Attributes:
      setting: name of the setting, where whoever raises the error knows the
        argument but not how it was given: see `naming_settings`.
    """

    exit_code = 2

    def __init__(self, message: str = "", setting: str | None = None):
        super().__init__(one_line(spoken(message)))
        self.setting = setting

    @property
    def with_flag(self) -> str:
        """The message, after the setting's flag, as messages are written."""
        named = f"--{self.setting}: {self}" if self.setting else self
        return spoken(named)


class UnknownName(UsageError, KeyError):
    """A name that a catalogue does not have."""

    # That of KeyError is a quotation of the message.
    __str__ = Exception.__str__


class DataError(ValueError):
    """A file, an array or a training run that is not what it should be."""

    exit_code = 1

    def __init__(self, message: str = ""):
        super().__init__(one_line(spoken(message)))


@contextlib.contextmanager
def naming_settings() -> Iterator[None]:
    """In a `with` block: errors begin with the setting that they are of.

    It is for whatever takes settings of a run by their names.
    """
    try:
        yield
    except UsageError as error:
        error.args, error.setting = (error.with_flag,), None
        raise


def together(*checks: Callable[[], object]) -> None:
    """Calls checks, each of them, and tells at once what is wrong in several.

    Raises:
      UsageError: of one of them, or one with the messages of all.
    """
    raised = []
    for check in checks:
        try:
            check()
        except UsageError as error:
            raised.append(error)
    if len(raised) == 1:
        raise raised[0]
    if raised:
        raise UsageError(" ".join(error.with_flag for error in raised))


def printable(text: object) -> str:
    """`text` with escape sequences for what a terminal would obey or hide.

    That is everything that `str.isprintable` refuses: control characters, line
    ends, marks that change the direction of text, halves of surrogate pairs.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in str(text)
    )


def one_line(text: object) -> str:
    """`text`, printable, with a space in place of each line end."""
    lines = (line.strip() for line in str(text).splitlines())
    return printable(" ".join(filter(None, lines)))


def excerpt(text: object, most: int = 200) -> str:
    """The first line of `text`, printable, cut to `most` characters.

    An empty text is replaced by "no reason given".
    """
    lines = str(text).strip()[: most + 1].splitlines() or ["no reason given"]
    line = printable(lines[0])
    return line if len(line) <= most else f"{line[:most]}..."


def of_graph(message: str) -> str:
    """The line of an error of TensorFlow that says what is wrong."""
    lines = message.splitlines() or [""]
    telling = [line for line in lines if line and not _BEFORE.match(line)]
    return _AROUND.sub("", (telling or lines)[0])


def unreadable(path: object, error: Exception) -> DataError | None:
    """The error for a file that the system does not let this process read.

    Args:
      path: of the file.
      error: what reading it has raised.

    Returns:
      None if the file was read, and is damaged or something else.
    """
    if isinstance(error, OSError) and error.errno:
        return DataError(f"{path} cannot be read ({os.strerror(error.errno)}).")
    return None


@contextlib.contextmanager
def naming(path: object) -> Iterator[None]:
    """In a `with` block: errors of the system name a file, if they name none.

    Of a disk that is full Python does not say which file was written to.
    """
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = str(path)
        raise


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def tell(text: object) -> None:
    """Writes one printable line to stderr, at once, if it is open."""
    if sys.stderr is not None:  # which to `print` would mean stdout
        with messages():
            print(printable(spoken(text)), file=sys.stderr, flush=True)


def warn(text: object, stacklevel: int = 1) -> None:
    """Warns, in one printable line.

    Args:
      text: what is said.
      stacklevel: 1 to name the line that calls this function, 2 for that which
        has called the caller, and so on.
    """
    warnings.warn(one_line(spoken(text)), stacklevel=stacklevel + 1)


def unwatched() -> bool:
    """Whether stderr is no terminal, where a bar of progress would be lines."""
    return sys.stderr is None or not sys.stderr.isatty()


@contextlib.contextmanager
def messages() -> Iterator[None]:
    """Inside of it, what cannot be written is lost; work goes on without.

    Raises:
      BrokenPipeError: where nobody reads any more.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError:
        pass


def pick(catalogue: Mapping[str, Entry], name: object, kind: str) -> Entry:
    """Returns `catalogue[name]`.

    Raises:
      UnknownName: the message lists the known ones.
    """
    if not isinstance(name, str):
        known = ", ".join(catalogue)
        raise UnknownName(f"{kind}: need a name, not {name!r}; known: {known}.")
    if name in catalogue:
        return catalogue[name]
    known = ", ".join(catalogue)
    raise UnknownName(
        f"Unknown {kind} '{name}'; known: {known}.{hint(catalogue, name)}"
    )


def hint(catalogue: Iterable[str], name: str) -> str:
    """The name that was meant by another, as a question; "" if none is near."""
    names = list(catalogue)
    # What begins alike is meant rather than what is as long.
    close = [known for known in names if name and known.startswith(name)]
    close = close or difflib.get_close_matches(name, names, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def check_type(name: str, value: object, wanted: type) -> None:
    """Raises UsageError for what is of another type, with both types."""
    if not isinstance(value, wanted):
        article = "an" if wanted.__name__[0] in "AEIOU" else "a"
        raise UsageError(
            f"{name}: need {article} {wanted.__name__}, not "
            f"{excerpt(value, 40)} (of type {type(value).__name__})."
        )


def check_function(name: str, value: object) -> None:
    """Raises UsageError for what cannot be called, with its type."""
    if not callable(value):
        raise UsageError(
            f"{name}: need a function of tensors, not {excerpt(value, 40)} (of "
            f"type {type(value).__name__})."
        )


def check_finite(**values: object) -> None:
    """Raises UsageError for what is no finite number, by its name."""
    for name, value in values.items():
        if not _is_finite(value):
            raise _wanting(name, value, "a finite number")


def check_above(bound: float, /, **values: object) -> None:
    """Raises UsageError for what is no finite number > bound, by its name."""
    for name, value in values.items():
        if not (_is_finite(value) and value > bound):
            raise _wanting(name, value, f"a number > {bound:g}")


def check_at_least(bound: float, /, **values: object) -> None:
    """Raises UsageError for what is no finite number >= bound, by its name."""
    for name, value in values.items():
        if not (_is_finite(value) and value >= bound):
            raise _wanting(name, value, f"a number >= {bound:g}")


def check_count(least: int, /, **values: object) -> None:
    """Raises UsageError for what is no integer >= least, by its name."""
    for name, value in values.items():
        if not _is_integer(value) or value < least:
            raise _wanting(name, value, f"an integer >= {least}")


def check_seed(**values: object) -> None:
    """Raises UsageError for what is no integer of 64 bits, by its name."""
    for name, value in values.items():
        if not _is_integer(value) or not -(2**63) <= int(value) < 2**63:
            bits = "an integer of 64 bits, -2^63 to 2^63 - 1"
            raise _wanting(name, value, bits)


def _wanting(name: str, value: object, need: str) -> UsageError:
    """The error for a value, of an array the beginning."""
    return UsageError(f"{name}={excerpt(repr(value), 40)}, need {need}.")


# To Python truth values are numbers too.
def _is_integer(value: object) -> TypeGuard[int]:
    return not isinstance(value, bool) and isinstance(value, numbers.Integral)


def _is_finite(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    return math.isfinite(value)


def check_positive(**counts: object) -> None:
    """Raises UsageError for what is no integer >= 1, by its name."""
    for name, value in counts.items():
        if not _is_integer(value):
            raise _wanting(name, value, "an integer >= 1")
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
