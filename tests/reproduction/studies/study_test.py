"""The frame: budgets, remembered parts, JSON."""

import json
import operator

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.reproduction.studies import study


def test_a_budget_chooses():
    assert study.Budget(True, (0,)).steps(10, 2) == 2
    assert study.Budget(False, (0,)).steps(10, 2) == 10


def test_parts_are_computed_once_and_survive_the_process(tmp_path):
    calls = []

    def square(x):
        calls.append(x)
        return {"values": np.array([x**2, np.inf])}

    first = study.Parts(tmp_path).get("square of 3", square, 3)
    parts = study.Parts(tmp_path)
    assert parts.get("square of 3", square, 3) == first
    assert first == {"values": [9.0, None]}
    assert parts.get("square: of 3", square, 4) == {"values": [16.0, None]}
    assert calls == [3, 4]


def test_the_time_of_remembered_parts_counts(tmp_path):
    study.Parts(tmp_path).get("part", int)
    (path,) = tmp_path.iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | {"seconds": 60}))
    parts = study.Parts(tmp_path)
    parts.get("part", int)
    parts.get("new part", int)
    parts.get("new part", int)
    assert parts.remembered_seconds == 60


@pytest.mark.parametrize("workers", [1, 2])
def test_parts_are_shared_out_and_come_in_their_order(tmp_path, workers):
    study.Parts(tmp_path).get("12 / 2", int, 7)
    parts = study.Parts(tmp_path, workers)
    calls = {f"12 / {n}": (12, n) for n in (4, 2)}
    assert parts.get_all(operator.floordiv, calls) == [3, 7]
    assert study.Parts(tmp_path).get("12 / 4", int) == 3
    # Only for the one that was there before was not waited now.
    (kept,) = tmp_path.glob("12_2*")
    assert parts.remembered_seconds == json.loads(kept.read_text())["seconds"]


@pytest.mark.slow
def test_what_a_worker_raises_arrives(tmp_path):
    parts = study.Parts(tmp_path, workers=2)
    calls = {f"1 / {n}": (1, n) for n in (1, 0)}
    with pytest.raises(ZeroDivisionError):
        parts.get_all(operator.floordiv, calls)


def test_a_part_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        study.Parts(tmp_path).get("part", lambda: 1 / 0)
    assert not list(tmp_path.iterdir())


def test_a_damaged_part_is_named(tmp_path):
    study.Parts(tmp_path).get("part", int)
    (path,) = tmp_path.iterdir()
    path.write_text("{")
    with pytest.raises(errors.DataError, match=path.name):
        study.Parts(tmp_path).get("part", int)


def test_numbers_become_what_json_has():
    value = {1: (np.float32(0.5), np.nan), "a": np.arange(2), "b": True}
    assert study.plain(value) == {"1": [0.5, None], "a": [0, 1], "b": True}
    json.dumps(study.plain(value), allow_nan=False)
    assert study.rounded([1 / 3, 12345678.9, 3, None, "x"], 3) == [
        0.333, 12300000.0, 3, None, "x",
    ]  # fmt: skip
