"""The outcome of a two-sample test as a web page."""

import html
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.evaluation import markup
from tf_mmdgan.evaluation.loaded import for_page
from tf_mmdgan.evaluation.sample_files import Sample
from tf_mmdgan.mmd import WitnessRanking

_BARS = 40
_COLUMNS = 8  # of pictures
_WIDTH, _HEIGHT = 560, 160
_WITNESS = (
    "By the witness function, mean similarity to x minus mean similarity to y, "
    "of each row without itself."
)


_APART = "What tells them apart"
_CHANCE = "Least alike, which may be chance"


def render_page(
    outcome: Mapping[str, Any],
    null: np.ndarray,
    x: Sample,
    y: Sample,
    ranking: WitnessRanking,
    shown: int,
) -> str:
    """The page as HTML, which holds its pictures itself.

    Args:
      outcome: as `Comparison.to_dict` returns it.
      null: resampled statistics; none where the null is a known law.
      x: one sample.
      y: the other.
      ranking: of their rows.
      shown: pictures, or rows, of each sample.
    """
    title = f"{outcome['x']} and {outcome['y']}"
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>{html.escape(verdict(outcome))}</p>",
        *_compared(outcome["features"]),
    ]
    if len(null):
        parts += [
            "<h2>The statistic and its null</h2>",
            _histogram(null, outcome["statistic"], outcome["threshold"]),
        ]
    parts += [
        f"<h2>{_APART if outcome['rejected'] else _CHANCE}</h2>",
        f'<p class="quiet">{_WITNESS}</p>',
        *_extremes("x", x, ranking.x_order, ranking.x_values, "y", shown),
        *_extremes("y", y, ranking.y_order, ranking.y_values, "x", shown),
        "<h2>All numbers</h2>",
        markup.table(outcome),
    ]
    return markup.document(title, parts)


def verdict(outcome: Mapping[str, Any]) -> str:
    """What a test has found, in words; `outcome` as of `render_page`."""
    can = "are told apart" if outcome["rejected"] else "are not told apart"
    text = (
        f"p = {outcome['p_value']:.3g}: {outcome['num_x']:,} rows of x and "
        f"{outcome['num_y']:,} of y {can} at level {outcome['level']}"
        f" ({outcome['method']}, {outcome['estimator']})."
    )
    if outcome["note"]:
        text += f" Note: {outcome['note']}."
    if "than" in outcome:
        nearer = outcome["nearer"]
        what = f"{nearer} is nearer" if nearer else "neither is nearer"
        text += (
            f" Of {outcome['y']} and {outcome['than']}, {what} to x "
            f"(p = {outcome['nearer_p_value']:.3g})."
        )
    return text


def _compared(features: str | None) -> list[str]:
    """By what images were compared; nothing of mere rows."""
    if features is None:
        return []
    told = f"Compared by the features {html.escape(features)}; --features"
    return [f'<p class="quiet">{told} chooses others.</p>']


def _extremes(
    name: str,
    sample: Sample,
    order: np.ndarray,
    values: np.ndarray,
    other: str,
    shown: int,
) -> list[str]:
    """The rows of a sample that are least like the other one."""
    rows = order[:shown]
    head = f"<h3>Of {name}, least like {other}</h3>"
    images = None
    if sample.images is not None:
        images = for_page(sample.images, rows)
    if images is None:
        listed = {
            f"row {sample.numbers[row]}": f"witness {values[row]:.4g}"
            for row in rows
        }
        return [head, markup.table(listed)]
    text = f"images of {name} least like {other}"
    return [head, markup.picture(images, text, _COLUMNS)]


def _histogram(null: np.ndarray, statistic: float, threshold: float) -> str:
    """Resampled statistics as bars, with the observed one and the threshold."""
    low, high = min(null.min(), statistic), max(null.max(), statistic)
    span = (high - low) or 1.0
    counts, edges = np.histogram(null, _BARS, (low, low + span))

    def across(value: float) -> float:
        return _WIDTH * (value - low) / span

    bars = "".join(
        f'<rect x="{across(left):.1f}" y="{_HEIGHT * (1 - count):.1f}" '
        f'width="{_WIDTH / _BARS - 1:.1f}" height="{_HEIGHT * count:.1f}" '
        'fill="#9bb"/>'
        for left, count in zip(edges, counts / counts.max(), strict=False)
    )
    lines = "".join(
        f'<line x1="{across(value):.1f}" x2="{across(value):.1f}" y1="0" '
        f'y2="{_HEIGHT}" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/>'
        for value, colour, dash in (
            (threshold, "#666", "4"),
            (statistic, "#c33", "0"),
        )
    )
    return (
        f'<svg viewBox="-2 0 {_WIDTH + 4} {_HEIGHT}" width="{_WIDTH}" '
        'role="img" aria-label="histogram of the null">'
        f"{bars}{lines}</svg>"
        '<p class="quiet">Bars: how often permuted samples have a statistic, '
        f"from {low:.3g} on the left to {high:.3g} on the right. Red line: "
        f"that of these samples, {statistic:.3g}. Dashed line: above it, "
        f"{threshold:.3g}, the test rejects.</p>"
    )
