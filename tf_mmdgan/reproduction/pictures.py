"""Samples of many methods on one sheet, each under its name."""

import io
import math
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.data.readers import decode
from tf_mmdgan.data.sets import ring

_POINTS = 2000
_REACH = 3.2  # of the axes: the ring with its Gaussians, and some distance

Panel = TypeVar("Panel")


def scatter_sheet(panels: Mapping[str, np.ndarray]) -> bytes:
    """Points [n, 2] under each title, on the ring's circles; a PNG file."""
    centres = ring.centres()

    def draw(axes: Any, points: np.ndarray) -> None:
        for centre in centres:
            axes.add_patch(_circle(centre, 3.0 * ring.STD))
        axes.scatter(*points[:_POINTS].T, s=1.0, alpha=0.4, linewidths=0)
        axes.set_xlim(-_REACH, _REACH)
        axes.set_ylim(-_REACH, _REACH)
        axes.set_aspect("equal")

    return _sheet(panels, draw, columns=6, width=1.7, height=1.7)


def grid_sheet(panels: Mapping[str, str | os.PathLike[str]]) -> bytes:
    """The upper half of the grid in each PNG file, under its title.

    Raises:
      DataError: for a file that is no picture of a usual format.
    """

    def draw(axes: Any, path: str | os.PathLike[str]) -> None:
        try:
            pixels = np.asarray(decode.decode(path, "RGB"))
        except decode.UnreadableError as error:
            raise errors.DataError(f"{path} {error}: remove it.") from None
        axes.imshow(pixels[: len(pixels) // 2], interpolation="antialiased")

    return _sheet(panels, draw, columns=4, width=2.7, height=1.35)


def _circle(centre: np.ndarray, radius: float) -> Any:
    from matplotlib import patches

    x, y = centre
    return patches.Circle((x, y), radius, fill=False, lw=0.6, color="0.7")


def _sheet(
    panels: Mapping[str, Panel],
    draw: Callable[[Any, Panel], None],
    columns: int,
    width: float,
    height: float,
) -> bytes:
    # Imported here, for it takes a second to load; and as a figure by itself,
    # for pyplot would keep it and ask for a screen.
    from matplotlib import figure

    columns = min(columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    title = 0.42  # inches of two lines
    size = (columns * (width + 0.1), rows * (height + title))
    sheet = figure.Figure(figsize=size, dpi=110, layout="constrained")
    grid = sheet.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_xticks([])
        axes.set_yticks([])
    for axes in grid[len(panels) :]:
        axes.axis("off")
    for axes, (name, samples) in zip(grid, panels.items(), strict=False):
        axes.set_title(name, fontsize=8)
        draw(axes, samples)
    buffer = io.BytesIO()
    sheet.savefig(buffer, format="png")
    return buffer.getvalue()
