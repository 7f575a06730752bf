"""Whether generated samples are copies of training samples.

Both tests ask for more than a generator that learns the law of the data would
show; held-out samples say how much that is.
"""

import math
import warnings
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn import cluster, exceptions

from tf_mmdgan.metrics import neighbors, precision

# Cells of C_T: one for so many held-out samples, and as many samples of either
# kind as a cell needs to count.
_HELD_OUT_IN_CELL = 50
_MOST_CELLS = 10
_LEAST_IN_CELL = 20
_CLUSTERED = 5_000  # training samples by which the cells are found


class Nearest:
    """The training samples nearest to some others, found a part at a time."""

    def __init__(self, features: np.ndarray, count: int = 1):
        """Begins without any training sample.

        Args:
          features: of those whose neighbours are looked for, [n, d].
          count: neighbours of each.
        """
        self._features = features
        self.squares = np.full((len(features), count), np.inf)
        self.rows = np.full((len(features), count), -1, np.int64)

    def add(self, training: np.ndarray, first: int) -> None:
        """Looks among more training samples [t, d].

        The first of them has the number `first`, and so on. Where distances are
        equal the one that came first stays first.
        """
        size = neighbors.TILE_SIZE
        for start in range(0, len(self._features), size):
            part = slice(start, start + size)
            for begin in range(0, len(training), size):
                found = precision.squared_distances(
                    self._features[part], training[begin : begin + size]
                )
                self._merge(part, found, first + begin)

    def _merge(self, part: slice, found: np.ndarray, first: int) -> None:
        """Takes in a tile of squared distances to samples from `first` on."""
        count = self.squares.shape[1]
        if count == 1:
            own = np.argmin(found, axis=1)[:, np.newaxis]
        else:
            own = np.argsort(found, axis=1, kind="stable")[:, :count]
        squares = np.concatenate(
            [self.squares[part], np.take_along_axis(found, own, axis=1)], axis=1
        )
        rows = np.concatenate([self.rows[part], first + own], axis=1)
        order = np.argsort(squares, axis=1, kind="stable")[:, :count]
        self.squares[part] = np.take_along_axis(squares, order, axis=1)
        self.rows[part] = np.take_along_axis(rows, order, axis=1)


class Copies(NamedTuple):
    """What is found of n held-out and m generated samples.

    Attributes:
      share_nearer: how often a generated sample is nearer to its nearest
        training sample than a held-out one is to its own, equal distances half:
        .5 for equal laws, 1 for copies.
      c_t: C_T; about 0 for equal laws, far below 0 for copies, and also for
        samples that are smoother than real ones.
      c_t_p_value: probability of such a C_T or a lower one for equal laws.
      hits: real samples, of training or held out, that are the nearest one of
        some generated sample.
      hits_in_training: those of them that are training samples.
      hits_p_value: probability of so many of them or more, had it been drawn by
        lot which real samples were trained on.
    """

    share_nearer: float
    c_t: float
    c_t_p_value: float
    hits: int
    hits_in_training: int
    hits_p_value: float

    def found(self, level: float = 1e-3) -> bool:
        """Whether both tests say that samples are copies."""
        return max(self.c_t_p_value, self.hits_p_value) < level


def copies(
    training: Iterable[np.ndarray], held_out: np.ndarray, fake: np.ndarray
) -> tuple[Copies, Nearest]:
    """Tests whether fake samples are copies of training samples.

    C_T of Meehan, Chaudhuri and Dasgupta 2020, "A non-parametric test to detect
    data-copying in generative models", https://arxiv.org/abs/2004.05675: the
    Mann-Whitney statistics of the distances to the nearest training sample, of
    fake against held-out ones, each in a cell of the space, averaged with the
    shares of the held-out samples as weights. Cells are those of k-means on the
    training samples; one with fewer than 20 samples of either kind is left out.

    Blurred samples are near to everything, and pass for copies by C_T. So there
    is another test: had a generator not seen which real samples were trained
    on, its samples would find as many of their nearest real samples among the
    held-out ones as there are, a hypergeometric law. Each real sample counts
    once, for fake samples crowd.

    Args:
      training: features of the training samples [N, d], in parts [t, d].
      held_out: features [n, d].
      fake: features [m, d].

    Returns:
      What is found; and for each fake sample, then for each held-out one, its
      nearest training sample.
    """
    both = Nearest(np.concatenate([fake, held_out]))
    count = 0
    sample: list[np.ndarray] = []
    for part in training:
        both.add(part, count)
        sample.append(part[: max(_CLUSTERED - count, 0)])
        count += len(part)
    squares = both.squares[:, 0]
    of_fake, of_held_out = squares[: len(fake)], squares[len(fake) :]
    u = _mann_whitney(of_fake, of_held_out)
    centres = _centres(np.concatenate(sample), len(held_out))
    c_t, p_value = _c_t(
        of_fake, of_held_out, *(_cells(x, centres) for x in (fake, held_out))
    )
    hits, in_training = _hits(both, held_out, fake)
    total = count + len(held_out)
    return Copies(
        share_nearer=1.0 - u / (len(fake) * len(held_out)),
        c_t=c_t,
        c_t_p_value=p_value,
        hits=hits,
        hits_in_training=in_training,
        hits_p_value=float(
            stats.hypergeom.sf(in_training - 1, total, count, hits)
        ),
    ), both


def _mann_whitney(x: np.ndarray, y: np.ndarray) -> float:
    """Number of pairs in which x is larger than y, equal ones half."""
    ranks = stats.rankdata(np.concatenate([x, y]))
    return float(ranks[: len(x)].sum()) - len(x) * (len(x) + 1) / 2


def _z(x: np.ndarray, y: np.ndarray) -> float:
    """Mann-Whitney's U of x against y in its standard deviations; 0 if all tie.

    The variance m n / 12 ((m + n + 1) - sum t (t^2 - 1) / ((m + n)(m + n - 1)))
    is corrected for t equal values.
    """
    m, n = len(x), len(y)
    total = m + n
    _, ties = np.unique(np.concatenate([x, y]), return_counts=True)
    tied = float(np.sum(ties.astype(np.float64) * (ties**2.0 - 1.0)))
    variance = m * n / 12 * (total + 1 - tied / (total * (total - 1)))
    if variance <= 0.0:
        return 0.0
    return (_mann_whitney(x, y) - m * n / 2) / math.sqrt(variance)


def _centres(training: np.ndarray, num_held_out: int) -> np.ndarray:
    """Centres of the cells, [k, d]."""
    count = min(_MOST_CELLS, max(1, num_held_out // _HELD_OUT_IN_CELL))
    count = min(count, len(np.unique(training, axis=0)))
    # By a power of two, which changes no digit: the squares of tiny rows are
    # zeros, and those of huge ones infinite.
    exponent = np.frexp(np.abs(training).max())[1]
    with warnings.catch_warnings():
        # Rows that are nearly equal, beside others, leave some cells empty.
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        found = cluster.KMeans(count, n_init=1, random_state=0).fit(
            np.ldexp(training, -exponent)
        )
    return np.ldexp(found.cluster_centers_, exponent)


def _cells(features: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The number of each sample's cell, [n]."""
    return neighbors.nearest(features, centres, 1)[:, 0]


def _c_t(
    of_fake: np.ndarray,
    of_held_out: np.ndarray,
    fake_cells: np.ndarray,
    held_out_cells: np.ndarray,
) -> tuple[float, float]:
    """C_T and its p-value, from distances and cells."""
    weights, values = [], []
    for cell in np.unique(held_out_cells):
        x = of_fake[fake_cells == cell]
        y = of_held_out[held_out_cells == cell]
        if min(len(x), len(y)) >= _LEAST_IN_CELL:
            weights.append(float(len(y)))
            values.append(_z(x, y))
    if not weights:  # too few samples for cells
        weights, values = [1.0], [_z(of_fake, of_held_out)]
    share = np.array(weights) / sum(weights)
    c_t = float(share @ np.array(values))
    return c_t, float(stats.norm.cdf(c_t / math.sqrt(share @ share)))


def _hits(
    both: Nearest, held_out: np.ndarray, fake: np.ndarray
) -> tuple[int, int]:
    """Real samples that are the nearest ones of fake samples, in all and seen.

    A held-out sample at the same distance as a training sample counts.
    """
    others = Nearest(fake)
    others.add(held_out, 0)
    seen = both.squares[: len(fake), 0] < others.squares[:, 0]
    in_training = len(np.unique(both.rows[: len(fake), 0][seen]))
    elsewhere = len(np.unique(others.rows[~seen, 0]))
    return in_training + elsewhere, in_training
