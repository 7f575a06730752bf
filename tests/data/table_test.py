import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.data import Table

TABLE = Table(("a", "b,c"), (1.0, -20.0), (0.5, 4.0), "kind", ("red", "blue"))


def test_there_and_back(rng):
    rows = rng.normal(size=(50, 2)) * [0.5, 4.0] + [1.0, -20.0]
    scaled = TABLE.standardised(rows)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, (rows - [1, -20]) / [0.5, 4], rtol=1e-5)
    np.testing.assert_allclose(TABLE.in_units(scaled), rows, rtol=1e-5)


def test_rows_of_another_table_have_the_units_of_this_one(rng):
    other = Table(("a", "b,c"), (3.0, 7.0), (2.0, 1.0))
    rows = rng.normal(size=(50, 2))
    found = TABLE.rows_of(other, other.standardised(rows))
    np.testing.assert_allclose(found, TABLE.standardised(rows), rtol=1e-4)
    given = TABLE.standardised(rows)
    assert TABLE.rows_of(TABLE, given) is given
    turned = Table(("b,c", "a"), *other.units)
    with pytest.raises(errors.DataError, match="columns b,c, a do not compare"):
        TABLE.rows_of(turned, given)


def test_csv():
    rows = np.array([[1.5, -0.25], [1e-9, 3e5]], np.float32)
    lines = TABLE.csv(rows).decode().splitlines()
    assert lines == ['a,"b,c"', "1.5,-0.25", "1e-09,300000.0"]
    lines = TABLE.csv(rows, np.array([1, 0])).decode().splitlines()
    assert lines == ['a,"b,c",kind', "1.5,-0.25,blue", "1e-09,300000.0,red"]
    lines = Table.numbered(2).csv(rows, np.array([1, 0])).decode().splitlines()
    assert lines == ["0,1,label", "1.5,-0.25,1", "1e-09,300000.0,0"]


def test_records_of_others():
    record = TABLE.record()
    assert Table.of_record(record, 2) == TABLE
    for wrong in (
        {"columns": ["a"]},
        {"columns": ["a", 3]},
        {"columns": ["a", "b" * 1000]},
        {"means": [1.0, float("nan")]},
        {"means": [1.0]},
        {"deviations": [1.0, 0.0]},
        {"deviations": [1.0, 1e-60]},
        {"deviations": [1.0, 10**400]},
        {"means": [1.0, 1e60]},
        {"label_column": 3},
        {"class_names": "red"},
    ):
        with pytest.raises(errors.DataError, match="none of 2 columns"):
            Table.of_record(record | wrong, 2)
    with pytest.raises(errors.DataError, match="none of 3 columns"):
        Table.of_record(record, 3)
    odd = Table.of_record(record | {"columns": ["a", "\ud800"]}, 2)
    assert odd.csv(np.zeros((1, 2))) == b"a,\\ud800\n0.0,0.0\n"
    few = Table.of_record(record | {"class_names": ["red"]}, 2)
    assert few.csv(np.zeros((1, 2)), np.array([1])).endswith(b",1\n")
