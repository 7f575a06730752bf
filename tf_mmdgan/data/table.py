"""What the columns of a table are, whose rows a generator makes."""

import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import errors

_MOST_COLUMNS = 2**14
_LONGEST = 200  # of a name
# Of numbers in the table's units: float32 has these and their differences.
_LARGEST, _SMALLEST = 1e30, 1e-30


@dataclasses.dataclass(frozen=True)
class Table:
    """The columns of standardised rows, and their units.

    A standardised number is (number - mean) / deviation of its column.

        >>> table = tm.data.Table(("size", "weight"), (1.7, 70.0), (0.1, 10.0))
        >>> table.standardised(np.array([[1.8, 60.0]])).round(3).tolist()
        [[1.0, -1.0]]

    Attributes:
      columns: names of the columns of numbers.
      means: of each column, in its unit.
      deviations: standard deviation of each column, in its unit, > 0.
      label_column: name of the column of classes, if there is one.
      class_names: what stands in that column, by the number of the class.

    Raises:
      DataError: for a mean or a deviation that float32 does not have, for
        there generators make rows.
    """

    columns: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    label_column: str | None = None
    class_names: tuple[str, ...] = ()

    def __post_init__(self):
        for name, *unit in zip(
            self.columns, self.means, self.deviations, strict=True
        ):
            if not _is_unit(*unit):
                raise errors.DataError(
                    f"The column '{errors.excerpt(name)}' has the mean "
                    f"{unit[0]:g} and the deviation {unit[1]:g}: give it in a "
                    f"unit that keeps its numbers below {_LARGEST:g} and its "
                    f"deviation above {_SMALLEST:g}."
                )

    @property
    def units(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Means and deviations."""
        return self.means, self.deviations

    @property
    def tag(self) -> str:
        """A part of identifiers: rows that other units standardise differ."""
        text = json.dumps([self.columns, *self.units])
        return f"-table-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def standardised(self, rows: np.ndarray) -> np.ndarray:
        """Rows [n, d] in the table's units -> float32 [n, d]."""
        scaled = (rows - np.array(self.means)) / np.array(self.deviations)
        return scaled.astype(np.float32)

    def rows_of(self, other: "Table", rows: np.ndarray) -> np.ndarray:
        """Rows that another table has standardised, standardised by this one.

        Args:
          other: a table of the same columns, such as of other rows.
          rows: float32 [n, d].

        Raises:
          DataError: for other columns.
        """
        if self.columns != other.columns:
            raise errors.DataError(
                f"Rows with the columns {errors.listed(other.columns)} do not "
                f"compare with those of {errors.listed(self.columns)}."
            )
        if self.units == other.units:
            return rows
        means, deviations = map(np.array, other.units)
        return self.standardised(rows.astype(np.float64) * deviations + means)

    def in_units(self, rows: np.ndarray) -> np.ndarray:
        """Standardised rows [n, d] -> float32 [n, d] in the table's units."""
        means, deviations = (
            np.array(numbers, np.float32)
            for numbers in (self.means, self.deviations)
        )
        return rows * deviations + means

    def csv(self, rows: np.ndarray, labels: np.ndarray | None = None) -> bytes:
        """A file of rows in the table's units, with a line of names.

        Args:
          rows: [n, d], in these units.
          labels: numbers of their classes, which become the last column.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        classed = [] if labels is None else [self.label_column or "label"]
        writer.writerow([*self.columns, *classed])
        for number, row in enumerate(rows):
            cells = [str(value) for value in row]
            if labels is not None:
                cells.append(self._class_name(int(labels[number])))
            writer.writerow(cells)
        # A record may have halves of surrogate pairs, which no file has.
        return text.getvalue().encode(errors="backslashreplace")

    def _class_name(self, label: int) -> str:
        named = label < len(self.class_names)
        return self.class_names[label] if named else str(label)

    def record(self) -> dict[str, Any]:
        """What `of_record` reads, as JSON has it."""
        return dataclasses.asdict(self)

    @classmethod
    def of_record(cls, record: Mapping[str, Any], width: int) -> "Table":
        """The table of a record, which others may have written.

        Args:
          record: as of `record`.
          width: number of columns that there must be.

        Raises:
          DataError: for what is none of that many columns.
        """
        if not _is_record(record, width):
            raise errors.DataError(
                f"its table is none of {width} columns with names, means and "
                "deviations"
            )
        return cls(
            tuple(record["columns"]),
            tuple(record["means"]),
            tuple(record["deviations"]),
            record.get("label_column"),
            tuple(record["class_names"]),
        )

    @classmethod
    def numbered(cls, width: int) -> "Table":
        """A table of which nothing is known but its number of columns."""
        names = tuple(map(str, range(width)))
        return cls(names, (0.0,) * width, (1.0,) * width)


def _is_record(record: Mapping[str, Any], width: int) -> bool:
    names, classes = record.get("columns"), record.get("class_names")
    label = record.get("label_column")
    return (
        _are(names, str, width)
        and _are(record.get("means"), float, width)
        and _are(record.get("deviations"), float, width)
        and all(map(_is_unit, record["means"], record["deviations"]))
        and (label is None or _is_name(label))
        and isinstance(classes, list | tuple)
        and _are(classes, str, len(classes))
    )


def _are(values: Any, kind: type, count: int) -> bool:
    if not isinstance(values, list | tuple) or len(values) != count:
        return False
    if kind is str:
        return all(map(_is_name, values))
    return all(type(value) in (int, float) for value in values)


def _is_unit(mean: float, deviation: float) -> bool:
    return abs(mean) <= _LARGEST and _SMALLEST <= deviation <= _LARGEST


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def check_names(names: Sequence[str], source: object) -> None:
    """Refuses names of columns that are too many, too long, or twice there.

    Raises:
      DataError: for such names.
    """
    if not 0 < len(names) <= _MOST_COLUMNS:
        raise errors.DataError(
            f"{source} has {len(names):,} names: need 1 to {_MOST_COLUMNS:,}."
        )
    seen: set[str] = set()
    for name in names:
        if name in seen or not 0 < len(name) <= _LONGEST:
            raise errors.DataError(
                f"{source}: the name '{errors.excerpt(name)}' is there twice, "
                f"empty, or longer than {_LONGEST} characters."
            )
        seen.add(name)
