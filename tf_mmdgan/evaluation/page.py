"""A report as a web page: numbers, settings, samples and their neighbours."""

import base64
import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import images as image_borders
from tf_mmdgan.evaluation.outputs import GENERATOR

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; }
td, th { text-align: left; padding: .2rem 1.2rem .2rem 0;
  border-bottom: 1px solid #ddd; vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; text-align: right; }
img { image-rendering: pixelated; max-width: 100%; }
li { margin: .2rem 0; } .quiet { color: #666; }
"""
# What is not listed with the settings.
_OWN_PLACE = (
    "scores", "unavailable", "classes", "notes", "versions", "settings",
    "preprocessing",
)  # fmt: skip
_NEIGHBOURS = (
    "Each row: a generated image, then the real images whose features are "
    "nearest to its own, the nearest first. A generated image that is the copy "
    "of a real one shows here."
)
_PIXELS = 64  # smaller images are enlarged to this height, or nearly


def render_page(
    report: Mapping[str, Any],
    samples: np.ndarray | None,
    neighbours: np.ndarray | None = None,
) -> str:
    """The page as HTML, which holds its pictures itself.

    Args:
      report: as `Report.to_dict` returns it.
      samples: generated images, uint8 [n, h, w, c]; 64 are a good number.
        None where there are none to be shown.
      neighbours: uint8 [rows, columns, h, w, c]; each row is a generated image
        and the real images that are nearest to it.
    """
    title = f"{report['fake']} against {report['real']}"
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        _scores(report["scores"]),
        *_unavailable(report.get("unavailable", {})),
        *_classes(report["classes"]),
    ]
    if samples is not None:
        parts += ["<h2>Samples</h2>", picture(samples, "generated images")]
    if neighbours is not None:
        rows, columns, *shape = neighbours.shape
        flat = neighbours.reshape(rows * columns, *shape)
        parts += [
            "<h2>Nearest real images</h2>",
            f'<p class="quiet">{_NEIGHBOURS}</p>',
            picture(flat, "generated images and their neighbours", columns),
        ]
    settings = {
        name: value for name, value in report.items() if name not in _OWN_PLACE
    }
    settings |= {
        f"preprocessing of {name}": told
        for name, told in report.get("preprocessing", {}).items()
    }
    settings |= dict(report["settings"]) | dict(report["versions"])
    parts += [
        "<h2>Settings</h2>",
        table(settings),
        "<h2>Notes</h2>",
        "<ul>",
        *(f"<li>{html.escape(note)}</li>" for note in report["notes"]),
        "</ul>",
    ]
    return document(title, parts)


def document(title: str, parts: Sequence[str]) -> str:
    """A page as HTML.

    Args:
      title: as plain text.
      parts: of the body, as HTML.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"{GENERATOR}"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>\n{chr(10).join(parts)}\n</body></html>\n"
    )


def _classes(classes: Mapping[str, Mapping[str, float]] | None) -> list[str]:
    if not classes:
        return []
    return ["<h2>Classes</h2>", _scores(classes, "class")]


def _unavailable(reasons: Mapping[str, str]) -> list[str]:
    return ["<h2>Not to be had</h2>", table(reasons)] if reasons else []


def _scores(
    scores: Mapping[str, Mapping[str, float | None]], what: str = "metric"
) -> str:
    rows = [
        f"<tr><td>{html.escape(metric) if first else ''}</td>"
        f"<td>{html.escape(name)}</td>"
        f'<td class="number">{_number(value)}</td></tr>'
        for metric, numbers in scores.items()
        for first, (name, value) in _firsts(numbers)
    ]
    head = f"<tr><th>{what}</th><th>number</th><th></th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _firsts(
    numbers: Mapping[str, float | None],
) -> Iterator[tuple[bool, tuple[str, float | None]]]:
    """Each name and number, and whether it is the first."""
    return ((index == 0, item) for index, item in enumerate(numbers.items()))


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.5g}"


def table(values: Mapping[str, Any]) -> str:
    """Names and values as an HTML table, but for those that are None."""
    rows = (
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(value))}</td></tr>"
        for name, value in values.items()
        if value is not None
    )
    return f"<table>{''.join(rows)}</table>"


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
