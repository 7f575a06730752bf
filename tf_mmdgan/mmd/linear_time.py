"""Statistics whose null is normal: linear-time, block, and cross-MMD.

The estimate over all pairs has no normal null: where both laws are equal its
first-order part vanishes. These give up some pairs, and some power, for a null
that needs no resampling.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd.kernel_tiles import Pairs, mean_embedding
from tf_mmdgan.mmd.permutation import mmd2_of_splits
from tf_mmdgan.mmd.samples import Samples


class Mean(NamedTuple):
    """An estimate of MMD^2 that is a mean of independent terms.

    Attributes:
      value: the estimate.
      error: its standard error.
      freedom: degrees of freedom of the standard error.
      terms: how many there are, of the smaller sample.
    """

    value: float
    error: float
    freedom: float
    terms: int


def linear_terms(kernels: Sequence[Kernel], samples: Samples) -> np.ndarray:
    """The h of rows 2 i and 2 i + 1, of mean MMD^2: [kernels, n // 2].

    h = k(x, x') + k(y, y') - k(x, y') - k(x', y)

    Gretton et al. 2012, "A kernel two-sample test", section 6.

    Raises:
      DataError: for samples of unequal sizes, or of fewer than 4 rows.
    """
    n, m = map(len, samples)
    if n != m:
        raise errors.DataError(
            f"the linear-time statistic pairs rows of x and y, of which there "
            f"are {n} and {m}: give as many of both, or estimator=cross."
        )
    _need_four(samples, "linear-time")
    last = n // 2 * 2
    x, y = (rows[:last] for rows in samples)
    pairs = Pairs(
        np.concatenate([x[::2], y[::2], x[::2], x[1::2]]),
        np.concatenate([x[1::2], y[1::2], y[1::2], y[::2]]),
    )
    values = np.stack([pairs.of(kernel) for kernel in kernels])
    within_x, within_y, crossed, other = np.split(values, 4, axis=1)
    return within_x + within_y - crossed - other


def linear_mmd2(kernel: Kernel, samples: Samples) -> Mean:
    """MMD^2 in time n: the mean of `linear_terms`, which says what it raises.

    The samples are in random order.
    """
    (terms,) = linear_terms([kernel], samples)
    return _mean(terms)


def block_mmd2(kernel: Kernel, samples: Samples) -> Mean:
    """MMD^2 in time n^1.5: the mean of unbiased estimates within blocks.

    There are as many blocks as a block has rows of the smaller sample, about.
    Zaremba, Gretton and Blaschko 2013, "B-tests", https://arxiv.org/abs/
    1307.1954. The samples are in random order.

    Raises:
      DataError: for fewer than 4 rows of either.
    """
    _need_four(samples, "block")
    blocks = math.isqrt(min(map(len, samples)))
    pairs = zip(
        np.array_split(samples.x, blocks),
        np.array_split(samples.y, blocks),
        strict=True,
    )
    values = [_mmd2(kernel, Samples(*pair)) for pair in pairs]
    return _mean(np.array(values))


def cross_mmd2(kernel: Kernel, samples: Samples) -> Mean:
    """MMD^2 by the witness of one half of the samples on the other half.

    f(t) = mean_j k(t, x_j) - mean_j k(t, y_j) over second halves
    value = mean_i f(x_i) - mean_i f(y_i) over first halves

    which is studentised as the difference of two means (Welch). Shekhar, Kim
    and Ramdas 2022, "A permutation-free kernel two-sample test",
    https://arxiv.org/abs/2211.14908. Time n^2. The samples are in random order.

    Raises:
      DataError: for fewer than 4 rows of either.
    """
    _need_four(samples, "cross-MMD")
    halves = [np.array_split(rows, 2) for rows in samples]
    (_, x_other), (_, y_other) = halves
    values = [
        mean_embedding(kernel, first, x_other)
        - mean_embedding(kernel, first, y_other)
        for first, _ in halves
    ]
    squares = [np.var(f, ddof=1) / len(f) for f in values]
    square = sum(squares)
    degrees = sum(
        s**2 / (len(f) - 1) for s, f in zip(squares, values, strict=True)
    )
    return Mean(
        value=float(values[0].mean() - values[1].mean()),
        error=math.sqrt(square),
        freedom=float(square**2 / degrees) if degrees else 1.0,
        terms=min(map(len, values)),
    )


def _mmd2(kernel: Kernel, samples: Samples) -> float:
    """The unbiased estimate."""
    n, m = map(len, samples)
    split = np.arange(n + m)[:, None] < n
    return mmd2_of_splits([kernel], samples.pooled, split).values[0, 0]


def _mean(terms: np.ndarray) -> Mean:
    count = len(terms)
    error = float(np.std(terms, ddof=1) / math.sqrt(count))
    return Mean(float(np.mean(terms)), error, count - 1, count)


def _need_four(samples: Samples, name: str) -> None:
    fewest = min(map(len, samples))
    if fewest < 4:
        raise errors.DataError(
            f"the {name} statistic has no standard error with {fewest} rows: "
            "need at least 4 of x and of y."
        )
