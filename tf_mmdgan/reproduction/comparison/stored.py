"""What earlier runs have left, of which nobody knows who wrote it."""

import os
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tf_mmdgan import errors, files
from tf_mmdgan.config import fields
from tf_mmdgan.reproduction.comparison.cells import run_folder
from tf_mmdgan.reproduction.comparison.results import Result

# Scores that are texts; the others are numbers, or None.
_TEXTS = ("samples", "kid_protocol")
_NAME = re.compile(r"[\w.-]{1,100}")


def read_results(output_dir: str | os.PathLike[str]) -> list[Result]:
    """All results of a comparison, in no order.

    A file that is damaged, or something else, is left out with a warning.
    """
    results = []
    for path in pathlib.Path(output_dir).glob("*/*/seed_*.json"):
        try:
            results.append(_read(path, output_dir))
        except (OSError, ValueError, TypeError) as error:
            errors.warn(
                f"{path} is left out: it is damaged or no result "
                f"({errors.excerpt(error)}). Remove it; its run is then scored "
                "again."
            )
    return results


def _read(path: pathlib.Path, output_dir: str | os.PathLike[str]) -> Result:
    """The result in a file.

    Raises:
      DataError: for fields of other types, for a result without the numbers
        that a table shows, and for that of another place.
      TypeError: for other fields.
    """
    content = files.read_json(path)
    fields.check_record(Result, content)
    result = Result(**content)
    for name in result.scores:
        _check(result.scores, name, str if name in _TEXTS else float | None)
    for owner, name, kind in _shown(result):
        _check(owner, name, kind)
    place = run_folder(output_dir, *result.key)
    named = all(map(_NAME.fullmatch, (result.data, result.method)))
    if not named or path != place.with_name(f"{place.name}.json"):
        raise errors.DataError("it is the result of another run")
    return result


def _shown(result: Result) -> Iterator[tuple[Mapping[str, Any], str, Any]]:
    """What tables and curves show of a result: where it is, name and type."""
    scores = result.scores
    if result.status == "done" and "kid" in scores:
        yield scores, "kid", float | None
        yield scores, "kid_standard_error", float | None
    elif result.status == "done":
        yield scores, "modes_covered", int
        yield scores, "high_quality", float
    if result.curve:
        for name in ("precision", "recall", "blank_share"):
            yield scores, name, float
    if "copies" in scores:
        for name in ("copies", "hits", "hits_in_training"):
            yield scores, name, int
    for point in result.curve:
        yield point, "step", int
        yield point, "cpu_seconds", float | None
        yield point, "kid", float
        yield point, "fid", float


def _check(owner: Mapping[str, Any], name: str, kind: Any) -> None:
    if name not in owner:
        raise errors.DataError(f"it has no {name}")
    if not fields.fits(owner[name], kind):
        raise errors.DataError(f"its {name} is {errors.excerpt(owner[name])}")


def read_claims(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `claims.decide` has given, from a file.

    Raises:
      FileNotFoundError: if there is none.
      DataError: for a file that is damaged or something else.
    """
    decided = files.read_json(path)
    try:
        for claim in decided.values():
            if not isinstance(claim, dict):
                raise errors.DataError("it has other values than claims")
            for name in ("text", "source", "verdict"):
                _check(claim, name, str)
            _check(claim, "seeds", list[dict[str, float]])
            for row in claim["seeds"]:
                _check(row, "difference", float)
                _check(row, "p_value", float)
    except errors.DataError as error:
        raise errors.DataError(
            f"{path} is damaged or holds no claims ({error}): remove it; "
            "--rescore writes it anew."
        ) from None
    return decided


def read_rows(
    path: str | os.PathLike[str], names: tuple[str, ...]
) -> tuple[np.ndarray, ...]:
    """Arrays of finite numbers, [n, d] each, of an .npz file.

    Raises:
      DataError: for a file that is missing or damaged, or has others.
    """
    found = files.read_npz(path, names)
    for name in names:
        rows = found.get(name, np.empty(0))
        sound = rows.ndim == 2 and rows.dtype.kind == "f" and rows.size
        if not sound or not np.isfinite(rows).all():
            raise errors.DataError(
                f"{path} has no array {name} of finite numbers [n, d]: remove "
                "it; its run is then scored again."
            )
    return tuple(found[name] for name in names)
