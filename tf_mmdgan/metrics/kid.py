"""The Kernel Inception Distance, by three estimators.

KID is MMD^2 between the features of real and fake images with the kernel
(<x, y> / d + 1)^3: Binkowski et al. 2018, section 4,
https://arxiv.org/abs/1801.01401. It is given raw, not times 100 or 1000.
"""

import dataclasses
import math
import statistics
from collections.abc import Sequence

import numpy as np

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import checks, kernel_sums, precision, subsets

KERNEL = kernels.Polynomial(degree=3, coef0=1.0)
_NAN = float("nan")


@dataclasses.dataclass(frozen=True, kw_only=True)
class KID:
    """An estimate of KID and what is known of its spread.

        >>> real, fake = np.random.default_rng(0).normal(size=(2, 50, 3))
        >>> low, high = tm.kid(real, fake, "exact").confidence_interval()
        >>> low < 0.0 < high
        True

    Attributes:
      mean: the estimate. It is unbiased, so it can be negative.
      standard_error: standard deviation of `mean` over new samples. "exact":
        analytic, from the variance of the U-statistic. "blocks": the standard
        deviation over blocks / sqrt(blocks), NaN for one block. "subsets":
        NaN, because subsets overlap, so that dividing their spread by
        sqrt(subsets) says nothing.
      subset_std: population standard deviation over subsets or blocks: the
        spread that papers print as KID's. NaN for "exact", and for one block
        or subset.
      estimator: "blocks", "subsets" or "exact".
      num_real: number of real rows, n.
      num_fake: number of fake rows, m.
    """

    mean: float
    standard_error: float
    subset_std: float
    estimator: str
    num_real: int
    num_fake: int

    def confidence_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Where KID itself lies, with probability `level`, by a normal law.

        mean -+ z standard_error, for "exact" alone; NaN for the others, whose
        blocks are too few for a normal law. Where both laws are alike the
        standard error is large rather than small (`mmd.Variance.clipped`), so
        that the interval covers more than it says.

        Raises:
          UsageError: for a level that is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise errors.UsageError(
                f"level={level}: need more than 0, below 1."
            )
        if self.estimator != "exact":
            return _NAN, _NAN
        z = statistics.NormalDist().inv_cdf((1.0 + level) / 2.0)
        return (
            self.mean - z * self.standard_error,
            self.mean + z * self.standard_error,
        )


def kid(
    real: np.ndarray,
    fake: np.ndarray,
    estimator: str = "blocks",
    max_block_size: int = 1024,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
    kernel: kernels.Kernel | str = KERNEL,
    dtype: str | None = None,
) -> KID:
    """KID of real [n, d] and fake [m, d] features.

        >>> real, fake = np.random.default_rng(0).normal(size=(2, 50, 3))
        >>> found = tm.kid(real, fake + 1.0, "exact")
        >>> found.mean > 0.0, found.num_real
        (True, 50)

    Args:
      real: finite features, [n, d]; in random order for "blocks".
      fake: finite features, [m, d]; for "blocks" in a random order of its own.
      estimator: "blocks" splits both sets into ceil(max(n, m) /
        max_block_size) blocks as TF-GAN does, and equals it; float64.
        "subsets" draws from both as the paper does, without replacement
        within a subset, independently between subsets. "exact" takes all
        pairs of rows, and so has the least variance. All sums are float64.
      max_block_size: for "blocks", the most rows of one set in a block.
      num_subsets: for "subsets".
      subset_size: for "subsets", rows of either set; at most min(n, m).
      seed: for "subsets"; the same seed draws the same rows, those that
        torch-fidelity 0.4.0 draws of (real, fake) by its `rng_seed`.
      kernel: another than (<x, y> / d + 1)^3, or its name, such as
        `kernels.Polynomial(degree=2, gamma=.01, coef0=0.)`.
      dtype: of the kernel values of "subsets" and "exact", float32 or float64;
        by default that of the features, or float64 where float32 would
        spoil the result: see `precision.choose_type`.

    Raises:
      UsageError: for an unknown estimator or a setting out of range.
      DataError: for features of another rank, of unequal widths, with NaN or
        infinity, or with fewer than two rows (in each block); or if kernel
        values are too large for the type.
    """
    real, fake = checks.check(real, fake)
    kernel = kernels.KERNEL_FAMILY.get(kernel)
    if dtype is not None:
        errors.pick(precision.TYPES, dtype, "dtype of KID")
    estimators = {
        "blocks": lambda: _blocks(kernel, real, fake, max_block_size),
        "subsets": lambda: _subsets(
            kernel, real, fake, num_subsets, subset_size, seed
        ),
        "exact": lambda: _exact(kernel, real, fake),
    }
    chosen = errors.pick(estimators, estimator, "estimator of KID")
    given = "float64" if estimator == "blocks" else dtype
    values = precision.choose_type(kernel, real, fake, given)
    if estimator != "blocks":  # whose own sums are float64
        real, fake = (x.astype(values, copy=False) for x in (real, fake))
    return chosen()


def of_blocks(values: Sequence[float], num_real: int, num_fake: int) -> KID:
    """KID of n real and m fake samples, from the MMD^2 of each block."""
    standard_error = _NAN
    if len(values) > 1:
        standard_error = float(np.std(values, ddof=1) / math.sqrt(len(values)))
    return KID(
        mean=float(np.mean(values)),
        standard_error=standard_error,
        subset_std=_spread(values),
        estimator="blocks",
        num_real=num_real,
        num_fake=num_fake,
    )


def _blocks(
    kernel: kernels.Kernel, real: np.ndarray, fake: np.ndarray, size: int
) -> KID:
    """Source: Zaremba et al. 2013, https://arxiv.org/abs/1307.1954."""
    real_bounds, fake_bounds = checks.block_bounds(len(real), len(fake), size)
    checks.warn_of_pairs(real, fake)
    blocks = zip(
        np.split(real, real_bounds[1:-1]),
        np.split(fake, fake_bounds[1:-1]),
        strict=True,
    )
    values = [subsets.mmd2_of_block(kernel, x, y) for x, y in blocks]
    return of_blocks(values, len(real), len(fake))


def _subsets(
    kernel: kernels.Kernel,
    real: np.ndarray,
    fake: np.ndarray,
    num_subsets: int,
    subset_size: int,
    seed: int,
) -> KID:
    """Source: Binkowski et al. 2018, section 4 and their code."""
    checks.at_least(1, num_subsets=num_subsets)
    checks.at_least(0, seed=seed, subset_size=subset_size)
    smaller = min(len(real), len(fake))
    if not 2 <= subset_size <= smaller:
        raise errors.UsageError(
            f"subset_size={subset_size}: need 2 to {smaller}, the smaller "
            f"of {len(real)} real and {len(fake)} fake samples; lower it or "
            "give more samples."
        )
    # The generator and the order of the draws are those of torch-fidelity,
    # whose seeds have 32 bits; longer ones are several words.
    words, rest = [seed % 2**32], seed >> 32
    while rest:
        words, rest = [*words, rest % 2**32], rest >> 32
    rng = np.random.RandomState(words if len(words) > 1 else seed)
    counts = len(real), len(fake)
    rows = [
        [rng.choice(count, subset_size, replace=False) for count in counts]
        for _ in range(num_subsets)
    ]
    real_rows, fake_rows = np.array(rows).swapaxes(0, 1)
    values = subsets.mmd2_of_subsets(kernel, real, fake, real_rows, fake_rows)
    return KID(
        mean=float(np.mean(values)),
        standard_error=_NAN,
        subset_std=_spread(values),
        estimator="subsets",
        num_real=len(real),
        num_fake=len(fake),
    )


def _exact(kernel: kernels.Kernel, real: np.ndarray, fake: np.ndarray) -> KID:
    sums = kernel_sums.all_pair_sums(kernel, real, fake)
    mean, standard_error = kernel_sums.estimate(sums)
    return KID(
        mean=mean,
        standard_error=standard_error,
        subset_std=_NAN,
        estimator="exact",
        num_real=len(real),
        num_fake=len(fake),
    )


def _spread(values: Sequence[float] | np.ndarray) -> float:
    return float(np.std(values)) if len(values) > 1 else _NAN
