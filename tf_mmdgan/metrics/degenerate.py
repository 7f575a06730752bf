"""Warnings of features that make any two sets alike."""

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.metrics.moments import Moments
from tf_mmdgan.mmd.samples import as_numbers

_LEAST_ROWS = 3  # two rows always lie on a line
_SOME_ROWS = 512
_ROUNDINGS = 8.0  # of the largest feature, by which equal ones may differ
_ON_A_LINE = 1e-10  # of the squared deviations, the most beside the line


def warn_of_degenerate(name: str, features: np.ndarray) -> None:
    """Warns if features [n, d] are constant, or lie on one line.

    A network whose units are dead gives such features. They make FID and KID
    of any two sets small. What is no matrix of finite numbers is passed over.

    Args:
      name: "real" or "fake".
      features: of one set.
    """
    features = as_numbers(features)
    if features.ndim != 2 or features.dtype.kind not in "fiu":
        return
    if len(features) < _LEAST_ROWS or not features.shape[1]:
        return
    if _constant(features):
        found = f"constant: all {len(features)} rows are equal, up to rounding"
    elif features.shape[1] > 1 and _on_a_line(features):
        found = f"of rank one: all {len(features)} rows lie on one line"
    else:
        return
    _warn(name, found)


def warn_of_degenerate_moments(name: str, moments: Moments) -> None:
    """The same where mean and covariance are all that is known.

    Features are taken for constant if they deviate from their mean by no more
    than rounding in single precision, in which networks compute.

    Args:
      name: "real" or "fake".
      moments: of one set.
    """
    mean, covariance = moments
    largest = np.diag(covariance).max()
    rounding = _ROUNDINGS * np.finfo(np.float32).eps * np.abs(mean).max()
    if np.sqrt(largest) <= rounding:
        _warn(name, "constant: their covariance is zero, up to rounding")
        return
    # The sum of the eigenvalues, and the root of the sum of their squares.
    scaled = covariance / largest
    trace, norm = np.trace(scaled), np.linalg.norm(scaled)
    if len(mean) > 1 and norm >= (1.0 - _ON_A_LINE) * trace:
        _warn(name, "of rank one: their covariance has one eigenvalue")


def _warn(name: str, found: str) -> None:
    errors.warn(
        f"{name} features are {found}. Scores of such features say nothing: "
        "look at the images, and at the extractor's weights and range.",
        stacklevel=4,
    )


def _constant(features: np.ndarray) -> bool:
    low, high = (
        f(axis=0).astype(np.float64) for f in (features.min, features.max)
    )
    largest = max(np.abs(low).max(), np.abs(high).max())
    exact = features.dtype.kind != "f"
    rounding = 0.0 if exact else _ROUNDINGS * np.finfo(features.dtype).eps
    with np.errstate(invalid="ignore"):
        return bool((high - low).max() <= rounding * largest)


def _on_a_line(features: np.ndarray) -> bool:
    step = -(-len(features) // _SOME_ROWS)
    rows = features[::step].astype(np.float64)
    deviations = rows - rows.mean(axis=0)
    squares = np.square(deviations).sum(axis=1)
    if not 0.0 < squares.sum() < np.inf:
        return False
    along = deviations[squares.argmax()] / np.sqrt(squares.max())
    beside = squares - np.square(deviations @ along)
    return bool(beside.sum() <= _ON_A_LINE * squares.sum())
