"""Samples in rows, one for each class that has a name, or for some labels."""

import io
import json
import pathlib
from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import PIL.PngImagePlugin

from tf_mmdgan import images
from tf_mmdgan.conditions import Classes, Condition, Label, Numbers
from tf_mmdgan.models import ImplicitModel

ROWS, COLUMNS = 16, 8  # the most labels that are shown; images of each
_OF_NUMBERS = 8  # labels of numbers that are shown

_TEXT_PIXELS = 14  # height of the letters
_TEXT_WIDTH = 160  # longer names are cut in the picture
_MARGIN = 6
# The text of a picture's file that has the names, as JSON.
NAMES = "tf_mmdgan class names"


def labels(condition: Condition | None) -> dict[str, Label]:
    """Labels of the rows by what stands beside them; none where none do.

    Of classes those that have names, of numbers some of the data's labels.
    """
    if isinstance(condition, Classes):
        names = (condition.names or ())[:ROWS]
        return {name: number for number, name in enumerate(names)}
    if not isinstance(condition, Numbers):
        return {}
    rows = condition.law
    some = np.linspace(0, len(rows) - 1, _OF_NUMBERS).round().astype(int)
    return {
        ", ".join(f"{number:.3g}" for number in row): row for row in rows[some]
    }


def draw(
    model: ImplicitModel, weights: str = "ema", seed: int = 0
) -> np.ndarray | None:
    """The first images of a seed by label; a column has the same latents.

    Args:
      model: whose condition has the `labels` of the rows.
      weights: "ema" (averaged) or "current".
      seed: of the latents.

    Returns:
      uint8 [rows, COLUMNS, h, w, c]. None of a model that takes no label, or
      whose classes have no names.
    """
    shown = labels(model.condition)
    if not shown:
        return None
    if len(model.generator.output_shape) != 4:
        return None
    rows = [
        model.generate(COLUMNS, seed, weights, label=label)
        for label in shown.values()
    ]
    return np.stack(rows)


def encode_png(rows: np.ndarray, names: Sequence[str], scale: int = 1) -> bytes:
    """A PNG file of rows of images, each with its name at the left.

    A name that the font cannot show has escapes in place of those letters;
    the file has all names as they are, in a text of its own.

    Args:
      rows: uint8 [n, columns, h, w, c].
      names: of the rows; more are passed over.
      scale: each pixel becomes scale x scale pixels.
    """
    told = PIL.PngImagePlugin.PngInfo()
    told.add_text(NAMES, json.dumps(list(names[: len(rows)])))
    buffer = io.BytesIO()
    picture(rows, names, scale).save(buffer, "PNG", pnginfo=told)
    return buffer.getvalue()


def picture(
    rows: np.ndarray, names: Sequence[str], scale: int = 1
) -> PIL.Image.Image:
    """The picture of `encode_png`, grey or in colour as the images are."""
    count, columns, *shape = rows.shape
    flat = rows.reshape(count * columns, *shape)
    grid = images.as_picture(images.grid(flat, columns, scale))
    font, known = _font()
    texts = [_shown(name, font, known) for name in names[:count]]
    width = round(max(font.getlength(text) for text in texts)) + 2 * _MARGIN
    height = max(grid.height, count * (_TEXT_PIXELS + 4))
    paper = PIL.Image.new(grid.mode, (width + grid.width, height), "white")
    paper.paste(grid, (width, 0))
    pen = PIL.ImageDraw.Draw(paper)
    for number, text in enumerate(texts):
        middle = (number + 0.5) * grid.height / count
        pen.text((_MARGIN, middle), text, "black", font, anchor="lm")
    return paper


def _font() -> tuple[PIL.ImageFont.FreeTypeFont, set[int]]:
    """A font of many scripts, and the characters that it has."""
    import matplotlib.ft2font

    path = pathlib.Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")
    known = matplotlib.ft2font.FT2Font(str(path)).get_charmap()
    return PIL.ImageFont.truetype(str(path), _TEXT_PIXELS), set(known)


def _shown(name: str, font: PIL.ImageFont.FreeTypeFont, known: set[int]) -> str:
    """A name as the font can show it, cut to the width that it may have."""
    text = "".join(
        letter
        if ord(letter) in known and letter.isprintable()
        else letter.encode("unicode_escape").decode()
        for letter in name
    )
    if font.getlength(text) <= _TEXT_WIDTH:
        return text
    while text and font.getlength(text + "…") > _TEXT_WIDTH:
        text = text[:-1]
    return text + "…"
