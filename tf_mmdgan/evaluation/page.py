"""A report as a web page: numbers, settings, samples and their neighbours."""

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import images as image_borders
from tf_mmdgan.evaluation import memorized
from tf_mmdgan.evaluation.charts import charts_html
from tf_mmdgan.evaluation.history import RunHistory
from tf_mmdgan.evaluation.outputs import GENERATOR

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; }
td, th { text-align: left; padding: .2rem 1.2rem .2rem 0;
  border-bottom: 1px solid #ddd; vertical-align: top; }
td:last-child, th:last-child { padding-right: 0; }
td.number, th.number { font-variant-numeric: tabular-nums; text-align: right; }
img { image-rendering: pixelated; max-width: 100%; }
li { margin: .2rem 0; } .quiet { color: #666; }
details { margin: 1rem 0; } summary { cursor: pointer; font-weight: 600; }
.charts { display: grid; gap: 1rem; margin-top: 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); }
.warning { border-left: 4px solid #c0392b; padding: .3rem .8rem;
  background: #fdf0ee; font-weight: 600; }
figure { margin: 0; } figcaption { font-size: .85rem; font-weight: 600; }
figcaption span { font-weight: 400; white-space: nowrap; }
.charts svg { width: 100%; max-width: 30rem; font-size: 11px; fill: #555; }
.grid { stroke: #e4e4e4; } .reference { stroke: #444; stroke-dasharray: 5 4; }
"""
# What is not listed with the settings.
_OWN_PLACE = (
    "scores", "unavailable", "classes", "notes", "versions", "settings",
    "preprocessing", "baseline", "steps", "memorization",
)  # fmt: skip
_NEIGHBOURS = (
    "Each row: a generated image, then the real images it is scored against "
    "whose features are nearest to its own, the nearest first."
)
_TRAINING = (
    "Each row: a generated image, then the training images whose features are "
    "nearest to its own, the nearest first. A copy of a training image shows "
    "here."
)
_CLASS_ROWS = "Images of one column are of the same latents."
_BASELINE = (
    "Training images: real images that the generator was trained on, scored in "
    "the same way. A generator that draws from the same law would have their "
    "numbers."
)
_PIXELS = 64  # smaller images are enlarged to this height, or nearly
# What a reader looks for first: metric, number, words, and what is better.
_MAIN = (
    ("kid_exact", "kid", "KID, exact (95 % interval)", "&darr;"),
    ("fid", "fid", "FID", "&darr;"),
    ("prdc", "precision", "precision", "&uarr;"),
    ("prdc", "recall", "recall", "&uarr;"),
    ("prdc", "coverage", "coverage", "&uarr;"),
    ("inception_score", "inception_score", "Inception Score", "&uarr;"),
)
MAIN_METRICS = tuple(dict.fromkeys(metric for metric, *_ in _MAIN))
_Scores = Mapping[str, Mapping[str, float | None]]


def render_page(
    report: Mapping[str, Any],
    samples: np.ndarray | None,
    neighbours: np.ndarray | None = None,
    history: RunHistory | None = None,
    training: np.ndarray | None = None,
) -> str:
    """The page as HTML, which holds its pictures itself.

    The numbers and pictures that are looked for first come first; all others
    are folded.

    Args:
      report: as `Report.to_dict` returns it.
      samples: generated images, uint8 [n, h, w, c]; 64 are a good number.
        None where there are none to be shown.
      neighbours: uint8 [rows, columns, h, w, c]; each row is a generated image
        and the real images that are nearest to it.
      history: of the run that is scored; None: no run is.
      training: like `neighbours`, with training images.
    """
    sides = (report["fake"], report["real"])
    title = " against ".join(side for side in sides if side is not None)
    baseline = report.get("baseline") or {}
    history = history or RunHistory()
    kid = baseline.get("kid_exact", {}).get("kid")
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        *_copies(report.get("memorization")),
        main_table({"generated": report["scores"]} | _named_baseline(baseline)),
        f'<p class="quiet">{_BASELINE}</p>' if baseline else "",
        charts_html(history.charts(kid)),
        *_pictures(samples, training, neighbours),
        *_class_rows(history),
        *_classes(report["classes"], history.class_names),
        *_changed(history),
        *_steps(report.get("steps")),
        folded("All numbers", _scores(report["scores"])),
        *_memorization(report.get("memorization")),
        *_unavailable(report.get("unavailable", {})),
        folded("All settings", table(_settings(report, history))),
        folded("Notes", _listed(report["notes"])),
    ]
    return document(title, parts)


def _named_baseline(baseline: _Scores) -> dict[str, _Scores]:
    return {"training images": baseline} if baseline else {}


def main_table(columns: Mapping[str, _Scores]) -> str:
    """The few numbers that matter, with an arrow to what is better.

    Args:
      columns: scores by the head of their column; a metric that none of them
        has is left out.
    """
    heads = "".join(
        f'<th class="number">{html.escape(head)}</th>' for head in columns
    )
    rows = [
        f"<tr><td>{words} {arrow}</td>{''.join(cells)}</tr>"
        for metric, name, words, arrow in _MAIN
        if any(name in scores.get(metric, {}) for scores in columns.values())
        for cells in [
            [
                _main_cell(scores.get(metric, {}), name)
                for scores in columns.values()
            ]
        ]
    ]
    return _wide(f"<table><tr><th></th>{heads}</tr>{''.join(rows)}</table>")


def _main_cell(numbers: Mapping[str, float | None], name: str) -> str:
    shown = _number(numbers[name], 4) if name in numbers else ""
    low, high = (numbers.get(f"{name}_confidence_{s}") for s in ("low", "high"))
    if low is not None and high is not None:
        shown = f"{shown} ({low:.3g} to {high:.3g})"
    return f'<td class="number">{shown}</td>'


def _pictures(
    samples: np.ndarray | None,
    training: np.ndarray | None,
    neighbours: np.ndarray | None,
) -> Iterator[str]:
    if samples is not None:
        yield "<h2>Samples</h2>"
        yield picture(samples, "generated images")
    if training is not None:
        yield from _rows("Nearest training images", training, _TRAINING)
    if neighbours is not None:
        yield from _rows("Nearest real images", neighbours, _NEIGHBOURS)


def _rows(title: str, images: np.ndarray, text: str) -> Iterator[str]:
    rows, columns, *shape = images.shape
    flat = images.reshape(rows * columns, *shape)
    yield f'<h2>{title}</h2><p class="quiet">{text}</p>'
    yield picture(flat, "generated images and their neighbours", columns)


def _class_rows(history: RunHistory) -> Iterator[str]:
    """Samples of each class beside its name, which text of a page can show."""
    names, rows = history.class_names, history.class_rows
    if not names or rows is None:
        return
    yield f'<h2>Samples by class</h2><p class="quiet">{_CLASS_ROWS}'
    if len(names) > len(rows):
        yield f" The first {len(rows)} of {len(names):,} classes."
    yield '</p><div class="wide"><table>'
    for name, row in zip(names, rows, strict=False):
        shown = picture(row, "samples of this class", len(row))
        yield f"<tr><td>{html.escape(name)}</td><td>{shown}</td></tr>"
    yield "</table></div>"


def _copies(found: Mapping[str, Any] | None) -> list[str]:
    """A warning at the head of the page, if samples are copies."""
    told = memorized.warning(found)
    return [f'<p class="warning">{html.escape(told)}</p>'] if told else []


def _settings(report: Mapping[str, Any], history: RunHistory) -> dict[str, Any]:
    """Everything that the numbers depend on; that of the run comes last."""
    shown = {
        name: value for name, value in report.items() if name not in _OWN_PLACE
    }
    shown |= {
        f"preprocessing of {name}": told
        for name, told in report.get("preprocessing", {}).items()
    }
    shown |= dict(report["settings"]) | dict(report["versions"])
    if history.class_names:
        shown["class names"] = ", ".join(history.class_names)
    return shown | {
        f"run: {name}": value for name, value in history.in_force.items()
    }


def _changed(history: RunHistory) -> list[str]:
    if not history.changed:
        return []
    rows = {k: [_shown(v) for v in pair] for k, pair in history.changed.items()}
    recipe = history.recipe
    other = f"recipe {html.escape(recipe)}" if recipe else "defaults"
    return [
        f"<h2>Settings that differ from the {other}</h2>",
        columns_table(["", "this run", other], rows),
    ]


def _shown(value: Any) -> str:
    return "as published" if value is None else str(value)


def _listed(texts: Sequence[str]) -> str:
    items = (f"<li>{html.escape(text)}</li>" for text in texts)
    return f"<ul>{''.join(items)}</ul>"


def folded(title: str, content: str) -> str:
    """HTML that is shown when its title is clicked."""
    return f"<details><summary>{title}</summary>{content}</details>"


def document(title: str, parts: Sequence[str]) -> str:
    """A page as HTML.

    Args:
      title: as plain text.
      parts: of the body, as HTML.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{GENERATOR}"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>\n{chr(10).join(parts)}\n</body></html>\n"
    )


def _classes(
    classes: Mapping[str, Mapping[str, float]] | None,
    names: Sequence[str] | None,
) -> list[str]:
    if not classes:
        return []
    known = dict(enumerate(names or ()))
    named = {
        f"{key}: {known[int(key)]}"
        if key.isdecimal() and int(key) in known
        else key: numbers
        for key, numbers in classes.items()
    }
    return ["<h2>Classes</h2>", _scores(named, "class")]


def _steps(steps: Mapping[str, _Scores] | None) -> list[str]:
    """The numbers of the kept steps that matter most, a row for each."""
    if not steps:
        return []
    rows = {
        step: [
            _number(scores[metric][name]) if metric in scores else ""
            for metric, name, *_ in _MAIN
        ]
        for step, scores in steps.items()
    }
    heads = ["step", *(name for _, name, *_ in _MAIN)]
    return ["<h2>Kept steps</h2>", columns_table(heads, rows)]


def _memorization(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    shown = {k: v for k, v in found.items() if k != "nearest"}
    return [folded("Copies of training images", table(shown))]


def _unavailable(reasons: Mapping[str, str]) -> list[str]:
    return [folded("Not to be had", table(reasons))] if reasons else []


def _scores(scores: _Scores, what: str = "metric") -> str:
    rows = [
        f"<tr><td>{html.escape(metric) if first else ''}</td>"
        f"<td>{html.escape(name)}</td>"
        f'<td class="number">{_number(value)}</td></tr>'
        for metric, numbers in scores.items()
        for first, (name, value) in _firsts(numbers)
    ]
    head = f"<tr><th>{what}</th><th>number</th><th></th></tr>"
    return _wide(f"<table>{head}{''.join(rows)}</table>")


def _firsts(
    numbers: Mapping[str, float | None],
) -> Iterator[tuple[bool, tuple[str, float | None]]]:
    """Each name and number, and whether it is the first."""
    return ((index == 0, item) for index, item in enumerate(numbers.items()))


def _number(value: float | None, digits: int = 5) -> str:
    return "not defined" if value is None else f"{value:.{digits}g}"


def table(values: Mapping[str, Any]) -> str:
    """Names and values as an HTML table, but for those that are None."""
    rows = {n: [str(v)] for n, v in values.items() if v is not None}
    return columns_table([], rows)


def columns_table(
    heads: Sequence[str], rows: Mapping[str, Sequence[str]]
) -> str:
    """An HTML table of texts.

    Args:
      heads: of the columns, that of the names first; none: no heads.
      rows: the cells of each row by its name.
    """
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    lines = [f"<tr>{head}</tr>"] if heads else []
    for name, texts in rows.items():
        cells = (f"<td>{html.escape(text)}</td>" for text in (name, *texts))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return _wide(f"<table>{''.join(lines)}</table>")


def _wide(content: str) -> str:
    """HTML that is scrolled where it is wider than the screen."""
    return f'<div class="wide">{content}</div>'


def picture(images: np.ndarray, text: str, columns: int | None = None) -> str:
    """Images as one picture, which the HTML holds.

    Args:
      images: uint8 [n, h, w, c].
      text: what stands for the picture where it is not shown.
      columns: images in a row; by default the picture is about square.
    """
    scale = max(1, _PIXELS // images.shape[1])
    grid = image_borders.grid(images, columns, scale)
    content = base64.b64encode(image_borders.encode_png(grid)).decode()
    return f'<img alt="{text}" src="data:image/png;base64,{content}">'
