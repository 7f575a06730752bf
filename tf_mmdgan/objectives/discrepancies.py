"""Distances between two samples that a generator is trained on as they are.

A discrepancy is a function of real [n, d] and generated features [m, d]: a
scalar with a gradient with respect to the generated ones, in which nothing is
learnt.
"""

import abc
import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.kernels import Kernel, bandwidths
from tf_mmdgan.kernels.roots import floored_root
from tf_mmdgan.mmd import constrained

# Least variance of the t-statistic in the code of Sutherland et al. 2017.
_VARIANCE_FLOOR = 1e-8

ESTIMATORS: dict[str, Callable[[mmd.Grams], tf.Tensor]] = {
    "biased": mmd.mmd2_biased,
    "unbiased": mmd.mmd2_unbiased,
    "ratio": lambda grams: mmd.mmd2_ratio(grams, _VARIANCE_FLOOR),
}


class Lowered(NamedTuple):
    """What a step lowers, and what it leaves to the next one.

    Attributes:
      loss: a scalar.
      memory: [k], of the next step; k is the discrepancy's `memory_size`.
      logs: scalars to log beside the loss, of its type.
    """

    loss: tf.Tensor
    memory: tf.Tensor
    logs: Mapping[str, tf.Tensor]


class Discrepancy(abc.ABC):
    """A distance of two samples, as a frozen value.

    One that needs no more than the samples defines `__call__` alone.
    """

    @property
    def memory_size(self) -> int:
        """How many numbers a step leaves to the next one."""
        return 0

    @abc.abstractmethod
    def __call__(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """The discrepancy of real [n, d] and fake [m, d], a scalar."""

    def lowered(
        self, real: tf.Tensor, fake: tf.Tensor, memory: tf.Tensor
    ) -> Lowered:
        """The loss of a training step.

        Args:
          real: real features [n, d].
          fake: generated features [m, d].
          memory: what the step before has left, [memory_size]; 0 at first.
        """
        return Lowered(self(real, fake), memory, {})


@dataclasses.dataclass(frozen=True)
class KernelDiscrepancy(Discrepancy):
    """MMD^2 of two samples, its root, or its t-statistic.

    sqrt(max(MMD^2_V, 1e-12)) with the biased estimate and `root`: Li, Swersky
    and Zemel 2015, "Generative moment matching networks", eq. 5. The unbiased
    estimate: Dziugaite, Roy and Ghahramani 2015, "Training generative neural
    networks via maximum mean discrepancy optimization". The ratio MMD^2_u /
    sqrt(max(V, 1e-8)): Sutherland et al. 2017, "Generative models and model
    criticism via optimized maximum mean discrepancy".

    Attributes:
      kernel: on the features.
      estimator: a name in `ESTIMATORS`.
      root: whether to take the root of the estimate.
      median_bandwidth: whether features are divided by their median distance
        first, so that the kernel's bandwidths are multiples of it.

    Raises:
      UsageError: for an unknown estimator, and for the root of one that may be
        negative.
    """

    kernel: Kernel
    estimator: str = "biased"
    root: bool = True
    median_bandwidth: bool = False

    def __post_init__(self):
        errors.pick(ESTIMATORS, self.estimator, "estimator (--mmd_estimator)")
        if self.root and self.estimator != "biased":
            raise errors.UsageError(
                f"--mmd_estimator={self.estimator} may be negative and has no "
                "root: give --nommd_root."
            )

    def __call__(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """See `Discrepancy`."""
        if self.median_bandwidth:
            real, fake = in_median_distances(real, fake)
        grams = mmd.gram_matrices(self.kernel, real, fake)
        value = ESTIMATORS[self.estimator](grams)
        return floored_root(value) if self.root else value


@dataclasses.dataclass(frozen=True)
class GradientConstrainedDiscrepancy(Discrepancy):
    """The gradient-constrained MMD of two samples, or its square.

    The measure mu, where the critic's values and slopes are bounded, is the
    real sample, as in the code of Arbel et al. 2018, "On gradient regularizers
    for MMD GANs"; see `mmd.constrained.gradient_constrained_mmd2`.

    Attributes:
      kernel: on the features, differentiable at coinciding points.
      ridge: lambda, > 0.
      root: whether to take the root, sqrt(max(square, 1e-12)).
      median_bandwidth: whether features are divided by their median distance
        first, so that bandwidths are multiples of it and slopes are changes
        over that distance.
      solver: a name in `mmd.constrained.SOLVERS`.
    """

    kernel: Kernel
    ridge: float = 1.0
    root: bool = True
    median_bandwidth: bool = False
    solver: str = "iterative"

    def __call__(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """See `Discrepancy`."""
        if self.median_bandwidth:
            real, fake = in_median_distances(real, fake)
        square = constrained.gradient_constrained_mmd2(
            real, fake, real, self.kernel, self.ridge, solver=self.solver
        )
        return floored_root(square) if self.root else square


def in_median_distances(
    real: tf.Tensor, fake: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Both over the median distance of all their pairs, a constant to them."""
    scale = bandwidths.median_distance(real, fake)
    return real / scale, fake / scale
