"""The energy distance of rows, and whether it tells two sets apart."""

from typing import NamedTuple

import numpy as np

from tf_mmdgan import mmd
from tf_mmdgan.metrics import checks, kid

# Rows of each set in a test by permutations, whose pairs are in memory.
_TESTED = 2_000


class EnergyDistance(NamedTuple):
    """An energy distance, and the test of whether it is 0.

    Attributes:
      distance: unbiased.
      standard_error: of the distance.
      p_value: of the hypothesis that both laws are one, for independent rows.
    """

    distance: float
    standard_error: float
    p_value: float


def energy_distance(
    real: np.ndarray, fake: np.ndarray, seed: int = 0
) -> EnergyDistance:
    """2 E||x - y|| - E||x - x'|| - E||y - y'||, over all pairs.

    The test is `mmd.two_sample_test` by permutations, of as many rows of each
    set as the smaller one has, 2,000 at most, chosen by lot. Rizzo and Szekely
    2016, "Energy distance", WIREs Computational Statistics.

    Args:
      real: [n, d].
      fake: [m, d].
      seed: of the permutations.

    Raises:
      DataError: for rows that cannot be compared.
    """
    real, fake = checks.check(real, fake)
    value = kid.kid(real, fake, "exact", kernel="energy")
    rows = min(len(real), len(fake), _TESTED)
    tested = mmd.two_sample_test(
        checks.some_rows(real, rows, seed=0),
        checks.some_rows(fake, rows, seed=1),
        kernel="energy",
        seed=seed,
    )
    return EnergyDistance(value.mean, value.standard_error, tested.p_value)
