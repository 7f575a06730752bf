"""Runs a study: numbers to a file, and a figure from that file."""

import dataclasses
import datetime
import importlib.metadata
import io
import os
import pathlib
import time
from collections.abc import Mapping
from typing import Any

import tf_mmdgan
from tf_mmdgan import errors, files
from tf_mmdgan.config import fields
from tf_mmdgan.reproduction.studies.study import (
    Budget,
    Parts,
    Study,
    plain,
    rounded,
)
from tf_mmdgan.training import run_directory

NUMBERS_FILE = "numbers.json"
FIGURE_FILE = "figure.png"
_PACKAGES = ("numpy", "scipy", "tensorflow", "keras")
# Okabe and Ito 2008, "Color universal design": told apart by all eyes.
_COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00",
    "#000000", "#999999",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudyResult:
    """The outcome of a study.

    Attributes:
      study: its name.
      title: see `Study`, and so for the next three.
      claim: the statement under test.
      source: of the claim.
      threshold: what the numbers must be for the claim to hold.
      caption: the text beside the figure.
      holds: whether the claim holds.
      quick: whether this is the rough answer.
      seeds: of the repetitions.
      seconds: by the clock, including parts of interrupted runs.
      versions: of the packages.
      commit: of the code; None outside of a checkout.
      date: the day in UTC, as 2026-01-31.
      numbers: all that the figure shows.
    """

    study: str
    title: str
    claim: str
    source: str
    threshold: str
    caption: str
    holds: bool
    quick: bool
    seeds: list[int]
    seconds: float
    versions: dict[str, str]
    commit: str | None
    date: str
    numbers: dict[str, Any]


def run(
    name: str,
    study: Study,
    output_dir: str | os.PathLike[str],
    quick: bool,
    workers: int = 1,
) -> StudyResult:
    """Writes NAME/numbers.json and NAME/figure.png in a folder.

    A finished study is only drawn again. A run at full length replaces a quick
    answer, not the other way round. A study that was interrupted goes on from
    its parts; remove the folder to have everything computed anew.

    Args:
      name: of the study.
      study: the study.
      output_dir: the folder.
      quick: whether a rough answer is enough.
      workers: processes that share the runs of a study that has many.

    Raises:
      DataError: for a file of the study that is damaged.
    """
    folder = pathlib.Path(output_dir) / name
    path = folder / NUMBERS_FILE
    result = read_result(path, name, study) if path.exists() else None
    if result is None or (result.quick and not quick):
        result = _compute(
            name, study, study.budget(quick), Parts(folder / "parts", workers)
        )
        files.write_json(path, dataclasses.asdict(result))
    files.write_bytes(folder / FIGURE_FILE, picture(study, result.numbers))
    return result


def _compute(
    name: str, study: Study, budget: Budget, parts: Parts
) -> StudyResult:
    start = time.monotonic()
    numbers = rounded(plain(study.compute(budget, parts)))
    seconds = time.monotonic() - start + parts.remembered_seconds
    return StudyResult(
        study=name,
        **described(study, numbers),
        quick=budget.quick,
        seeds=list(budget.seeds),
        seconds=round(seconds, 1),
        versions={
            "tf_mmdgan": tf_mmdgan.__version__,
            **{p: importlib.metadata.version(p) for p in _PACKAGES},
        },
        commit=run_directory.commit(),
        date=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        numbers=numbers,
    )


def described(study: Study, numbers: Mapping[str, Any]) -> dict[str, Any]:
    """The words of the study, and its verdict and caption for these numbers."""
    return {
        "title": study.title,
        "claim": study.claim,
        "source": study.source,
        "threshold": study.threshold,
        "caption": study.caption(numbers),
        "holds": bool(study.holds(numbers)),
    }


def read_result(
    path: str | os.PathLike[str], name: str, study: Study
) -> StudyResult:
    """The result in a file that `run` wrote.

    Args:
      path: of the file.
      name: of the study.
      study: the study.

    Raises:
      DataError: for a file that is damaged, or of another study.
    """
    try:
        content = files.read_json(path)
        fields.check_record(StudyResult, content)
        result = StudyResult(**content)
        if result.study != name:
            raise errors.DataError(f"it is of {result.study}")
        described(study, result.numbers)
        return result
    except Exception as error:  # A study may raise any.
        raise errors.DataError(
            f"{path} is damaged or no result of this study "
            f"({errors.excerpt(repr(error))}). Remove it; the study is then "
            "run again."
        ) from None


def picture(study: Study, numbers: Mapping[str, Any]) -> bytes:
    """The study's figure of these numbers, a PNG file."""
    # Imported here, for it takes a second to load; and as a figure by itself,
    # for pyplot would keep it and ask for a screen.
    import cycler
    import matplotlib
    from matplotlib import figure

    settings = {
        "axes.prop_cycle": cycler.cycler(color=_COLOURS),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": "medium",
        "font.size": 9.0,
        "image.cmap": "cividis",
        "legend.frameon": False,
    }
    with matplotlib.rc_context(settings):
        sheet = figure.Figure(study.size, dpi=110, layout="constrained")
        study.draw(numbers, sheet)
        buffer = io.BytesIO()
        sheet.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
