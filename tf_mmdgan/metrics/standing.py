"""Exact KID of several sets of samples, against the same real ones."""

import functools
from typing import NamedTuple

import numpy as np

from tf_mmdgan import mmd
from tf_mmdgan.metrics import checks, kernel_sums
from tf_mmdgan.metrics.kid import KERNEL

# Samples of either kind that a variance takes.
LEAST_SAMPLES = 4
# Least variance of a difference: it keeps equal samples from a division by 0.
_FLOOR = 1e-30


class Standing(NamedTuple):
    """Where a set of samples stands.

    Attributes:
      kid: its KID over all pairs, as the metric kid_exact has it.
      standard_error: of that, as `kid` estimates it.
      sums: by which its KID is compared with those of other sets.
    """

    kid: float
    standard_error: float
    sums: mmd.CandidateSums


class Reference:
    """Real features, with which several sets of samples are compared in turn.

    reference = Reference(real)
    best, new = reference.standing(first), reference.standing(second)
    is_lower(new, best)
    """

    def __init__(self, real: np.ndarray):
        """Takes the features [n, d] of the real images, n >= 4."""
        self._real = real

    @functools.cached_property
    def _within(self) -> kernel_sums.Sums:
        return kernel_sums.within(KERNEL, self._real.astype(np.float64))

    def standing(self, fake: np.ndarray) -> Standing:
        """Where samples stand, all of it in float64.

        Args:
          fake: features [m, d], m >= 4.

        Raises:
          DataError: as of `kid`.
        """
        real, fake = (
            rows.astype(np.float64)
            for rows in checks.check(self._real, fake, LEAST_SAMPLES)
        )
        sums = kernel_sums.candidate_sums(KERNEL, real, fake)
        pairs = mmd.PairSums(
            self._within.rows, sums.reference, sums.cross, sums.within,
            self._within.squares, sums.cross_squares, sums.within_squares,
        )  # fmt: skip
        pairs = kernel_sums.centred(KERNEL, real, fake, pairs)
        return Standing(*kernel_sums.estimate(pairs), sums)


def is_lower(new: Standing, old: Standing) -> bool:
    """Whether KID fell by more than the standard error of the difference.

    The error is that of `mmd.three_sample_test`: what the same real images add
    to both estimates mostly cancels. Samples of different steps count as
    independent, though they come of the same latents, so that the error is
    rather too large than too small.
    """
    test = mmd.three_sample_test(new.sums, old.sums, floor=_FLOOR)
    return bool(test.statistic < -1.0)
