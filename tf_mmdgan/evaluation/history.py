"""How a run came about, as the page of its report shows it."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan.evaluation.charts import Chart, Line

KID_TITLE = "KID, exact (band: 95 %)"
# Of a chart: for each, the whole log is read, which others may have written.
_MOST_LINES = 32


@dataclasses.dataclass(frozen=True)
class RunHistory:
    """What is known of a run beside its scores.

    Attributes:
      log: the objects of its metrics.jsonl; some, of a very long one.
      recipe: the one that fewest of the run's settings differ from; None where
        these are the defaults.
      changed: of each setting that was given and differs from the recipe or
        the default, its value and the other one.
      in_force: every setting as it was in force.
      class_names: of its data, if they have names.
      class_rows: samples of the first of these classes, uint8
        [rows, columns, h, w, c], where the generator takes a class.
      seconds: of all steps and scores; None where the log does not tell.
    """

    log: Sequence[Mapping[str, Any]] = ()
    recipe: str | None = None
    changed: Mapping[str, Sequence[Any]] = dataclasses.field(
        default_factory=dict
    )
    in_force: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    class_names: Sequence[str] | None = None
    class_rows: np.ndarray | None = None
    seconds: float | None = None

    def charts(self, kid_of_training: float | None = None) -> list[Chart]:
        """KID, FID, losses, adaptive changes, learning rate, critic's slope.

        A chart of what was not logged has no lines with points.

        Args:
          kid_of_training: of the training images, for a dashed line.
        """
        kid = Line.of_log(self.log, "kid", "kid", "kid_standard_error")
        return [
            Chart(KID_TITLE, [kid], reference=kid_of_training),
            Chart("FID", [self._line("fid")]),
            Chart("losses", self._lines("", "loss")),
            Chart(
                "probability of changes, and mean sign on real images",
                [
                    self._line("critic/augmentation_p", "probability"),
                    self._line("critic/real_sign", "sign"),
                ],
            ),
            Chart("learning rate", [self._line("learning_rate")]),
            Chart("slope of the critic", self._lines("slope/", "")),
        ]

    def _line(self, key: str, name: str = "") -> Line:
        return Line.of_log(self.log, key, name)

    def _lines(self, first: str, last: str) -> list[Line]:
        """A line for each key that begins and ends so, up to a number."""
        keys = dict.fromkeys(
            key
            for line in self.log
            for key in line
            if key.startswith(first) and key.endswith(last)
        )
        return [
            self._line(key, key.removeprefix(first).removesuffix(f"/{last}"))
            for key in itertools.islice(keys, _MOST_LINES)
        ]
