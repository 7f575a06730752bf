"""Tables of numbers in files: .npy, and .csv with or without names."""

import csv
import dataclasses
import math
import pathlib
from collections.abc import Sequence

import numpy as np

from tf_mmdgan import class_names as names_of_classes
from tf_mmdgan import errors, files
from tf_mmdgan.data.table import check_names

_MOST_BYTES = 2**28  # of text
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
    if path.suffix == ".npy":
        names, columns = _of_array(path)
    else:
        names, columns = _of_text(path)
    check_names(names, path)
    if label_column is None:
        return TableFile(tuple(names), np.stack(columns.numbers(names), 1))
    if label_column not in names:
        raise errors.UsageError(
            f"--label_column={label_column}: {path} has the columns "
            f"{errors.listed(names)}."
        )
    place = names.index(label_column)
    rest = [name for name in names if name != label_column]
    if not rest:
        raise errors.DataError(f"{path} has no column but {label_column}.")
    numbers = columns.numbers(rest)
    words, labels = np.unique(columns.words(place), return_inverse=True)
    class_names, labels = _in_order(words, labels)
    if not names_of_classes.is_names(list(class_names), len(class_names)):
        raise errors.DataError(
            f"{path}: a class in the column '{label_column}' has a name that "
            "is longer than 255 bytes or has a slash."
        )
    return TableFile(tuple(rest), np.stack(numbers, 1), labels, class_names)


def _in_order(
    names: np.ndarray, labels: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Classes by their names; by their values where all are numbers."""
    try:
        order = np.argsort([float(name) for name in names], kind="stable")
    except ValueError:
        order = np.arange(len(names))
    return tuple(names[order].tolist()), np.argsort(order)[labels]


@dataclasses.dataclass(frozen=True)
class _Columns:
    """Columns of a file by name: cells of text, or numbers.

    Attributes:
      path: of the file, for messages.
      names: of all columns.
      cells: rows of text; or an array [n, k].
      lines: where each row stands in the file, for messages.
    """

    path: pathlib.Path
    names: Sequence[str]
    cells: Sequence[Sequence[str]] | np.ndarray
    lines: Sequence[int]

    def words(self, place: int) -> np.ndarray:
        """What stands in a column, as text."""
        if isinstance(self.cells, np.ndarray):
            self._number(place)  # which refuses what is not finite
            return np.array([_written(n) for n in self.cells[:, place]])
        words = np.array([row[place].strip() for row in self.cells])
        for number in np.flatnonzero(words == "")[:1]:
            raise self._wrong(number, place, "holds nothing")
        return words

    def numbers(self, names: Sequence[str]) -> list[np.ndarray]:
        """The columns of these names, each float64 [n]."""
        return [self._number(self.names.index(name)) for name in names]

    def _number(self, place: int) -> np.ndarray:
        if isinstance(self.cells, np.ndarray):
            column = self.cells[:, place].astype(np.float64)
        else:
            column = np.array(
                [self._parsed(n, place) for n in range(len(self.cells))]
            )
        for number in np.flatnonzero(~np.isfinite(column))[:1]:
            raise self._wrong(number, place, f"holds {column[number]}")
        return column

    def _parsed(self, number: int, place: int) -> float:
        assert not isinstance(self.cells, np.ndarray)
        cell = self.cells[number][place].strip()
        try:
            return float(cell)
        except ValueError:
            what = (
                f"holds '{errors.excerpt(cell)}'" if cell else "holds nothing"
            )
            raise self._wrong(number, place, what) from None

    def _wrong(self, number: int, place: int, what: str) -> errors.DataError:
        return errors.DataError(
            f"{self.path}: line {self.lines[number]}, column "
            f"'{errors.excerpt(self.names[place])}' {what}, where a value is "
            "needed: fill it in, or leave the row or the column out; a column "
            "of words can be that of classes (--label_column)."
        )


def _written(number: np.number) -> str:
    """A number with all digits that tell it from others of its type."""
    if isinstance(number, np.integer):
        return str(number)
    # -0.0 + 0.0 is 0.0.
    return np.format_float_positional(number + np.zeros_like(number), trim="-")


def _of_array(path: pathlib.Path) -> tuple[list[str], _Columns]:
    array = files.read_npy(path)
    if array.ndim != 2 or array.dtype.kind not in "fiu" or not array.size:
        raise errors.DataError(
            f"{path} holds {array.dtype} of shape {list(array.shape)}: need "
            "numbers [rows, columns]."
        )
    names = [str(number) for number in range(array.shape[1])]
    return names, _Columns(path, names, array, range(1, len(array) + 1))


def _of_text(path: pathlib.Path) -> tuple[list[str], _Columns]:
    try:
        text = files.read_text(path, _MOST_BYTES)
    except FileNotFoundError:
        raise errors.DataError(f"There is no file {path}.") from None
    reader = csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise errors.DataError(
            f"{path}: line {reader.line_num} is no line of a table: {error}."
        ) from None
    named = bool(rows) and not all(map(_is_number, rows[0]))
    first = [cell.strip() for cell in rows[0]] if named else []
    names = first or [str(n) for n in range(len(rows[0]) if rows else 0)]
    rows, lines = rows[named:], lines[named:]
    if not rows:
        raise errors.DataError(f"{path} holds no rows.")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise errors.DataError(
                f"{path}: line {line} has {len(row)} cells, and there are "
                f"{len(names)} columns; cells are separated by commas."
            )
    return names, _Columns(path, names, rows, lines)


def _is_number(cell: str) -> bool:
    try:
        return not math.isnan(float(cell)) or cell.strip().lower() == "nan"
    except ValueError:
        return not cell.strip()
