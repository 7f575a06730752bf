"""The Kernel Inception Distance, by three estimators.

KID is MMD^2 between the features of real and fake images with the kernel
(<x, y> / d + 1)^3: Binkowski et al. 2018, section 4,
https://arxiv.org/abs/1801.01401. It is given raw, not times 100 or 1000.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.evaluation import pair_sums, pairs

_NAN = float("nan")


@dataclasses.dataclass(frozen=True, kw_only=True)
class KID:
    """An estimate of KID and what is known of its spread.

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


def kid(
    real: np.ndarray,
    fake: np.ndarray,
    estimator: str = "blocks",
    max_block_size: int = 1024,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
    kernel: kernels.Kernel | None = None,
) -> KID:
    """KID of real [n, d] and fake [m, d] features.

    Args:
      real: finite features, [n, d]; in random order for "blocks".
      fake: finite features, [m, d]; in random order for "blocks".
      estimator: "blocks" splits both sets into ceil(max(n, m) /
        max_block_size) blocks as TF-GAN does, and equals it; float64.
        "subsets" draws from both as the paper does, without replacement
        within a subset, independently between subsets. "exact" takes all
        pairs of rows, and so has the least variance. The kernel values of
        the last two have the dtype of the features, all sums are float64.
      max_block_size: for "blocks", the most rows of one set in a block.
      num_subsets: for "subsets".
      subset_size: for "subsets", rows of either set; at most min(n, m).
      seed: for "subsets"; the same seed draws the same rows.
      kernel: another than (<x, y> / d + 1)^3.

    Raises:
      UsageError: for an unknown estimator or a setting out of range.
      DataError: for features of another rank, of unequal widths, with NaN or
        infinity, or with fewer than two rows (in each block).
    """
    real, fake = pairs.check(real, fake)
    kernel = kernel or kernels.Polynomial(degree=3, coef0=1.0)
    estimators = {
        "blocks": lambda: _blocks(kernel, real, fake, max_block_size),
        "subsets": lambda: _subsets(
            kernel, real, fake, num_subsets, subset_size, seed
        ),
        "exact": lambda: _exact(kernel, real, fake),
    }
    mean, standard_error, subset_std = errors.pick(
        estimators, estimator, "estimator of KID"
    )()
    return KID(
        mean=mean,
        standard_error=standard_error,
        subset_std=subset_std,
        estimator=estimator,
        num_real=len(real),
        num_fake=len(fake),
    )


def _blocks(
    kernel: kernels.Kernel, real: np.ndarray, fake: np.ndarray, size: int
) -> tuple[float, float, float]:
    """Source: Zaremba et al. 2013, https://arxiv.org/abs/1307.1954."""
    real_bounds, fake_bounds = pairs.block_bounds(len(real), len(fake), size)
    blocks = zip(
        np.split(real.astype(np.float64), real_bounds[1:-1]),
        np.split(fake.astype(np.float64), fake_bounds[1:-1]),
        strict=True,
    )
    values = [_mmd2(kernel, *block) for block in blocks]
    if len(values) == 1:
        return values[0], _NAN, _NAN
    standard_error = np.std(values, ddof=1) / math.sqrt(len(values))
    return float(np.mean(values)), float(standard_error), _spread(values)


def _subsets(
    kernel: kernels.Kernel,
    real: np.ndarray,
    fake: np.ndarray,
    num_subsets: int,
    subset_size: int,
    seed: int,
) -> tuple[float, float, float]:
    """Source: Binkowski et al. 2018, section 4 and their code."""
    if num_subsets < 1:
        raise errors.UsageError(f"num_subsets={num_subsets}: need >= 1.")
    available = min(len(real), len(fake))
    if not 2 <= subset_size <= available:
        raise errors.UsageError(
            f"subset_size={subset_size}: need 2 to {available}, the smaller "
            f"of {len(real)} real and {len(fake)} fake samples; lower it or "
            "give more samples."
        )
    rng = np.random.default_rng(seed)

    def draw(features: np.ndarray) -> np.ndarray:
        return features[rng.choice(len(features), subset_size, replace=False)]

    values = [_mmd2(kernel, draw(real), draw(fake)) for _ in range(num_subsets)]
    return float(np.mean(values)), _NAN, _spread(values)


def _exact(
    kernel: kernels.Kernel, real: np.ndarray, fake: np.ndarray
) -> tuple[float, float, float]:
    sums = pair_sums.all_pair_sums(kernel, real, fake)
    return *pair_sums.estimate(sums), _NAN


def _mmd2(kernel: kernels.Kernel, real: np.ndarray, fake: np.ndarray) -> float:
    grams = mmd.gram_matrices(kernel, real, fake)
    # Averages of many terms: sum in float64 whatever the terms are in.
    double = mmd.Grams(*(tf.cast(gram, tf.float64) for gram in grams))
    return float(mmd.mmd2_unbiased(double))


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values)) if len(values) > 1 else _NAN
