"""The kernels of a test: as given, at the median distance, or a whole grid.

What depends on the data depends on all rows of both samples alike, whichever
sample they belong to, because a permutation test keeps its level only so.
"""

import functools

import numpy as np
import scipy.spatial.distance

from tf_mmdgan import errors, kernels
from tf_mmdgan.kernels import Kernel

DEFAULT = "rbf, median heuristic"
_RULE = "median heuristic"
# Rows whose distances are taken, of which there are 2 million pairs.
_ROWS = 2000
_BANDWIDTHS = 10


def resolve(
    kernel: Kernel | str, pooled: np.ndarray, rng: np.random.Generator
) -> Kernel:
    """The kernel that is meant.

    Args:
      kernel: itself; or an expression, such as "rq" or "rbf(2.0) + linear"; or
        "EXPRESSION, median heuristic", which takes the median distance as the
        unit of the rows: the bandwidth of "rbf, median heuristic" is that
        distance, as in Gretton et al. 2012, "A kernel two-sample test", section
        8. Pairs of equal rows do not count.
      pooled: rows of both samples, [n + m, d].
      rng: chooses 2,000 of more rows, among which the median is taken.

    Raises:
      UsageError: for what names no kernel.
    """
    base, at_median = parse(kernel)
    if not at_median:
        return base
    unit = float(np.median(Distances(pooled, rng).euclidean))
    if isinstance(base, kernels.Gaussian):
        return kernels.Gaussian(tuple(unit * sigma for sigma in base.sigmas))
    return kernels.Rescaled(base, unit)


def parse(kernel: Kernel | str) -> tuple[Kernel, bool]:
    """The kernel that is named, and whether its unit is the median distance.

    Raises:
      UsageError: for what names no kernel.
    """
    text = kernel.strip() if isinstance(kernel, str) else ""
    if not text.endswith(_RULE):
        return kernels.KERNEL_FAMILY.get(kernel), False
    name = text.removesuffix(_RULE).rstrip(" ,")
    return kernels.KERNEL_FAMILY.get(name), True


def grid(
    pooled: np.ndarray, rng: np.random.Generator, spacing: str
) -> tuple[Kernel, ...]:
    """Gaussian and L1-Laplace kernels, of ten bandwidths each.

    The bandwidths go from half of the distance that 5 % of the pairs are within
    to twice the distance that 95 % are within: Biggs, Schrab and Gretton 2023,
    "MMD-FUSE", https://arxiv.org/abs/2306.08777.

    Args:
      pooled: rows of both samples, [n + m, d].
      rng: as in `resolve`.
      spacing: "geometric" or "linear".
    """
    distances = Distances(pooled, rng)
    gaussians, laplaces = (
        _bandwidths(found, spacing)
        for found in (distances.euclidean, distances.cityblock)
    )
    return (
        *(kernels.Gaussian((sigma,)) for sigma in gaussians),
        *(kernels.LaplaceL1(scale) for scale in laplaces),
    )


def gaussian_bandwidths(
    pooled: np.ndarray, rng: np.random.Generator
) -> list[float]:
    """Those of the Gaussians of a geometric `grid`."""
    return _bandwidths(Distances(pooled, rng).euclidean, "geometric")


def _bandwidths(distances: np.ndarray, spacing: str) -> list[float]:
    least, most = np.quantile(distances, [0.05, 0.95])
    space = np.geomspace if spacing == "geometric" else np.linspace
    return space(least / 2.0, 2.0 * most, _BANDWIDTHS).tolist()


class Distances:
    """Positive distances between rows of which some differ."""

    def __init__(self, pooled: np.ndarray, rng: np.random.Generator):
        """Takes rows [n, d], and 2,000 of them by chance where n is more."""
        if len(pooled) > _ROWS:
            pooled = rng.choice(pooled, _ROWS, replace=False, shuffle=False)
        self._rows = pooled

    @functools.cached_property
    def euclidean(self) -> np.ndarray:
        """Euclidean distances of pairs, [pairs]."""
        squares = kernels.squared_distances(self._rows, self._rows).numpy()
        above = squares[np.triu_indices(len(squares), k=1)]
        return np.sqrt(_positive(above))

    @functools.cached_property
    def cityblock(self) -> np.ndarray:
        """L1 distances of pairs, [pairs]."""
        return _positive(scipy.spatial.distance.pdist(self._rows, "cityblock"))


def _positive(distances: np.ndarray) -> np.ndarray:
    positive = distances[distances > 0.0]
    if not len(positive):
        raise errors.DataError(
            f"the {_ROWS} rows whose distances make the bandwidth are all "
            "equal: give a kernel with a bandwidth."
        )
    return positive
