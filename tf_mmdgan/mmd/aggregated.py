"""Tests that combine kernels instead of choosing one."""

import math
from typing import NamedTuple

import numpy as np
import scipy.special

from tf_mmdgan.mmd.outcome import check_finite
from tf_mmdgan.mmd.permutation import Resampled

# Fused statistics that differ by less, where each kernel's are in units of its
# own norm, do so by rounding.
_FUSED_TIE = 1e-11


class Combined(NamedTuple):
    """One statistic of many kernels.

    Attributes:
      values: larger where the samples differ more, the observed one first:
        [B + 1].
      tie: a difference of them that is rounding alone.
      p_values: of the observed statistics of each kernel by itself, [kernels].
    """

    values: np.ndarray
    tie: float
    p_values: np.ndarray


def least_p_value(found: Resampled) -> Combined:
    """MMDAgg: the least p-value of all kernels, calibrated as a statistic.

    t_b = -log min_k p_k(b),  p_k(b) = #{c: mmd2_k(c) >= mmd2_k(b)} / (B + 1)

    To reject where -log min_k p_k exceeds its own quantile is the test of
    Schrab et al. 2023, "MMD aggregated two-sample test",
    https://arxiv.org/abs/2110.15073, with equal weights: every kernel is tested
    at one level, the largest that keeps that of all. They draw one set of
    permutations for the quantiles and another for the level; with one set for
    both, in which the observed statistic has no special place, the level is
    exact. Least p-values that tie are told apart by the mean of log p_k.
    """
    ranks = _all_ranks(found)
    count = ranks.shape[1]
    logs = np.log(ranks / count)
    # Logarithms of least p-values that differ do so by 1 / count at least, and
    # the mean is between -log count and 0.
    step = 0.5 / (count * math.log(count))
    values = -logs.min(axis=0) - step * logs.mean(axis=0)
    return Combined(values, 1e-9 * step, ranks[:, 0] / count)


def fused(found: Resampled, n: int, m: int) -> Combined:
    """MMD-FUSE: a soft maximum of the statistics of all kernels.

    t = log(mean_k exp(sqrt(q (q - 1)) mmd2_k / sqrt(N_k))) / sqrt(q (q - 1))
    N_k = sum_{i != j} k(z_i, z_j)^2 / (q (q - 1))

    over the pooled rows z, with q = min(n, m). Biggs, Schrab and Gretton 2023,
    "MMD-FUSE: learning and combining kernels for two-sample testing without
    data splitting", https://arxiv.org/abs/2306.08777, definition 1 and section
    6. Their code has another factor sqrt(q (q - 1)) in the exponent, which
    makes nearly a maximum of the soft one.

    Args:
      found: of permutations.
      n: rows of x.
      m: rows of y.
    """
    fewer = min(n, m)
    sharpness = math.sqrt(fewer * (fewer - 1.0))
    norms = found.roots * math.sqrt((n + m) * (n + m - 1.0)) / sharpness
    # A kernel that is 0 on all pairs has statistics 0 and says nothing.
    ratios = found.values / np.where(norms > 0.0, norms, 1.0)[:, None]
    sums = scipy.special.logsumexp(sharpness * ratios, axis=0)
    values = (sums - math.log(len(ratios))) / sharpness
    p_values = _all_ranks(found)[:, 0] / len(values)
    return Combined(values, _FUSED_TIE, p_values)


def _all_ranks(found: Resampled) -> np.ndarray:
    """`_ranks` of each kernel's statistics, [kernels, B + 1]."""
    check_finite(found.values)
    pairs = zip(found.values, found.ties, strict=True)
    return np.stack([_ranks(values, tie) for values, tie in pairs])


def _ranks(values: np.ndarray, tie: float) -> np.ndarray:
    """How many values are as large or larger, itself included: [B + 1]."""
    ordered = np.sort(values)
    return len(values) - np.searchsorted(ordered, values - tie, side="left")
