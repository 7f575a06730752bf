"""How many bits a score needs: single precision where that is enough."""

import functools

import numpy as np

from tf_mmdgan import errors, kernels
from tf_mmdgan.mmd.samples import check_integers

TYPES = {"float32": np.float32, "float64": np.float64}
# Kernel values must differ by so many times their rounding errors: then these
# average out in sums over many pairs.
_MARGIN = 3000.0
_ROWS = 80  # of either sample, to measure both
# Distances are computed anew from differences if they are smaller than this
# share of the norms, whose difference they are: the error of the others is
# below 1e-9 of them.
_NEAR = 1e-6
_PAIRS_AT_A_TIME = 2**22


def as_floats(features: np.ndarray, name: str) -> np.ndarray:
    """Numbers as float32 if that keeps them all, and else as float64.

    Args:
      features: floats or integers, of any shape.
      name: what they are, for the message.

    Raises:
      DataError: for integers that float64 does not keep.
    """
    if features.dtype.kind == "f":
        wide = features.dtype.itemsize > 4
        return features.astype(np.float64 if wide else np.float32, copy=False)
    singles = features.astype(np.float32)
    if features.dtype.itemsize < 4 or not features.size:
        return singles
    check_integers(features, name)
    largest = max(abs(int(features.min())), abs(int(features.max())))
    return singles if largest <= 2**24 else features.astype(np.float64)


def choose_type(
    kernel: kernels.Kernel,
    x: np.ndarray,
    y: np.ndarray,
    dtype: str | None = None,
    with_diagonals: bool = False,
) -> type[np.floating]:
    """The type in which MMD^2 of two samples keeps its digits.

    MMD^2 is made of the differences between kernel values. Where all values
    share a large part, as the cubes of features far from 0 do, rounding takes
    more than the differences. Both are measured on some of the pairs.

    Args:
      kernel: a frozen value.
      x: [n, d], float32 or float64.
      y: [m, d], of the same type.
      dtype: in `TYPES`, which is then obeyed; by default that of the samples,
        or float64 if float32 is not enough.
      with_diagonals: whether the k(x, x) are summed up too, and taken off
        again, which costs the digits of one that is large.

    Returns:
      The type. There is a warning if rounding in it spoils the result.

    Raises:
      DataError: if kernel values are too large for the type.
    """
    some = np.concatenate([_some(x), _some(y)])
    single = dtype is None and some.dtype == np.float32
    measure = functools.partial(_noise_and_signal, kernel, some, with_diagonals)
    if single and _holds(*measure(np.float32)):
        return np.float32
    chosen = np.float64 if dtype is None else TYPES[dtype]
    noise, signal = measure(chosen)
    if not np.isfinite([noise, signal]).all():
        raise errors.DataError(
            f"{kernel} of these features is too large for {chosen.__name__}: "
            "divide them by their spread"
            + (", or take float64." if chosen is np.float32 else ".")
        )
    if not _holds(noise, signal):
        errors.warn(
            f"{chosen.__name__} is too short for {kernel} of these features: "
            f"rounding errors of about {noise:.1g} in values that differ by "
            f"{signal:.1g}. Do not trust this score; subtract the mean from "
            "the features, or give another type or kernel.",
            stacklevel=3,
        )
    return chosen


def _holds(noise: float, signal: float) -> bool:
    # False for NaN too, and for values too large for the type.
    return noise * _MARGIN <= signal < np.inf


def _noise_and_signal(
    kernel: kernels.Kernel,
    points: np.ndarray,
    with_diagonals: bool,
    dtype: type[np.floating],
) -> tuple[float, float]:
    """Rounding errors of kernel values in a type, and their spread.

    The spread is that of values k(u, v) off the diagonal without the best fit
    by f(u) + f(v), which cancels in MMD^2. Both are root mean squares over
    pairs of different points; errors also of points with themselves, if
    diagonals are summed up. Neither is finite if the values are not.
    """
    others = ~np.eye(len(points), dtype=bool)
    values = kernel(points.astype(np.float64), points.astype(np.float64))
    values = values.numpy()
    summed = values if with_diagonals else values[others]
    noise = float(np.finfo(dtype).eps) * _root_mean_square(summed)
    if dtype is np.float32:
        rounded = kernel(points.astype(dtype), points.astype(dtype)).numpy()
        with np.errstate(invalid="ignore"):
            error = _root_mean_square((rounded - values)[others])
        noise = float(np.maximum(noise, error))
    with np.errstate(invalid="ignore"):
        shared = _shared(np.where(others, values, 0.0))
        values = values - shared - shared[:, np.newaxis]
    return noise, _root_mean_square(values[others])


def _shared(values: np.ndarray) -> np.ndarray:
    """The a_i [n] of which a_i + a_j fits a symmetric matrix off its diagonal.

    By least squares; the diagonal is 0.
    """
    count, rows = len(values), values.sum(axis=1)
    return (rows - rows.sum() / (2.0 * (count - 1))) / (count - 2)


def _root_mean_square(values: np.ndarray) -> float:
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(np.square(values))))


def _some(rows: np.ndarray) -> np.ndarray:
    """Rows at equal steps, and the one that lies farthest from their mean."""
    step = -(-len(rows) // _ROWS)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", rows, rows)
        # By einsum, which wakes no threads: faster for so few operations.
        mean = rows[::step].mean(axis=0)
        squares -= 2.0 * np.einsum("ij,j->i", rows, mean)
    farthest = int(np.argmax(squares))  # NaN counts as the largest
    return rows[sorted({*range(0, len(rows), step), farthest})]


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of all pairs, with an error below 1e-9.

    The error is relative to each distance, however far from the others two
    points lie together.

    Args:
      x: [n, d].
      y: [m, d].

    Returns:
      float64 [n, m].
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if not len(x) or not len(y):
        return np.zeros((len(x), len(y)))
    squares = np.array(kernels.squared_distances(x, y))
    centre = x.mean(axis=0)
    norms, others = (np.square(z - centre).sum(axis=1) for z in (x, y))
    # Of each pair: one point far from all would make all others near.
    near = np.nonzero(squares <= _NEAR * (norms[:, np.newaxis] + others))
    step = max(1, _PAIRS_AT_A_TIME // max(1, x.shape[1]))
    for start in range(0, len(near[0]), step):
        rows, columns = (index[start : start + step] for index in near)
        differences = x[rows] - y[columns]
        squares[rows, columns] = np.square(differences).sum(axis=1)
    return squares
