"""Curves for pages: drawn as SVG, which needs no network, and as PNG."""

import dataclasses
import html
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan.evaluation.outputs import SOFTWARE

_WIDTH, _HEIGHT = 360, 210
# Room for the numbers at the axes.
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 8, 34
_COLOURS = (
    "#1f6fb2", "#d1622b", "#2e8b57", "#8a5ab5", "#b03a5b", "#6b6b6b",
    "#b8860b", "#008b8b",
)  # fmt: skip
_MOST_POINTS = 300  # of a line; more are averaged
_LEAST_GAP = 24.0  # between the numbers at an axis, in pixels
_LEAST_WIDTH = 1e-300  # between two numbers there; Python has few below
# Ranges that are wider than this are drawn logarithmically where far from 0.
_WIDE = 20.0


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
      name: for the legend.
      x: [n], rising.
      y: [n].
      spread: half the height of a band around the line, [n]; None: no band.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    spread: np.ndarray | None = None

    @classmethod
    def of_log(
        cls,
        log: Iterable[Mapping[str, Any]],
        key: str,
        name: str = "",
        spread: str = "",
    ) -> "Line":
        """The numbers under a key over their steps.

        Lines of the log that have no finite number there are passed over.

        Args:
          log: the objects of a run's metrics.jsonl.
          key: of the numbers.
          name: of the line; by default the key.
          spread: key of the standard errors; the band is 1.96 of them, which
            holds the true value in 95 of 100 runs.
        """
        keys = ["step", key, *([spread] if spread else [])]
        rows = [
            [line[k] for k in keys]
            for line in log
            if all(_is_number(line.get(k)) for k in keys)
        ]
        table = _averaged(np.array(rows, np.float64).reshape(-1, len(keys)))
        band = 1.96 * table[:, 2] if spread else None
        return cls(name or key, table[:, 0], table[:, 1], band)


@dataclasses.dataclass(frozen=True)
class Chart:
    """Lines over one axis.

    Attributes:
      title: what y is.
      lines: of colours that follow their order; those without points are
        left out.
      x_label: what x is.
      reference: a value of y at which there is a dashed line, that of training
        images; None: no line.
    """

    title: str
    lines: Sequence[Line]
    x_label: str = "generator steps"
    reference: float | None = None

    @property
    def drawn(self) -> list[Line]:
        """The lines that have points."""
        return [line for line in self.lines if len(line.x)]

    @property
    def coloured(self) -> list[tuple[Line, str]]:
        """The lines that have points, with their colours."""
        return [
            (line, _COLOURS[index % len(_COLOURS)])
            for index, line in enumerate(self.lines)
            if len(line.x)
        ]

    @property
    def linear_width(self) -> float | None:
        """Up to which |y| the axis is linear; None: it is linear everywhere.

        Of lines that fall from far away to about 0 the end could not be seen
        otherwise.
        """
        heights = np.concatenate([np.abs(line.y) for line in self.drawn])
        bands = [line.spread for line in self.drawn if line.spread is not None]
        usual = np.median(np.concatenate(bands) if bands else heights)
        width = max(float(usual), float(heights.max()) / 1e4)
        return width if 0.0 < _WIDE * width < heights.max() else None

    def y_limits(self) -> tuple[float, float]:
        """The least and the largest y, bands included."""
        spreads = [
            0.0 if line.spread is None else line.spread for line in self.drawn
        ]
        pairs = list(zip(self.drawn, spreads, strict=True))
        low = min(float((line.y - s).min()) for line, s in pairs)
        high = max(float((line.y + s).max()) for line, s in pairs)
        if self.reference is not None:
            low, high = min(low, self.reference), max(high, self.reference)
        if low < high:
            return low, high
        margin = 0.1 * abs(high) or 1.0
        return low - margin, high + margin


def charts_html(charts: Sequence[Chart]) -> str:
    """Charts side by side, or below each other on a narrow screen."""
    figures = [_figure(chart) for chart in charts if chart.drawn]
    return f'<div class="charts">{"".join(figures)}</div>' if figures else ""


def charts_png(charts: Sequence[Chart]) -> bytes:
    """Charts in a row, as a PNG file."""
    # Imported here, for it takes a second to load.
    from matplotlib import figure

    shown = [chart for chart in charts if chart.drawn]
    sheet = figure.Figure(
        figsize=(4.6 * len(shown), 3.6), dpi=110, layout="constrained"
    )
    places = sheet.subplots(1, len(shown), squeeze=False)[0]
    for axes, chart in zip(places, shown, strict=True):
        _draw(axes, chart)
    buffer = io.BytesIO()
    sheet.savefig(buffer, format="png", metadata={"Software": SOFTWARE})
    return buffer.getvalue()


def _draw(axes: Any, chart: Chart) -> None:
    for line, colour in chart.coloured:
        axes.plot(line.x, line.y, label=line.name, lw=1.3, color=colour)
        if line.spread is not None:
            axes.fill_between(
                line.x, line.y - line.spread, line.y + line.spread,
                alpha=0.15, color=colour, lw=0,
            )  # fmt: skip
    if chart.reference is not None:
        axes.axhline(chart.reference, color="#444", lw=0.8, ls="--")
    if chart.linear_width is not None:
        axes.set_yscale("asinh", linear_width=chart.linear_width)
        marks = _upward(chart).marks()
        axes.set_yticks(marks, [_short(mark) for mark in marks])
    axes.set(xlabel=chart.x_label, title=chart.title)
    for name in axes.legend(fontsize=7).get_texts():
        name.set_parse_math(False)  # A folder may have $ in its name.


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < 1e100  # type: ignore[arg-type]


def _averaged(rows: np.ndarray) -> np.ndarray:
    """At most 300 rows, each the mean of as many neighbours, about."""
    if len(rows) <= _MOST_POINTS:
        return rows
    return np.stack([p.mean(0) for p in np.array_split(rows, _MOST_POINTS)])


@dataclasses.dataclass(frozen=True)
class _Scale:
    """Where numbers stand along an axis.

    Attributes:
      low: the number at `begin`.
      high: the number at `end`.
      begin: in pixels.
      end: in pixels.
      linear_width: as of `Chart`.
    """

    low: float
    high: float
    begin: float
    end: float
    linear_width: float | None = None

    def __call__(self, values: Any) -> Any:
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(values) - low) / ((high - low) or 1.0)
        return self.begin + share * (self.end - self.begin)

    def _bent(self, values: Any) -> Any:
        if self.linear_width is None:
            return np.asarray(values, np.float64)
        return np.arcsinh(np.asarray(values, np.float64) / self.linear_width)

    def marks(self) -> list[float]:
        """Round numbers to be written at the axis, none too near another."""
        kept: list[float] = []
        for value in self._candidates():
            inside = self.low <= value <= self.high
            apart = (abs(self(value) - self(k)) for k in kept)
            if inside and min(apart, default=math.inf) >= _LEAST_GAP:
                kept.append(value)
        return sorted(kept)

    def _candidates(self) -> list[float]:
        """Round numbers, those first that are kept before others."""
        if self.linear_width is None:
            return self._even()
        most = math.ceil(math.log10(max(abs(self.low), abs(self.high))))
        powers = range(most, most - 6, -1)
        sizes = [digit * 10.0**p for digit in (1, 3, 2) for p in powers]
        return [0.0, *(sign * size for size in sizes for sign in (1, -1))]

    def _even(self) -> list[float]:
        """Multiples of one round number."""
        most = abs(self.end - self.begin) / (1.3 * _LEAST_GAP)
        rough = (self.high - self.low) / most
        if not rough > _LEAST_WIDTH:  # of logs that others have written
            return [self.low]
        power = 10.0 ** math.floor(math.log10(rough))
        width = next(d * power for d in (1, 2, 5, 10) if d * power >= rough)
        first = math.ceil(self.low / width)
        last = math.floor(self.high / width)
        return [number * width for number in range(first, last + 1)]


def _figure(chart: Chart) -> str:
    lines = chart.drawn
    last = max(float(line.x[-1]) for line in lines)
    across = _Scale(0.0, last or 1.0, _LEFT, _WIDTH - _RIGHT)
    upward = _upward(chart)
    parts = [*_axes(across, upward, chart.x_label)]
    for line, colour in chart.coloured:
        parts += _path(line, across, upward, colour)
    if chart.reference is not None:
        y = upward(chart.reference)
        parts.append(_rule(_LEFT, y, _WIDTH - _RIGHT, y, "reference"))
    title = html.escape(chart.title)
    return (
        f"<figure><figcaption>{title}{_legend(chart)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{title}">{"".join(parts)}</svg></figure>'
    )


def _upward(chart: Chart) -> _Scale:
    floor = _HEIGHT - _BOTTOM - _TOP  # below it there is as much room as above
    return _Scale(*chart.y_limits(), floor, _TOP, chart.linear_width)


def _legend(chart: Chart) -> str:
    named = chart.coloured if len(chart.lines) > 1 else []
    parts = [
        f' <span style="color:{colour}">&#9644; {html.escape(line.name)}</span>'
        for line, colour in named
    ]
    if chart.reference is not None:
        parts.append(" <span>- - training images</span>")
    return "".join(parts)


def _axes(across: _Scale, upward: _Scale, x_label: str) -> list[str]:
    parts = []
    for value in upward.marks():
        y = float(upward(value))
        parts.append(_rule(_LEFT, y, _WIDTH - _RIGHT, y, "grid"))
        parts.append(_text(_LEFT - 5, y + 4, value, "end"))
    for value in across.marks():
        x = float(across(value))
        anchor = "end" if x > _WIDTH - 2 * _RIGHT else "middle"
        parts.append(_text(x, _HEIGHT - _BOTTOM + 15, value, anchor))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(_text(middle, _HEIGHT - 4, x_label, "middle"))
    return parts


def _text(x: float, y: float, what: float | str, anchor: str) -> str:
    shown = what if isinstance(what, str) else _short(what)
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{html.escape(shown)}</text>"
    )


def _short(value: float) -> str:
    """A number in few characters."""
    if value and abs(value) >= 1e4:
        thousands = value / 1e3
        return f"{thousands:g}k" if abs(value) < 1e7 else f"{value:.0e}"
    if value and abs(value) < 1e-3:
        return np.format_float_scientific(
            value, precision=2, trim="-", exp_digits=1
        )
    return f"{value:.4g}"


def _rule(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return (
        f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" '
        f'y2="{y2:.1f}"/>'
    )


def _path(line: Line, across: _Scale, upward: _Scale, colour: str) -> list[str]:
    x, parts = across(line.x), []
    if line.spread is not None:
        above = upward(line.y + line.spread)
        below = upward(line.y - line.spread)
        outline = [*zip(x, above, strict=True)]
        outline += reversed([*zip(x, below, strict=True)])
        parts.append(
            f'<polygon points="{_points(outline)}" fill="{colour}" '
            'opacity="0.18"/>'
        )
    along = _points(zip(x, upward(line.y), strict=True))
    parts.append(
        f'<polyline points="{along}" fill="none" stroke="{colour}" '
        'stroke-width="1.5"/>'
    )
    if len(x) == 1:
        parts.append(
            f'<circle cx="{x[0]:.1f}" cy="{upward(line.y)[0]:.1f}" r="2.5" '
            f'fill="{colour}"/>'
        )
    return parts


def _points(pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)
