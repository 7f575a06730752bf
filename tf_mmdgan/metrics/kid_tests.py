"""KID as a test: can samples be told from real ones, and which are nearer."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.special

from tf_mmdgan import errors, mmd
from tf_mmdgan.kernels import Kernel, Polynomial
from tf_mmdgan.kernels.rows import check_columns
from tf_mmdgan.metrics import kernel_sums
from tf_mmdgan.mmd import kernel_choice, outcome
from tf_mmdgan.mmd.samples import as_rows

_LEAST_ROWS = 4


@dataclasses.dataclass(frozen=True)
class NearerTest:
    """Which of two samples is nearer to a third.

        >>> reference, x, y = np.random.default_rng(0).normal(size=(3, 40, 2))
        >>> found = tm.nearer_test(reference, x, y + 2.0)
        >>> found.num_rows, found.standard_error > 0.0
        (40, True)

    Attributes:
      difference: MMD^2 between the third and x minus that between it and y,
        unbiased: below 0 where x is nearer.
      standard_error: of the difference, analytic.
      p_value: two-sided, of no difference; in (0, 1].
      level: as asked for.
      num_rows: of each of the three samples that were taken.
    """

    difference: float
    standard_error: float
    p_value: float
    level: float
    num_rows: int

    @property
    def nearer(self) -> str | None:
        """The nearer sample, "x" or "y"; None where the test cannot tell."""
        if self.p_value > self.level:
            return None
        return "x" if self.difference < 0.0 else "y"


def kid_test(
    real: Any,
    fake: Any,
    num_permutations: int = 999,
    level: float = 0.05,
    seed: int = 0,
) -> mmd.TwoSampleTest:
    """Tests whether generated samples can be told from real ones by KID.

    The statistic is KID over all pairs, MMD^2 with (<u, v> / d + 1)^3, as
    `kid.kid(real, fake, "exact")` has it; its null is that of a permutation
    test. The cubic kernel sees moments up to the third alone: laws that share
    these are not told apart, however many samples there are.

        >>> real, fake = np.random.default_rng(0).normal(size=(2, 30, 3))
        >>> tm.kid_test(real, fake + 1.0, num_permutations=99).rejected
        True

    Args:
      real: features of held-out images [n, d].
      fake: of generated images [m, d].
      num_permutations: as in `mmd.two_sample_test`.
      level: the same.
      seed: the same.

    Raises:
      UsageError, DataError: as `mmd.two_sample_test`.
    """
    return mmd.two_sample_test(
        real, fake, Polynomial(), num_permutations=num_permutations,
        level=level, seed=seed,
    )  # fmt: skip


def nearer_test(
    reference: Any,
    x: Any,
    y: Any,
    kernel: Kernel | str | None = None,
    level: float = 0.05,
    seed: int = 0,
) -> NearerTest:
    """Tests which of two samples is nearer to a reference, by MMD^2.

    p = erfc(|difference| / (sqrt(2) standard_error)),  see `three_sample_test`

    It is normal where x or y differs from the reference. Where neither does,
    the normal law is an approximation.

        >>> reference, x, y = np.random.default_rng(0).normal(size=(3, 40, 2))
        >>> tm.nearer_test(reference, x, y + 2.0).p_value < 0.01
        True

    Args:
      reference: rows, as in `mmd.two_sample_test`.
      x: the same.
      y: the same.
      kernel: as in `mmd.two_sample_test`; by default KID's.
      level: for `nearer`.
      seed: chooses, of larger samples, as many rows as the smallest has.

    Raises:
      UsageError: for an unknown kernel, a level that is not in (0, 1), or a
        seed that is no integer >= 0.
      DataError: for samples that cannot be used, or of fewer than 4 rows, and
        for a kernel without finite values there.
    """
    outcome.check_level(level)
    errors.check_count(0, seed=seed)
    rng = np.random.default_rng(seed)
    some = _of_one_size({"reference": reference, "x": x, "y": y}, rng)
    used = kernel_choice.resolve(
        Polynomial() if kernel is None else kernel, np.concatenate(some), rng
    )
    found = mmd.three_sample_test(
        _candidate_sums(used, some[0], some[1]),
        _candidate_sums(used, some[0], some[2]),
    )
    # The statistic is the difference in standard errors.
    statistic = abs(float(found.statistic))
    outcome.check_finite(statistic)
    difference = float(found.difference)
    return NearerTest(
        difference,
        abs(difference) / statistic if statistic else 0.0,
        max(
            float(scipy.special.erfc(statistic / math.sqrt(2.0))),
            float(np.finfo(float).tiny),
        ),
        level,
        len(some[0]),
    )


def _of_one_size(
    arrays: Mapping[str, Any], rng: np.random.Generator
) -> list[np.ndarray]:
    """Checked samples, cut to the size of the smallest by chance."""
    check_columns(*arrays.values())
    samples = [as_rows(a, name, _LEAST_ROWS) for name, a in arrays.items()]
    if len({rows.shape[1] for rows in samples}) > 1:
        widths = ", ".join(str(rows.shape[1]) for rows in samples)
        raise errors.DataError(
            f"rows of {', '.join(arrays)} hold {widths} numbers: need the same."
        )
    count = min(map(len, samples))
    return [rng.permutation(rows)[:count] for rows in samples]


def _candidate_sums(
    kernel: Kernel, reference: np.ndarray, candidate: np.ndarray
) -> mmd.CandidateSums:
    """As `mmd.candidate_sums`, in memory that grows with n and not n^2."""
    sums = kernel_sums.partial_sums(kernel, reference, candidate)
    return mmd.CandidateSums(
        within=sums.yy,
        cross=sums.yx,
        reference=sums.xy,
        within_squares=sums.yy_squares,
        cross_squares=sums.xy_squares,
    )
