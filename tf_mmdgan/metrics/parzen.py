"""Log-likelihood under a Parzen window of samples.

Breuleux, Bengio and Vincent 2011, "Quickly generating representative samples
from an RBM-derived process", section 5; Goodfellow et al. 2014 and Li, Swersky
and Zemel 2015, "Generative moment matching networks", score generators by it.
High-dimensional log-likelihoods of this kind say little of the quality of
samples: Theis, van den Oord and Bethge 2016, "A note on the evaluation of
generative models".
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_mmdgan.metrics import checks, precision
from tf_mmdgan.metrics.gaussian_mmd import median_distance

# Bandwidths to choose from, in median distances between samples.
_GRID = tuple(2.0 ** (-k / 2.0) for k in range(15))
_BLOCK = 1000


class Parzen(NamedTuple):
    """A score of samples.

    Attributes:
      log_likelihood: mean over the real points, in nats per point.
      standard_error: of this mean.
      sigma: bandwidth that was chosen.
    """

    log_likelihood: float
    standard_error: float
    sigma: float


def log_densities(
    points: np.ndarray, samples: np.ndarray, sigmas: Sequence[float]
) -> np.ndarray:
    """Log of the Parzen density at each point, by each bandwidth.

    log (1 / m) sum_j N(x_i; y_j, sigma^2 I)

    Args:
      points: x, [n, d].
      samples: y, [m, d].
      sigmas: standard deviations, > 0.

    Returns:
      float64 [len(sigmas), n].

    Raises:
      UsageError: for a sigma that is not positive.
      DataError: see `checks.check`.
    """
    points, samples = checks.check(points, samples)
    for sigma in sigmas:
        checks.positive(sigmas=sigma)
    blocks = [
        _block(points[start : start + _BLOCK], samples, sigmas)
        for start in range(0, len(points), _BLOCK)
    ]
    return np.concatenate(blocks, axis=1)


def _block(
    points: np.ndarray, samples: np.ndarray, sigmas: Sequence[float]
) -> np.ndarray:
    squares = precision.squared_distances(points, samples)
    count, width = samples.shape
    nearest = squares.min(axis=1)
    rows = []
    for sigma in sigmas:
        # Relative to the nearest sample, or all terms may be too small.
        terms = np.exp((nearest[:, None] - squares) / (2.0 * sigma**2))
        logs = np.log(terms.sum(axis=1) / count) - nearest / (2.0 * sigma**2)
        rows.append(logs - 0.5 * width * math.log(2.0 * math.pi * sigma**2))
    return np.stack(rows)


def parzen(
    test: np.ndarray,
    validation: np.ndarray,
    samples: np.ndarray,
    sigmas: Sequence[float] | None = None,
) -> Parzen:
    """Log-likelihood of test points under Gaussians at the samples.

    The bandwidth is the one of `sigmas` under which the validation points have
    the largest likelihood.

    Args:
      test: real points [n, d], n >= 2.
      validation: other real points [k, d].
      samples: of the generator, [m, d].
      sigmas: to choose from; by default 15 half octaves down from the median
        distance between samples, of which a thousand are chosen by lot.

    Raises:
      UsageError: for a sigma that is not positive.
      DataError: see `checks.check`; or for equal samples without sigmas.
    """
    if sigmas is None:
        some = checks.some_rows(np.asarray(samples), _BLOCK)
        squares = precision.squared_distances(some, some)
        scale = median_distance(squares, "samples", "sigmas (in Python)")
        sigmas = [scale * share for share in _GRID]
    found = log_densities(validation, samples, sigmas).mean(axis=1)
    sigma = float(sigmas[int(np.argmax(found))])
    (logs,) = log_densities(test, samples, [sigma])
    error = logs.std(ddof=1) / math.sqrt(len(logs))
    return Parzen(float(logs.mean()), float(error), sigma)
