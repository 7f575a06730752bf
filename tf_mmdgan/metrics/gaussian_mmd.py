"""MMD^2 of features with a Gaussian kernel, over all pairs."""

import math
from typing import NamedTuple

import numpy as np

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import checks, kernel_sums, precision

_MEDIAN_ROWS = 1000


class GaussianMMD(NamedTuple):
    """An estimate of MMD^2.

    Attributes:
      mmd2: the estimate, at most 2; it is unbiased, so it can be negative.
      standard_error: of the estimate, analytic; NaN for fewer than 4 samples.
      sigma: bandwidth of the kernel.
    """

    mmd2: float
    standard_error: float
    sigma: float


def gaussian_mmd(
    real: np.ndarray, fake: np.ndarray, sigma: float | None = None
) -> GaussianMMD:
    """Unbiased MMD^2, k(u, v) = exp(-|u - v|^2 / (2 sigma^2)).

    With CLIP features of length 1 and sigma = 10 this is the CMMD of Jayasumana
    et al. 2024, "Rethinking FID: towards a better evaluation metric for image
    generation", https://arxiv.org/abs/2401.09603, but for its factor of 1000
    and its sums, which take in the diagonals. Unlike KID's cubic kernel, this
    kernel tells any two laws apart.

    Args:
      real: finite features [n, d].
      fake: finite features [m, d].
      sigma: bandwidth, > 0; by default the median distance between a thousand
        real samples, chosen by lot, or all. Scores of different bandwidths do
        not compare.

    Raises:
      UsageError: for a sigma that is not positive.
      DataError: see `checks.check`; or for equal real samples without a sigma.
    """
    real, fake = checks.check(real, fake)
    if sigma is None:
        some = checks.some_rows(real, _MEDIAN_ROWS)
        squares = precision.squared_distances(some, some)
        sigma = median_distance(squares, "real samples", "--sigma")
    checks.positive(sigma=sigma)
    kernel = kernels.Gaussian((sigma,))
    values = precision.choose_type(kernel, real, fake)
    real, fake = (x.astype(values, copy=False) for x in (real, fake))
    sums = kernel_sums.all_pair_sums(kernel, real, fake)
    return GaussianMMD(*kernel_sums.estimate(sums), sigma)


def median_distance(squares: np.ndarray, what: str, remedy: str) -> float:
    """Median distance of the pairs of a set, the usual bandwidth.

    Args:
      squares: squared distances of all pairs of the set, [n, n].
      what: the set's name, for the message.
      remedy: what to give instead, for the message.

    Raises:
      DataError: if the median is 0, or if there is no pair.
    """
    pairs = squares[np.triu_indices(len(squares), k=1)]
    median = float(np.median(pairs)) if len(pairs) else 0.0
    if median == 0.0:
        raise errors.DataError(
            f"Half of the {what} are equal: give {remedy}, or other features."
        )
    return math.sqrt(median)
