"""Images that were drawn, and how long that took."""

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Images that were drawn.

    Attributes:
      images: uint8 [n, h, w, c].
      labels: int32 [n], of a generator with classes, or None.
      values: float32 [n, h, w, c], in the range of the data, where these are
        no levels of 8 bits; or None.
      seconds: what each request took.
    """

    images: np.ndarray
    labels: np.ndarray | None
    seconds: tuple[float, ...]
    values: np.ndarray | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        """The images, labels and values, as far as there are any, by name."""
        named = {"labels": self.labels, "values": self.values}
        found = {k: v for k, v in named.items() if v is not None}
        return {"images": self.images, **found}

    def rows(self, chosen: np.ndarray) -> "Drawn":
        """Those of some images."""
        arrays = {k: v[chosen] for k, v in self.arrays().items()}
        return dataclasses.replace(self, **arrays)


def latency_summary(seconds: Sequence[float]) -> dict[str, float]:
    """Number of requests, and mean, percentiles and maximum in milliseconds."""
    milliseconds = 1000.0 * np.asarray(seconds)
    summary = {"mean": milliseconds.mean(), "max": milliseconds.max()}
    for share in (50, 90, 99):
        summary[f"p{share}"] = np.percentile(milliseconds, share)
    rounded = {name: round(float(ms), 2) for name, ms in summary.items()}
    return {"requests": len(milliseconds), **rounded}
