"""Pictures of samples that show how a run goes."""

import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from tf_mmdgan import data, files, images
from tf_mmdgan.training import class_rows
from tf_mmdgan.training.callbacks import Every
from tf_mmdgan.training.events import Events

# The folder of the sample grids.
SAMPLES = "samples"


def grid_name(step: int, of_rows: bool = False) -> str:
    """The file name of the samples that were drawn at `step`."""
    return f"step_{step:07d}.{'csv' if of_rows else 'png'}"


class SampleGrid(Every):
    """Draws the same latents again and again: step_*.png and TensorBoard.

    Of a model whose classes have names, each row is of one class, and of one
    that is told numbers, of one of the data's labels. Rows of a table become
    step_*.csv, in the table's units.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        interval: int,
        writer: Events,
        weights: str = "ema",
        count: int = 64,
        seed: int = 0,
        table: data.Table | None = None,
    ):
        super().__init__(interval, at_end=True)
        self.table = table
        self.folder = pathlib.Path(folder)
        self.writer = writer
        self.weights = weights
        self.count = count
        self.seed = seed

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """See `Every.act`."""
        del logs
        if self.table is not None:
            self._write_table(step, self.table)
            return
        rows = class_rows.draw(self.model, self.weights, self.seed)
        if rows is not None:
            names = class_rows.labels(self.model.condition)
            self._write_rows(step, rows, list(names))
            return
        drawn = self._draw()
        scale = max(1, 64 // drawn.shape[1])
        files.write_bytes(
            self.folder / grid_name(step),
            images.encode_png(images.grid(drawn, scale=scale)),
        )
        self.writer.image(step, "samples", images.grid(drawn))

    def _draw(self) -> np.ndarray:
        """Images of all classes equally often."""
        law = self.model.condition
        even = None if law is None else law.even()
        return self.model.generate(
            self.count, self.seed, self.weights, condition=even
        )

    def _write_table(self, step: int, table: data.Table) -> None:
        drawn = self._draw()
        path = self.folder / grid_name(step, of_rows=True)
        files.write_bytes(path, table.csv(table.in_units(drawn)))

    def _write_rows(
        self, step: int, rows: np.ndarray, names: Sequence[str]
    ) -> None:
        scale = max(1, 64 // rows.shape[2])
        png = class_rows.encode_png(rows, names, scale)
        files.write_bytes(self.folder / grid_name(step), png)
        shown = np.asarray(class_rows.picture(rows, names, scale))
        shown = shown if shown.ndim == 3 else shown[..., np.newaxis]
        self.writer.image(step, "samples", shown)
