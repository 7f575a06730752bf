"""Scores by nearest neighbours, in memory that grows with n, not with n^2."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.metrics import checks, precision

TILE_SIZE = 1024
# Distances closer than this are equal: more than rounding, and less than
# features tell apart. Equal is neither nearer nor inside of an open ball.
_LESS = 1.0 - 1e-8


class PRDC(NamedTuple):
    """How far either set of samples lies within the reach of the other.

    Attributes:
      precision: share of fake samples inside the real manifold, [0, 1].
      recall: share of real samples inside the fake manifold, [0, 1].
      density: number of real samples in whose balls a fake sample lies, on
        average, divided by k: 1 for equal laws, more if fake samples crowd
        where real ones are dense.
      coverage: share of real samples with a fake one in their ball, [0, 1].
    """

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: np.ndarray, fake: np.ndarray, nearest_k: int = 5) -> PRDC:
    """Precision, recall, density and coverage of features [n, d], [m, d].

    A set's manifold is the union of open balls around its samples. The radius
    of each ball is the distance to the k-th nearest other sample of the set.
    Kynkaanniemi et al. 2019, "Improved precision and recall metric for
    assessing generative models", https://arxiv.org/abs/1904.06991, eqs. 1 and
    2 (k = 3 there); Naeem et al. 2020, "Reliable fidelity and diversity metrics
    for generative models", https://arxiv.org/abs/2002.09797, eqs. 3 and 4.

    Args:
      real: finite features [n, d].
      fake: finite features [m, d].
      nearest_k: k, 1 to min(n, m) - 1.

    Raises:
      UsageError: for a k out of range.
      DataError: see `checks.check`.
    """
    real, fake = checks.check(real, fake)
    most = min(len(real), len(fake)) - 1
    checks.at_least(0, nearest_k=nearest_k)
    if not 1 <= nearest_k <= most:
        raise errors.UsageError(
            f"nearest_k={nearest_k}: need 1 to {most}, one less than the "
            f"smaller of {len(real)} real and {len(fake)} fake samples."
        )
    real_radii = _LESS * neighbor_squares(real, nearest_k)
    fake_radii = _LESS * neighbor_squares(fake, nearest_k)
    recalled = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    balls = np.zeros(len(fake), np.int64)
    for rows, squares in _tiles(real, fake):
        inside = squares < real_radii[rows, np.newaxis]
        balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (squares < fake_radii).any(axis=1)
    return PRDC(
        precision=float(np.mean(balls > 0)),
        recall=float(np.mean(recalled)),
        density=float(np.mean(balls) / nearest_k),
        coverage=float(np.mean(covered)),
    )


def realism(
    real: np.ndarray, fake: np.ndarray, nearest_k: int = 3
) -> np.ndarray:
    """How far inside the real manifold each fake sample lies: [m].

    The largest ratio of a ball's radius to the sample's distance from the
    ball's centre, over the half of the real balls with the smaller radii: the
    others lie where real samples are few, and would hold almost anything.
    Above 1 the sample is inside a ball. Source: Kynkaanniemi et al. 2019,
    https://arxiv.org/abs/1904.06991, eq. 3.

    Args:
      real: finite features [n, d].
      fake: finite features [m, d].
      nearest_k: k, 1 to n - 1; a ball reaches the k-th nearest other sample.

    Returns:
      float64 [m], infinite for a copy of a real sample.

    Raises:
      UsageError: for a k out of range.
      DataError: see `checks.check`.
    """
    real, fake = checks.check(real, fake)
    if not 1 <= nearest_k < len(real):
        raise errors.UsageError(
            f"nearest_k={nearest_k}: need 1 to {len(real) - 1}, one less than "
            "the real samples."
        )
    radii = neighbor_squares(real, nearest_k)
    small = radii <= np.median(radii)
    real, radii = real[small], radii[small]
    found = np.zeros(len(fake))
    for rows, squares in _tiles(real, fake):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = radii[rows, np.newaxis] / squares
        # A copy of a sample whose own ball is a point.
        ratios[np.isnan(ratios)] = np.inf
        found = np.maximum(found, ratios.max(axis=0))
    return np.sqrt(found)


def nearest_neighbor_accuracy(
    real: np.ndarray, fake: np.ndarray
) -> tuple[float, float]:
    """How often a sample's nearest neighbour is of its own set: 0 to 1.

    The leave-one-out accuracy of a 1-nearest-neighbour classifier that tells
    real from fake, on the real and on the fake samples. Both are about 1 / 2
    for equal laws; near 1 the sets lie apart, near 0 the fake samples are
    copies of the real ones. Of the larger set as many rows are used as the
    smaller one has, chosen by lot.

    Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests",
    https://arxiv.org/abs/1610.06545; Xu et al. 2018, "An
    empirical study on evaluation metrics of generative adversarial networks",
    https://arxiv.org/abs/1806.07755.

    Returns:
      The accuracies on the real and on the fake samples.

    Raises:
      DataError: see `checks.check`.
    """
    real, fake = checks.check(real, fake)
    count = min(len(real), len(fake))
    real, fake = (checks.some_rows(rows, count) for rows in (real, fake))
    of_real = np.empty(count)
    of_fake = np.full(count, np.inf)
    for rows, squares in _tiles(real, fake):
        of_real[rows] = squares.min(axis=1)
        of_fake = np.minimum(of_fake, squares.min(axis=0))
    return (
        float(np.mean(neighbor_squares(real, 1) < _LESS * of_real)),
        float(np.mean(neighbor_squares(fake, 1) < _LESS * of_fake)),
    )


def nearest(features: np.ndarray, others: np.ndarray, count: int) -> np.ndarray:
    """Row numbers of the `count` others [m, d] nearest to each row of [n, d].

    int64 [n, count], the nearest first; `count` is at most m.
    """
    found = np.empty((len(features), count), np.int64)
    for rows, squares in _tiles(features, others):
        found[rows] = np.argsort(squares, axis=1, kind="stable")[:, :count]
    return found


def neighbor_squares(features: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each row of [n, d] to its k-th nearest other: [n]."""
    found = np.empty(len(features))
    for rows, squares in _tiles(features, features):
        # A row is no neighbour of itself.
        squares[np.arange(len(squares)), np.arange(rows.start, rows.stop)] = (
            np.inf
        )
        found[rows] = np.partition(squares, k - 1, axis=1)[:, k - 1]
    return found


def _tiles(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Some rows of x at a time, with their squared distances to y, [t, m]."""
    for start in range(0, len(x), TILE_SIZE):
        rows = slice(start, min(start + TILE_SIZE, len(x)))
        yield rows, precision.squared_distances(x[rows], y)
