"""Tables of numbers in files: .npy, and .csv with or without names."""

import array
import csv
import dataclasses
import io
import math
import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np

from tf_mmdgan import class_names as names_of_classes
from tf_mmdgan import errors, files
from tf_mmdgan.data.table import check_names

_MOST_BYTES = 2**28  # of text
# Of a row, whose cells become objects before anybody counts them.
_ROW_CHARACTERS = 2**22
_FORMATS = (".npy", ".csv")


@dataclasses.dataclass(frozen=True)
class TableFile:
    """What a file of rows holds.

    Attributes:
      columns: names of the columns of numbers.
      values: float64 [n, d], finite.
      labels: int64 [n], of a table with a column of classes.
      class_names: what stands in that column, in order.
    """

    columns: tuple[str, ...]
    values: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()


def read(path: pathlib.Path, label_column: str | None = None) -> TableFile:
    """Reads rows, and the classes of one of their columns.

    A CSV file has the names of its columns in its first line, unless all that
    stands there are numbers; columns without names are numbered from 0.

    Args:
      path: an .npy file with numbers [n, d], or a .csv file.
      label_column: name of the column of classes, which may be words.

    Raises:
      DataError: for a file that is missing, damaged or something else, and for
        what is no finite number; the message names line and column.
      UsageError: for a column that there is not.
    """
    if path.suffix not in _FORMATS:
        raise errors.DataError(
            f"{path}: a table is a .npy or a .csv file: save it as one."
        )
    reader = _of_array if path.suffix == ".npy" else _of_text
    columns, values, classes = reader(path, label_column)
    if classes is None:
        return TableFile(tuple(columns), values)
    rest = tuple(name for name in columns if name != label_column)
    class_names = _in_order(classes.words)
    if not names_of_classes.is_names(class_names, len(class_names)):
        raise errors.DataError(
            f"{path}: a class in the column '{label_column}' has a name that "
            "is longer than 255 bytes or has a slash."
        )
    places = {name: number for number, name in enumerate(class_names)}
    ordered = np.array([places[word] for word in classes.words], np.int64)
    labels = ordered[classes.numbers]
    return TableFile(rest, values, labels, tuple(class_names))


def _in_order(names: Iterable[str]) -> list[str]:
    """Classes by their names; by their values where all are numbers."""
    by_name = sorted(names)
    try:
        return sorted(by_name, key=_number)
    except ValueError:
        return by_name


class _Classes(NamedTuple):
    """What stands in a column of classes: for a row, words[number].

    Attributes:
      words: of each class, in any order.
      numbers: of the class of each row, integers [n].
    """

    words: Sequence[str]
    numbers: np.ndarray


class _Table(NamedTuple):
    """What is read of a file.

    Attributes:
      columns: names of all columns.
      values: float64 [n, d], of all but the column of classes.
      classes: what stands in that column; None where there is none.
    """

    columns: Sequence[str]
    values: np.ndarray
    classes: _Classes | None


def _of_array(path: pathlib.Path, label_column: str | None) -> _Table:
    found = files.read_npy(path)
    if found.ndim != 2 or found.dtype.kind not in "fiu" or not found.size:
        raise errors.DataError(
            f"{path} holds {found.dtype} of shape {list(found.shape)}: need "
            "numbers [rows, columns]."
        )
    columns = _Header(path, list(map(str, range(found.shape[1]))), label_column)
    values = found.astype(np.float64)
    for row, number in np.argwhere(~np.isfinite(values))[:1]:
        raise columns.wrong(row + 1, number, f"holds {values[row, number]}")
    place = columns.label_place
    if place is None:
        return _Table(columns.names, values, None)
    unequal, numbers = np.unique(found[:, place], return_inverse=True)
    columns.check_classes(len(unequal))
    classes = _Classes(list(map(_written, unequal)), numbers)
    return _Table(columns.names, np.delete(values, place, axis=1), classes)


def _written(number: np.number) -> str:
    """A number with all digits that tell it from others of its type."""
    if isinstance(number, np.integer):
        return str(number)
    # -0.0 + 0.0 is 0.0.
    return np.format_float_positional(number + np.zeros_like(number), trim="-")


class _Header:
    """The columns of a file.

    Args:
      path: of the file, for messages.
      names: of all columns.
      label_column: name of the column of classes, if there is one.

    Attributes:
      names: of all columns.
      label_place: number of the column of classes; None: there is none.

    Raises:
      DataError: for names that are no columns of a table.
      UsageError: for a column of classes that there is not.
    """

    def __init__(
        self, path: pathlib.Path, names: list[str], label_column: str | None
    ):
        check_names(names, path)
        self._path = path
        self.names = names
        self.label_place: int | None = None
        if label_column is None:
            return
        if label_column not in names:
            raise errors.UsageError(
                f"--label_column={label_column}: {path} has the columns "
                f"{errors.listed(names)}."
            )
        if len(names) == 1:
            raise errors.DataError(f"{path} has no column but {label_column}.")
        self.label_place = names.index(label_column)

    def numbers(self, cells: Sequence[str], line: int) -> Iterator[float]:
        """The numbers of a row of text, without its class."""
        for place, cell in enumerate(cells):
            if place == self.label_place:
                continue
            try:
                value = _number(cell)
            except ValueError:
                raise self.wrong(line, place, _held(cell)) from None
            if not math.isfinite(value):
                raise self.wrong(line, place, f"holds {value}")
            yield value

    def word(self, cells: Sequence[str], line: int) -> str:
        """The class of a row of text."""
        assert self.label_place is not None
        cell = cells[self.label_place]
        if not cell:
            raise self.wrong(line, self.label_place, _held(cell))
        return cell

    def check_classes(self, count: int) -> None:
        """Refuses a column of more classes than there can be."""
        if count > names_of_classes.MOST_CLASSES:
            assert self.label_place is not None
            raise errors.DataError(
                f"{self._path}: the column "
                f"'{errors.excerpt(self.names[self.label_place])}' has more "
                f"than {names_of_classes.MOST_CLASSES:,} classes: name one of "
                "fewer."
            )

    def wrong(self, line: int, place: int, what: str) -> errors.DataError:
        """The error for what a column holds."""
        return errors.DataError(
            f"{self._path}: line {line}, column "
            f"'{errors.excerpt(self.names[place])}' {what}, where a value is "
            "needed: fill it in, or leave the row or the column out; a column "
            "of words can be that of classes (--label_column)."
        )


def _held(cell: str) -> str:
    return f"holds '{errors.excerpt(cell)}'" if cell else "holds nothing"


def _of_text(path: pathlib.Path, label_column: str | None) -> _Table:
    columns = None
    # Numbers are kept as such: texts of all cells would take ten times as much.
    values, numbers = array.array("d"), array.array("i")
    words: dict[str, int] = {}
    for line, cells in _lines(path):
        if columns is None:
            named = not all(map(_is_number, cells))
            names = cells if named else list(map(str, range(len(cells))))
            columns = _Header(path, names, label_column)
            if named:
                continue
        if len(cells) != len(columns.names):
            raise errors.DataError(
                f"{path}: line {line} has {len(cells)} cells, and there are "
                f"{len(columns.names)} columns; cells are separated by commas."
            )
        values.extend(columns.numbers(cells, line))
        if columns.label_place is not None:
            word = columns.word(cells, line)
            numbers.append(words.setdefault(word, len(words)))
            columns.check_classes(len(words))
    if columns is None or not values:
        raise errors.DataError(f"{path} holds no rows.")
    rows = np.frombuffer(values)
    if columns.label_place is None:
        return _Table(columns.names, rows.reshape(-1, len(columns.names)), None)
    classes = _Classes(list(words), np.frombuffer(numbers, "i"))
    rows = rows.reshape(-1, len(columns.names) - 1)
    return _Table(columns.names, rows, classes)


def _lines(path: pathlib.Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file that are not empty, each with its line's number.

    Raises:
      DataError: for what is no such file.
    """
    try:
        with files.open_plain(path) as file:
            yield from _rows(path, file)
    except FileNotFoundError:
        raise errors.DataError(f"There is no file {path}.") from None
    except (OSError, UnicodeError) as error:
        raise errors.unreadable(path, error) or errors.DataError(
            f"{path} cannot be read as text: {errors.excerpt(error)}."
        ) from None


def _rows(
    path: pathlib.Path, file: IO[bytes]
) -> Iterator[tuple[int, list[str]]]:
    if os.fstat(file.fileno()).st_size > _MOST_BYTES:
        raise errors.DataError(
            f"{path} is no text of up to {_MOST_BYTES:,} bytes."
        )
    # No line ends are changed: some stand inside of quotes.
    lines = _Lines(io.TextIOWrapper(file, "utf-8-sig", newline=""))
    reader = csv.reader(lines, strict=True)
    try:
        for row in reader:
            lines.left = _ROW_CHARACTERS
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except (csv.Error, _NoLineError) as error:
        # Of lines that are none, the reader has not heard.
        line = reader.line_num + isinstance(error, _NoLineError)
        raise errors.DataError(
            f"{path}: line {line} is no line of a table: {error}."
        ) from None


class _NoLineError(Exception):
    """A line of no table; the message says why."""


class _Lines:
    """The lines of a text, of which a row may have so many characters.

    Attributes:
      left: of the row that is read.
    """

    def __init__(self, text: io.TextIOWrapper):
        self._text = text
        self.left = _ROW_CHARACTERS

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self.left + 1)
        self.left -= len(line)
        if self.left < 0:
            raise _NoLineError(
                f"its row has more than {_ROW_CHARACTERS:,} characters"
            )
        if "\0" in line:
            raise _NoLineError("it holds zeros")
        if not line:
            raise StopIteration
        return line


def _is_number(cell: str) -> bool:
    try:
        return not math.isnan(_number(cell)) or cell.lower() == "nan"
    except ValueError:
        return not cell


def _number(cell: str) -> float:
    """The number that a cell holds.

    Raises:
      ValueError: if it holds none; of 1_000 nobody knows what was meant.
    """
    if "_" in cell:
        raise ValueError(cell)
    return float(cell)
