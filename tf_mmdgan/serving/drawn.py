"""Images that were drawn, and how long that took."""

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Images that were drawn.

    Attributes:
      images: uint8 [n, h, w, c]; or rows of a table, float32 [n, d].
      labels: int32 [n] of a generator with classes, float32 [n, k] of one that
        is told numbers, or None.
      values: float32 [n, h, w, c], in the range of the data, where these are
        no levels of 8 bits; or None.
      seconds: what each request took.
    """

    images: np.ndarray
    labels: np.ndarray | None
    seconds: tuple[float, ...]
    values: np.ndarray | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        """What there is of images or rows, labels and values, by name."""
        found = self._fields()
        made = found.pop("images")
        return {"rows" if self.are_rows else "images": made, **found}

    def _fields(self) -> dict[str, np.ndarray]:
        named = {
            "images": self.images,
            "labels": self.labels,
            "values": self.values,
        }
        return {k: v for k, v in named.items() if v is not None}

    @property
    def are_rows(self) -> bool:
        """Whether these are rows of a table."""
        return self.images.ndim == 2

    def rows(self, chosen: np.ndarray) -> "Drawn":
        """Those of some images."""
        arrays = {k: v[chosen] for k, v in self._fields().items()}
        return dataclasses.replace(self, **arrays)


def latency_summary(seconds: Sequence[float]) -> dict[str, float]:
    """Number of requests, and mean, percentiles and maximum in milliseconds."""
    milliseconds = 1000.0 * np.asarray(seconds)
    summary = {"mean": milliseconds.mean(), "max": milliseconds.max()}
    for share in (50, 90, 99):
        summary[f"p{share}"] = np.percentile(milliseconds, share)
    rounded = {name: round(float(ms), 2) for name, ms in summary.items()}
    return {"requests": len(milliseconds), **rounded}
