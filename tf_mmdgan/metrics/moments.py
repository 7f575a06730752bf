"""Mean and covariance of features, in one pass over parts that merge."""

import dataclasses
import os
import pathlib
from typing import NamedTuple

import numpy as np
from scipy.linalg import blas

from tf_mmdgan import errors, files
from tf_mmdgan.files import write_npz

_ROWS_AT_A_TIME = 4096
_MIRROR_BLOCK = 256  # fits the cache, where its columns are read as rows


class Moments(NamedTuple):
    """Mean and covariance of features, as the usual tools store them.

    Attributes:
      mean: float64 [d].
      covariance: float64 [d, d], divided by n - 1.
    """

    mean: np.ndarray
    covariance: np.ndarray


@dataclasses.dataclass(frozen=True)
class MomentSums:
    """What the moments of a set need of a part of it; parts merge.

        sums = MomentSums.of(first_batch)
        for batch in others:
            sums = sums.merge(MomentSums.of(batch))
        sums.moments()

    So does one pass over more samples than memory holds, and so do several
    processes, each with its part. Nothing cancels, wherever the mean is: Chan,
    Golub and LeVeque 1983, "Algorithms for computing the sample variance",
    eq. 2.1.

    Attributes:
      count: rows, n.
      mean: float64 [d].
      scatter: sum of (x - mean) (x - mean)^T, float64 [d, d].
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> "MomentSums":
        """Those of finite features [n, d], n >= 1."""
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
        """Those of the rows of both."""
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


def moments(features: np.ndarray) -> Moments:
    """Mean and covariance of finite features [n, d], n >= 2."""
    return MomentSums.of(features).moments()


def _mirror(upper: np.ndarray) -> None:
    """Makes a matrix of which only the upper half is there symmetric."""
    for start in range(0, len(upper), _MIRROR_BLOCK):
        end = start + _MIRROR_BLOCK
        upper[end:, start:end] = upper[start:end, end:].T
        block = upper[start:end, start:end]
        block += np.triu(block, 1).T


def check(name: str, given: Moments) -> None:
    """Raises DataError for moments of wrong shapes, or not finite ones."""
    mean, covariance = np.asarray(given.mean), np.asarray(given.covariance)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise errors.DataError(
            f"{name} moments have shapes {mean.shape} and {covariance.shape}: "
            "need a mean [d] and a covariance [d, d]."
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise errors.DataError(
            f"{name} moments are NaN or infinite: the file or the samples that "
            "they come from are damaged."
        )


def read_moments(path: str | os.PathLike[str]) -> Moments:
    """Means and covariances from an .npz file with arrays mu and sigma.

    The usual tools write such files (FID's own code, pytorch-fid, clean-fid).
    They do not say by which extractor or resize: that is for you to know.

    Raises:
      DataError: for a file that is missing, damaged or something else.
    """
    arrays = files.read_npz(path)
    if not {"mu", "sigma"} <= arrays.keys():
        raise errors.DataError(
            f"{path} holds {', '.join(arrays) or 'nothing'}: need the arrays "
            "mu [d] and sigma [d, d]."
        )
    return Moments(
        arrays["mu"].astype(np.float64), arrays["sigma"].astype(np.float64)
    )


def write_moments(
    path: str | os.PathLike[str], moments: Moments, extractor: str
) -> None:
    """Writes what `read_moments` reads, atomically.

    Args:
      path: of the .npz file.
      moments: what to write.
      extractor: its identifier, as the array "extractor", which other tools
        leave alone.
    """
    write_npz(
        pathlib.Path(path),
        mu=moments.mean,
        sigma=moments.covariance,
        extractor=np.array(extractor),
    )
