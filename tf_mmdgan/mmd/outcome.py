"""What a two-sample test finds, and how p-values come from its null."""

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np
import scipy.stats

from tf_mmdgan import errors
from tf_mmdgan.kernels import Kernel

# Statistics that differ by less, in units of a root mean square of what they
# sum up, are equal: they differ by rounding alone.
TIE = 1e-12


class TestPlan(NamedTuple):
    """How a test is calibrated.

    Attributes:
      num_permutations: resampled statistics beside the observed one.
      level: the probability, at most, to reject where both laws are equal.
      rng: source of all that is random.
    """

    num_permutations: int
    level: float
    rng: np.random.Generator


def make_plan(num_permutations: int, level: float, seed: int) -> TestPlan:
    """Checks the settings.

    Raises:
      UsageError: for a level that is not between 0 and 1, a seed that is no
        integer >= 0, or fewer permutations than the level needs.
    """
    check_level(level)
    errors.check_count(0, seed=seed, num_permutations=num_permutations)
    least = math.ceil(round(1.0 / level, 9)) - 1
    if num_permutations < least:
        raise errors.UsageError(
            f"num_permutations={num_permutations}: no p-value of theirs is as "
            f"small as level={level}, need at least {least}."
        )
    return TestPlan(num_permutations, level, np.random.default_rng(seed))


def check_level(level: float) -> None:
    """Raises UsageError for a level that is no number between 0 and 1."""
    errors.check_above(0.0, level=level)
    if level >= 1.0:
        raise errors.UsageError(f"level={level}: need a number in (0, 1).")


def check_finite(statistics: np.ndarray | float) -> None:
    """Refuses statistics that are no numbers, which nothing can exceed.

    Raises:
      DataError: for NaN or infinity.
    """
    if not np.isfinite(statistics).all():
        raise errors.DataError(
            "The statistic is NaN or infinite: the kernel, or the network that "
            "was learnt, has no finite values at these rows."
        )


class Tail(NamedTuple):
    """Where a statistic lies in its null.

    Attributes:
      p_value: in (0, 1].
      threshold: the test rejects where the statistic exceeds it.
    """

    p_value: float
    threshold: float


def resampled_tail(values: np.ndarray, level: float, tie: float = 0.0) -> Tail:
    """The tail of the first of B + 1 statistics, the others being the null.

    p = #{b >= 0: t_b >= t_0} / (B + 1)

    The observed statistic counts with its null and so do ties: where the B + 1
    are exchangeable under the null hypothesis, P(p <= level) <= level for every
    sample size. Phipson and Smyth 2010, "Permutation p-values should never be
    zero".

    Args:
      values: t, [B + 1].
      level: of the threshold.
      tie: statistics that differ by no more are equal.

    Raises:
      DataError: as `check_finite`.
    """
    check_finite(values)
    rank = int(np.sum(values >= values[0] - tie))
    allowed = math.floor(level * len(values) + 1e-9)
    threshold = np.sort(values)[::-1][allowed]
    return Tail(rank / len(values), float(threshold))


def student_tail(
    mean: float, error: float, freedom: float, terms: int, level: float
) -> Tail:
    """The tail of a mean that is normal under the null hypothesis, about 0.

    Its standard error is estimated, so that the ratio of both has, nearly,
    Student's law.

    Args:
      mean: the statistic.
      error: its standard error.
      freedom: degrees of freedom of the standard error.
      terms: independent terms of the mean. Where all are equal there is no
        standard error, and p = 2^-terms for a mean above 0: that all lie on one
        side.
      level: of the threshold.

    Raises:
      DataError: as `check_finite`.
    """
    check_finite(np.array([mean, error]))
    threshold = error * float(scipy.stats.t.isf(level, freedom))
    if error > 0.0:
        p_value = float(scipy.stats.t.sf(mean / error, freedom))
        return Tail(max(p_value, float(np.finfo(float).tiny)), threshold)
    return Tail(0.5**terms if mean > 0.0 else 1.0, threshold)


@dataclasses.dataclass(frozen=True)
class TwoSampleTest:
    """Outcome of a test of whether two samples come from one law.

        >>> x, y = np.random.default_rng(0).normal(size=(2, 40))
        >>> found = tm.two_sample_test(x, y + 2.0, num_permutations=99)
        >>> found.method, found.rejected, found.num_x
        ('permutation', True, 40)

    Attributes:
      statistic: larger for samples that differ more; its unit is the method's.
      p_value: the probability of a statistic as large, or larger, where both
        laws are equal; in (0, 1].
      threshold: the test rejects, at its level, a statistic that exceeds it.
      level: as asked for.
      method: how the null was found.
      estimator: which statistic it is.
      kernel: of the statistic; of several, the one that tells most.
      num_x: rows of x that were compared.
      num_y: rows of y that were compared.
      null: resampled statistics, [num_permutations]; none where the null is a
        known law.
      by_kernel: of several kernels, the p-value that each has by itself.
      note: what a reader has to know of these samples, if anything.
    """

    statistic: float
    p_value: float
    threshold: float
    level: float
    method: str
    estimator: str
    kernel: Kernel | None
    num_x: int
    num_y: int
    null: np.ndarray = dataclasses.field(
        default_factory=lambda: np.empty(0), repr=False, compare=False
    )
    by_kernel: tuple[tuple[Kernel, float], ...] = dataclasses.field(
        default=(), repr=False
    )
    note: str | None = None

    @property
    def rejected(self) -> bool:
        """Whether the laws differ, at the level asked for."""
        return self.p_value <= self.level

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON has it, without the null."""
        return {
            "p_value": self.p_value,
            "rejected": self.rejected,
            "level": self.level,
            "statistic": self.statistic,
            "threshold": self.threshold,
            "method": self.method,
            "estimator": self.estimator,
            "kernel": None if self.kernel is None else str(self.kernel),
            "num_x": self.num_x,
            "num_y": self.num_y,
            "num_permutations": len(self.null),
            "note": self.note,
        }


def of_constant(
    num_x: int, num_y: int, method: str, estimator: str, level: float
) -> TwoSampleTest:
    """The outcome for samples of which all rows are equal: p = 1."""
    return TwoSampleTest(
        0.0, 1.0, 0.0, level, method, estimator, None, num_x, num_y,
        note="all rows of x and y are equal, so that p = 1",
    )  # fmt: skip
