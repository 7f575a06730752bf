"""Mean and covariance of features, in one pass over parts that merge."""

import dataclasses
import os
import pathlib
from typing import NamedTuple

import numpy as np
from scipy.linalg import blas

from tf_mmdgan import errors, files

_ROWS_AT_A_TIME = 4096
# Of single precision, in which some tools write: relative to the largest.
_ROUNDING = 1e-5
_MIRROR_BLOCK = 256  # so small that a block stays in the processor's cache


class Moments(NamedTuple):
    """Mean and covariance of features, as the usual tools store them.

    Attributes:
      mean: float64 [d].
      covariance: float64 [d, d], divided by n - 1.
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> "Moments":
        """The moments of finite features [n, d], n >= 2."""
        return MomentSums.of(features).moments()


@dataclasses.dataclass(frozen=True)
class MomentSums:
    """Sums over a part of a set, from which the moments of the set follow.

        sums = MomentSums.of(first_batch)
        for batch in others:
            sums = sums.merge(MomentSums.of(batch))
        sums.moments()

    So a single pass scores more samples than memory holds, or several processes
    take a part each. No digits are lost where the mean is large: Chan, Golub
    and LeVeque 1983, "Algorithms for computing the sample variance", eq. 2.1.

    Attributes:
      count: number of rows, n.
      mean: float64 [d].
      scatter: sum of (x - mean) (x - mean)^T, float64 [d, d].
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> "MomentSums":
        """The sums of finite features [n, d], n >= 1."""
        mean = features.mean(axis=0, dtype=np.float64)
        width = features.shape[1]
        upper = np.zeros((width, width), order="F")
        room = np.empty((min(len(features), _ROWS_AT_A_TIME), width))
        for start in range(0, len(features), _ROWS_AT_A_TIME):
            rows = features[start : start + _ROWS_AT_A_TIME]
            deviations = np.subtract(rows, mean, out=room[: len(rows)])
            upper = blas.dsyrk(1.0, deviations.T, 1.0, upper, overwrite_c=True)
        _mirror(upper)
        return cls(len(features), mean, upper.T)

    def merge(self, other: "MomentSums") -> "MomentSums":
        """The sums over the rows of both parts."""
        count = self.count + other.count
        step = other.mean - self.mean
        share = other.count / count
        scatter = self.scatter + other.scatter
        scatter += np.outer(step, step * (self.count * share))
        return MomentSums(count, self.mean + step * share, scatter)

    def moments(self) -> Moments:
        """Mean and covariance.

        Raises:
          DataError: for fewer than two rows.
        """
        if self.count < 2:
            raise errors.DataError(
                f"A covariance of {self.count} sample(s): need at least 2."
            )
        return Moments(self.mean, self.scatter / (self.count - 1))


def _mirror(upper: np.ndarray) -> None:
    """Copies the upper half of a matrix to its lower half, in place."""
    for start in range(0, len(upper), _MIRROR_BLOCK):
        end = start + _MIRROR_BLOCK
        upper[end:, start:end] = upper[start:end, end:].T
        block = upper[start:end, start:end]
        block += np.triu(block, 1).T


def read_moments(path: str | os.PathLike[str]) -> Moments:
    """Mean and covariance from an .npz file with the arrays mu and sigma.

    FID's own code, pytorch-fid and clean-fid write such files, which do not say
    which extractor and which resize they were made with: `read_extractor`.

    Raises:
      DataError: for a file that is missing, damaged or something else, and for
        a sigma that is no covariance.
    """
    arrays = files.read_npz(path, ("mu", "sigma"))
    if not {"mu", "sigma"} <= arrays.keys():
        raise errors.DataError(
            f"{path} holds {', '.join(files.npz_names(path)) or 'nothing'}: "
            "need the arrays mu [d] and sigma [d, d]."
        )
    wrong = [k for k, array in arrays.items() if array.dtype.kind not in "fiu"]
    if wrong:
        raise errors.DataError(f"{path}: {wrong[0]} holds no numbers.")
    mean, covariance = (np.float64(arrays[name]) for name in ("mu", "sigma"))
    _check_covariance(path, mean, covariance)
    return Moments(mean, covariance)


def _check_covariance(
    path: str | os.PathLike[str], mean: np.ndarray, covariance: np.ndarray
) -> None:
    """Refuses moments of wrong shapes, and what is no covariance."""
    width = mean.shape[0] if mean.ndim == 1 else None
    if width is None or covariance.shape != (width, width):
        raise errors.DataError(
            f"{path}: mu has shape {mean.shape}, sigma {covariance.shape}; "
            "need [d] and [d, d]."
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise errors.DataError(f"{path}: mu or sigma is NaN or infinite.")
    largest = np.abs(covariance).max(initial=0.0)
    unequal = np.abs(covariance - covariance.T).max(initial=0.0)
    if unequal > _ROUNDING * largest:
        raise errors.DataError(
            f"{path}: sigma is not symmetric, by up to {unequal:.3g} of "
            f"{largest:.3g}: it is no covariance."
        )
    values = np.linalg.eigvalsh(covariance) if width else np.zeros(1)
    if values[0] < -_ROUNDING * max(values[-1], 0.0):
        raise errors.DataError(
            f"{path}: sigma has the eigenvalue {values[0]:.3g}: it is no "
            "covariance."
        )


def read_extractor(path: str | os.PathLike[str]) -> str | None:
    """Identifier of the extractor that a file was made with, if it says so.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    found = files.read_npz(path, ("extractor",)).get("extractor")
    return None if found is None else errors.excerpt(found, 1000)


def write_moments(
    path: str | os.PathLike[str], moments: Moments, extractor: str
) -> None:
    """Writes a file for `read_moments`, atomically.

    Args:
      path: of the .npz file.
      moments: what to write.
      extractor: identifier of the extractor of the features. It is written as
        the array "extractor", which other tools ignore.
    """
    files.write_npz(
        pathlib.Path(path),
        mu=moments.mean,
        sigma=moments.covariance,
        extractor=np.array(extractor),
    )
