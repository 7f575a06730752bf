"""Pieces of web pages: tables, pictures, what is folded, and the whole."""

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import images as image_borders
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
_PIXELS = 64  # smaller images are enlarged to this height, or nearly


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
    return wide(f"<table>{''.join(lines)}</table>")


def wide(content: str) -> str:
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
