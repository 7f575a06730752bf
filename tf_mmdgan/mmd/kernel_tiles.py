"""Kernel matrices in NumPy, a tile at a time, for sums over all pairs."""

import abc
import functools
from collections.abc import Iterator, Sequence

import numpy as np
import scipy.spatial.distance
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.kernels import Kernel

# Rows and columns of a tile: 8 MB in float64.
SIZE = 1024


class _Values(abc.ABC):
    """Kernel values of the same rows; kernels of distances share these."""

    def __init__(self, u: np.ndarray, v: np.ndarray):
        """Takes rows u [n, d] and v [m, d]."""
        self._u, self._v = u, v

    def of(self, kernel: Kernel) -> np.ndarray:
        """The values of a kernel, in float64."""
        if isinstance(kernel, kernels.RadialMixture):
            return np.asarray(kernel.of_squares(self._squares))
        if isinstance(kernel, kernels.LaplaceL1):
            return np.asarray(kernel.of_distances(self._cityblock))
        return np.asarray(self._direct(kernel))

    @functools.cached_property
    @abc.abstractmethod
    def _squares(self) -> np.ndarray:
        """Squared Euclidean distances."""

    @functools.cached_property
    @abc.abstractmethod
    def _cityblock(self) -> np.ndarray:
        """L1 distances."""

    @abc.abstractmethod
    def _direct(self, kernel: Kernel) -> tf.Tensor:
        """Values of any kernel."""


class KernelTile(_Values):
    """k(u_i, v_j): [n, m]."""

    @functools.cached_property
    def _squares(self) -> np.ndarray:
        return np.asarray(kernels.squared_distances(self._u, self._v))

    @functools.cached_property
    def _cityblock(self) -> np.ndarray:
        return scipy.spatial.distance.cdist(self._u, self._v, "cityblock")

    def _direct(self, kernel: Kernel) -> tf.Tensor:
        return kernel(self._u, self._v)


class Pairs(_Values):
    """k(u_i, v_i): [n]."""

    @functools.cached_property
    def _squares(self) -> np.ndarray:
        return np.sum((self._u - self._v) ** 2, axis=1)

    @functools.cached_property
    def _cityblock(self) -> np.ndarray:
        return np.sum(np.abs(self._u - self._v), axis=1)

    def _direct(self, kernel: Kernel) -> tf.Tensor:
        return kernel.of_pairs(tf.constant(self._u), tf.constant(self._v))


def batches(
    some: Sequence[Kernel], num_rows: int, size: int = SIZE
) -> Iterator[tuple[slice, Sequence[Kernel]]]:
    """Some kernels at a time: more than one where tiles have few rows.

    A matrix product of many small matrices is faster in one piece.
    """
    step = max(1, size // num_rows)
    for start in range(0, len(some), step):
        yield slice(start, start + step), some[start : start + step]


def parts(count: int, size: int = SIZE) -> list[slice]:
    """Slices of so many rows, each of no more than `size`."""
    starts = range(0, count, size)
    return [slice(start, min(start + size, count)) for start in starts]


def on_and_above_diagonal(
    count: int, size: int
) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the tiles of a symmetric matrix; not the mirrored."""
    slices = parts(count, size)
    for first, rows in enumerate(slices):
        for columns in slices[first:]:
            yield rows, columns


def mean_embedding(
    kernel: Kernel, points: np.ndarray, sample: np.ndarray
) -> np.ndarray:
    """mean_j k(t_i, x_j) at points t [b, d], for a sample x [n, d]: [b]."""
    found = np.zeros(len(points))
    for rows in parts(len(points)):
        for columns in parts(len(sample)):
            gram = KernelTile(points[rows], sample[columns]).of(kernel)
            found[rows] += gram.sum(axis=1)
    return found / len(sample)


def quadratic_forms(
    grams: np.ndarray, left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """sum_ij l_ib K_ij r_jb, K [kernels, n, m], l [n, B], r [m, B].

    Returns:
      [kernels, B].
    """
    products = np.tensordot(grams, right, 1)
    return np.einsum("ib,kib->kb", left, products)
