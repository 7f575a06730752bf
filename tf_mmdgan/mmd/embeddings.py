"""What mean embeddings say of samples: subsets, extremes, their diversity.

rows = herd(x, 20)                   # 20 rows that stand for all
ranking = rank_by_witness(x, y)      # what tells x from y
vendi_score(x)                       # how many different rows there are
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg

from tf_mmdgan import errors, kernels
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.mmd import kernel_choice
from tf_mmdgan.mmd.kernel_tiles import KernelTile, mean_embedding
from tf_mmdgan.mmd.samples import as_rows, as_samples


class WitnessRanking(NamedTuple):
    """Rows by the witness, which is large where x has more mass than y.

    Attributes:
      x_values: of the witness at the rows of x, [n].
      y_values: at the rows of y, [m].
      x_order: rows of x, those that are least like y first, [n].
      y_order: rows of y, those that are least like x first, [m].
    """

    x_values: np.ndarray
    y_values: np.ndarray
    x_order: np.ndarray
    y_order: np.ndarray


class Summary(NamedTuple):
    """Rows that stand for a sample, and rows that these do not stand for."""

    prototypes: np.ndarray  # rows of the sample, the most telling first
    criticisms: np.ndarray  # the same, none of them a prototype


def rank_by_witness(
    x: Any,
    y: Any,
    kernel: Kernel | str = kernel_choice.DEFAULT,
    seed: int = 0,
) -> WitnessRanking:
    """Orders the rows of two samples by what tells the samples apart.

    f(t) = mean_j k(t, x_j) - mean_j k(t, y_j)

    over all rows but t itself, which would raise f at x and lower it at y.
    Gretton et al. 2012, "A kernel two-sample test", section 2.3.

        >>> x, y = [[0.0], [0.1], [5.0]], [[5.0], [5.1]]
        >>> ranking = tm.rank_by_witness(x, y, "rbf")
        >>> ranking.x_order.tolist()
        [0, 1, 2]

    Args:
      x: rows, as in `two_sample_test`.
      y: the same.
      kernel: as in `two_sample_test`.
      seed: of the rows that the median heuristic takes.

    Raises:
      UsageError: for an unknown kernel.
      DataError: for samples that cannot be used.
    """
    samples = as_samples(x, y)
    kernel = _resolve(kernel, samples.pooled, seed)
    x_values = _others(kernel, samples.x) - mean_embedding(
        kernel, samples.x, samples.y
    )
    y_values = mean_embedding(kernel, samples.y, samples.x) - _others(
        kernel, samples.y
    )
    return WitnessRanking(
        x_values,
        y_values,
        np.argsort(-x_values, kind="stable"),
        np.argsort(y_values, kind="stable"),
    )


def herd(
    x: Any,
    count: int,
    kernel: Kernel | str = kernel_choice.DEFAULT,
    seed: int = 0,
) -> np.ndarray:
    """Rows of a sample whose mean embedding is near that of all its rows.

    Each row taken is the one with which MMD^2 between the rows taken and all
    rows is least: kernel herding, Chen, Welling and Smola 2010, "Super-samples
    from kernel herding", https://arxiv.org/abs/1203.3472, from the sample and
    without repeats.

        >>> tm.herd([[0.0], [0.1], [9.0], [9.1]], 2, "rbf").tolist()
        [0, 2]

    Args:
      x: rows, as in `two_sample_test`.
      count: of the rows taken, at most all.
      kernel: as in `two_sample_test`.
      seed: of the rows that the median heuristic takes.

    Returns:
      Numbers of rows, int [count], in the order in which they were taken: the
      first of them are what a smaller count gives.

    Raises:
      UsageError: for an unknown kernel, or a count out of range.
      DataError: for a sample that cannot be used.
    """
    rows = as_rows(x, "x")
    _check_count(count, len(rows), "count")
    kernel = _resolve(kernel, rows, seed)
    return greedy_match(
        lambda row: KernelTile(rows[row : row + 1], rows).of(kernel)[0],
        kernel.diagonal(rows).numpy(),
        mean_embedding(kernel, rows, rows),
        count,
    )


def greedy_match(
    kernel_row: Callable[[int], np.ndarray],
    diagonal: np.ndarray,
    target: np.ndarray,
    count: int,
) -> np.ndarray:
    """Points of a pool whose mean embedding is near a given one, greedily.

    Each point taken is the one with which the MMD^2 between those taken and
    the target is least; none is taken twice.

    Args:
      kernel_row: from a point of the pool to its kernel with all, [n].
      diagonal: kernel of each point of the pool with itself, [n].
      target: the mean embedding at the pool's points, [n].
      count: number of points to take.

    Returns:
      Indices, [count].
    """
    taken: list[int] = []
    inner = np.zeros(len(target))  # sum of k(., z) over those taken
    total = 0.0  # of the kernel among them
    for size in range(1, count + 1):
        within = (total + 2.0 * inner + diagonal) / size**2
        across = (target[taken].sum() + target) / size
        loss = within - 2.0 * across
        loss[taken] = np.inf
        best = int(np.argmin(loss))
        total += 2.0 * inner[best] + diagonal[best]
        inner += kernel_row(best)
        taken.append(best)
    return np.array(taken, int)


def prototypes_and_criticisms(
    x: Any,
    num_prototypes: int,
    num_criticisms: int,
    kernel: Kernel | str = kernel_choice.DEFAULT,
    seed: int = 0,
) -> Summary:
    """Rows that stand for a sample, and rows that they leave unexplained.

    Prototypes are those of `herd`. Criticisms C are taken one after the other
    so that each raises the most

    sum_{c in C} |mean_i k(x_i, x_c) - mean_{s in S} k(x_s, x_c)| + log det K_CC

    where the witness between sample and prototypes S is large, and far from
    each other: Kim, Khanna and Koyejo 2016, "Examples are not enough, learn to
    criticize!", equations 2 and 4.

        >>> x = [[0.0], [0.1], [0.2], [5.0], [5.1], [9.0]]
        >>> found = tm.prototypes_and_criticisms(x, 2, 1, "rbf")
        >>> found.prototypes.tolist(), found.criticisms.tolist()
        ([1, 4], [5])

    Args:
      x: rows, as in `two_sample_test`.
      num_prototypes: at least 1.
      num_criticisms: at least 0.
      kernel: as in `two_sample_test`.
      seed: of the rows that the median heuristic takes.

    Raises:
      UsageError: as `herd`, and where there are more of both than rows.
      DataError: for a sample that cannot be used.
    """
    rows = as_rows(x, "x")
    _check_count(num_prototypes, len(rows), "num_prototypes")
    errors.check_count(0, num_criticisms=num_criticisms)
    if num_criticisms > len(rows) - num_prototypes:
        raise errors.UsageError(
            f"num_criticisms={num_criticisms}: need 0 to "
            f"{len(rows) - num_prototypes}, the rows that are no prototypes."
        )
    kernel = _resolve(kernel, rows, seed)
    prototypes = herd(rows, num_prototypes, kernel)
    witness = mean_embedding(kernel, rows, rows) - mean_embedding(
        kernel, rows, rows[prototypes]
    )
    gains = np.abs(witness)
    gains[prototypes] = -np.inf
    return Summary(prototypes, _spread(kernel, rows, gains, num_criticisms))


def vendi_score(
    x: Any, kernel: Kernel | str = "linear", seed: int = 0
) -> float:
    """The effective number of different rows, in [1, n].

    exp(-sum_i l_i log l_i),  l the eigenvalues of K / n

    with K_ij = k(x_i, x_j) / sqrt(k(x_i, x_i) k(x_j, x_j)): n equal rows have 1
    and n that the kernel finds orthogonal have n. With the linear kernel, K is
    the cosine of rows. Friedman and Dieng 2023, "The Vendi score",
    https://arxiv.org/abs/2210.02410.

        >>> round(tm.vendi_score(np.eye(4)), 4)  # four kinds of rows
        4.0

    Args:
      x: rows, as in `two_sample_test`.
      kernel: as in `two_sample_test`.
      seed: of the rows that the median heuristic takes.

    Raises:
      UsageError: for an unknown kernel.
      DataError: for a sample that cannot be used, or a row that has kernel 0
        with itself.
    """
    rows = as_rows(x, "x")
    kernel = _resolve(kernel, rows, seed)
    roots = np.sqrt(kernel.diagonal(rows).numpy())
    if not (roots > 0.0).all():
        raise errors.DataError(
            f"row {int(np.argmin(roots > 0.0))} of x has kernel 0 with itself: "
            "it is like no row."
        )
    if isinstance(kernel, kernels.Linear):
        # Of as many rows and columns as there are numbers in a row.
        eigenvalues = scipy.linalg.svdvals(rows / roots[:, None]) ** 2
    else:
        gram = KernelTile(rows, rows).of(kernel) / roots / roots[:, None]
        eigenvalues = scipy.linalg.eigvalsh(gram)
    shares = np.maximum(eigenvalues, 0.0) / len(rows)
    positive = shares[shares > 0.0]
    return float(np.exp(-np.sum(positive * np.log(positive))))


def _spread(
    kernel: Kernel, rows: np.ndarray, gains: np.ndarray, count: int
) -> np.ndarray:
    """Rows with large gains, and a large determinant of their kernel matrix.

    The determinant grows by the factor that an incomplete Cholesky
    decomposition leaves on the diagonal.
    """
    tiny = np.finfo(float).tiny
    left = kernel.diagonal(rows).numpy()
    columns = np.zeros((count, len(rows)))
    taken: list[int] = []
    for number in range(count):
        # Not 0, of which the logarithm would be that of rows taken.
        scores = gains + np.log(np.maximum(left, tiny))
        scores[taken] = -np.inf
        best = int(np.argmax(scores))
        row = KernelTile(rows[best : best + 1], rows).of(kernel)[0]
        row = row - columns[:number, best] @ columns[:number]
        columns[number] = row / np.sqrt(max(left[best], tiny))
        left = left - columns[number] ** 2
        taken.append(best)
    return np.array(taken, int)


def _others(kernel: Kernel, rows: np.ndarray) -> np.ndarray:
    """mean_{j != i} k(x_i, x_j) for each row, [n]."""
    n = len(rows)
    own = kernel.diagonal(rows).numpy()
    return (n * mean_embedding(kernel, rows, rows) - own) / (n - 1.0)


def _resolve(kernel: Kernel | str, rows: np.ndarray, seed: int) -> Kernel:
    errors.check_count(0, seed=seed)
    return kernel_choice.resolve(kernel, rows, np.random.default_rng(seed))


def _check_count(count: object, most: int, name: str) -> None:
    if not isinstance(count, int | np.integer) or not 1 <= count <= most:
        raise errors.UsageError(
            f"{name}={count!r}: need 1 to {most}, the rows of x."
        )
