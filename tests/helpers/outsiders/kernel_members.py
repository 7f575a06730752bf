"""Kernels, as a user's own module has them, and what is none."""

import dataclasses

import tensorflow as tf

from tf_mmdgan.kernels import Gaussian, Kernel, pairwise_squares


@dataclasses.dataclass(frozen=True)
class Laplacian(Kernel):
    sigma: float = 1.0

    def __post_init__(self):
        if self.sigma <= 0.0:
            raise ValueError(f"sigma={self.sigma}, need a number > 0.")

    def _matrix(self, x, y):
        return tf.exp(-tf.sqrt(pairwise_squares(x, y) + 1e-6) / self.sigma)


READY = Gaussian(3.0)
NUMBER = 3


def wide(factor: float) -> Kernel:
    return Gaussian(10.0 * factor)


def unannotated(factor):
    raise AssertionError("It says nothing of what it returns.")


def doubled(kernel, factor=2.0):
    return factor * kernel


class NoKernel:
    def __init__(self, size: int = 1):
        self.size = size
