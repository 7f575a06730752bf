"""The few numbers of a report that a reader looks for first."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Scores = Mapping[str, Mapping[str, float | None]]


class MainScore(NamedTuple):
    """A number of a report.

    Attributes:
      metric: that has it.
      name: of the number.
      words: that a person reads.
      better: whether generators are better where it is lower, or higher.
    """

    metric: str
    name: str
    words: str
    better: Literal["lower", "higher"]


MAIN_SCORES = (
    MainScore("kid_exact", "kid", "KID, exact", "lower"),
    MainScore("fid", "fid", "FID", "lower"),
    MainScore("prdc", "precision", "precision", "higher"),
    MainScore("prdc", "recall", "recall", "higher"),
    MainScore("prdc", "coverage", "coverage", "higher"),
    MainScore(
        "inception_score", "inception_score", "Inception Score", "higher"
    ),
)
MAIN_METRICS = tuple(dict.fromkeys(score.metric for score in MAIN_SCORES))


def in_words(scores: Scores) -> str:
    """The main numbers in one line, with the interval of each that has one.

        >>> in_words({"fid": {"fid": 12.345}, "prdc": {"recall": 0.5}})
        'FID 12.3, recall 0.5'

    Args:
      scores: by metric; a number that is not there is left out.
    """
    return ", ".join(
        f"{score.words} {number(scores[score.metric], score.name, 3)}"
        for score in MAIN_SCORES
        if score.name in scores.get(score.metric, {})
    )


def number(numbers: Mapping[str, float | None], name: str, digits: int) -> str:
    """A number of a metric, and its 95 % interval, where there is one."""
    shown = rounded(numbers[name], digits)
    low, high = (numbers.get(f"{name}_confidence_{s}") for s in ("low", "high"))
    if low is not None and high is not None:
        shown = f"{shown} (95 %: {low:.3g} to {high:.3g})"
    return shown


def rounded(value: float | None, digits: int = 5) -> str:
    """A number as people read it."""
    return "not defined" if value is None else f"{value:.{digits}g}"
