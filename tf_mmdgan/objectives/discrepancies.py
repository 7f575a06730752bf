"""The discrepancies that there are, and how an MMD is estimated for them."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd, switches
from tf_mmdgan.config.fields import Given
from tf_mmdgan.kernels import KERNEL_FAMILY, Kernel, bandwidths
from tf_mmdgan.kernels.roots import floored_root
from tf_mmdgan.mmd import constrained, random_features
from tf_mmdgan.objectives.discrepancy import (
    Discrepancy,
    Lowered,
    PlainDiscrepancy,
    mean_over_places,
)

# Least variance of the t-statistic in the code of Sutherland et al. 2017.
_VARIANCE_FLOOR = 1e-8


def _ratio(grams: mmd.Grams) -> tf.Tensor:
    return mmd.mmd2_ratio(grams, _VARIANCE_FLOOR)


ESTIMATORS: dict[str, Callable[[mmd.Grams], tf.Tensor]] = {
    "biased": mmd.mmd2_biased,
    "unbiased": mmd.mmd2_unbiased,
    "ratio": _ratio,
}


@dataclasses.dataclass(frozen=True)
class KernelDiscrepancy(PlainDiscrepancy):
    """MMD^2 of two samples, its root, or its t-statistic.

    sqrt(max(MMD^2_V, 1e-12)) with the biased estimate and `root`: Li, Swersky
    and Zemel 2015, "Generative moment matching networks", eq. 5. The unbiased
    estimate: Dziugaite, Roy and Ghahramani 2015, "Training generative neural
    networks via maximum mean discrepancy optimization". The ratio MMD^2_u /
    sqrt(max(V, 1e-8)): Sutherland et al. 2017, "Generative models and model
    criticism via optimized maximum mean discrepancy".

        >>> distance = tm.KernelDiscrepancy("linear")
        >>> float(distance(tf.zeros([2, 1]), tf.fill([3, 1], 2.0)))
        2.0

    Attributes:
      kernel: on the features; or its name.
      estimator: a name in `ESTIMATORS`.
      root: whether to take the root of the estimate.
      median_bandwidth: whether features are divided by their median distance
        first, so that the kernel's bandwidths are multiples of it.

    Raises:
      UsageError: for an unknown estimator, and a root of what may be negative.
    """

    kernel: Given[Kernel]
    estimator: str = "biased"
    root: bool = True
    median_bandwidth: bool = False

    def __post_init__(self):
        object.__setattr__(self, "kernel", KERNEL_FAMILY.get(self.kernel))
        switches.settle(self)
        errors.pick(ESTIMATORS, self.estimator, "estimator")
        if self.root and self.estimator != "biased":
            raise errors.UsageError(
                f"estimator={self.estimator} may be negative and has no root: "
                "take the estimate itself.",
                setting="mmd_root",
            )

    def value(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """See `PlainDiscrepancy.value`."""
        if self.median_bandwidth:
            real, fake = in_median_distances(real, fake)
        grams = mmd.gram_matrices(self.kernel, real, fake)
        value = ESTIMATORS[self.estimator](grams)
        return floored_root(value) if self.root else value


@dataclasses.dataclass(frozen=True)
class GradientConstrainedDiscrepancy(PlainDiscrepancy):
    """The gradient-constrained MMD of two samples, or its square.

    The measure mu, where the critic's values and slopes are bounded, is the
    real sample, as in the code of Arbel et al. 2018, "On gradient regularizers
    for MMD GANs"; see `mmd.constrained.gradient_constrained_mmd2`.

        >>> distance = tm.GradientConstrainedDiscrepancy("rbf", ridge=0.1)
        >>> float(distance(tf.zeros([4, 1]), tf.ones([4, 1]))) > 0.0
        True

    Attributes:
      kernel: on the features, differentiable at coinciding points.
      ridge: lambda, > 0.
      root: whether to take the root, sqrt(max(square, 1e-12)).
      median_bandwidth: whether features are divided by their median distance
        first, so that bandwidths are multiples of it and slopes are changes
        over that distance.
      solver: a name in `mmd.constrained.SOLVERS`.
    """

    kernel: Given[Kernel]
    ridge: float = 1.0
    root: bool = True
    median_bandwidth: bool = False
    solver: str = "iterative"

    def __post_init__(self):
        object.__setattr__(self, "kernel", KERNEL_FAMILY.get(self.kernel))
        switches.settle(self)
        errors.check_above(0.0, ridge=self.ridge)
        errors.pick(constrained.SOLVERS, self.solver, "solver")
        constrained.check_kernel(self.kernel)

    def value(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """See `PlainDiscrepancy.value`."""
        if self.median_bandwidth:
            real, fake = in_median_distances(real, fake)
        square = constrained.gradient_constrained_mmd2(
            real, fake, real, self.kernel, self.ridge, solver=self.solver
        )
        return floored_root(square) if self.root else square


@dataclasses.dataclass(frozen=True)
class SlicedEnergy(Discrepancy):
    """The energy distance along random lines, without bias; no matrix.

    Each step draws its own lines; see `mmd.sliced_energy`.

        >>> x = tf.zeros([3, 2])
        >>> float(tm.SlicedEnergy(16)(x, x + 1.0, seed=(0, 1))) > 0.0
        True

    Attributes:
      slices: how many lines, >= 1. The gradient's noise by lines falls as its
        root.

    Raises:
      UsageError: for fewer.
    """

    slices: int = 128

    def __post_init__(self):
        errors.check_count(1, slices=self.slices)

    def lowered(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        memory: tf.Tensor,
        seed: mmd.Seed,
    ) -> Lowered:
        """See `Discrepancy.lowered`."""
        directions = tf.random.stateless_normal(
            [self.slices, fake.shape[-1]], seed, alg="philox"
        )
        value = mean_over_places(
            lambda x, y: mmd.sliced_energy(x, y, directions), real, fake
        )
        return Lowered(value, memory, {})


@dataclasses.dataclass(frozen=True)
class RandomFeatureDiscrepancy(Discrepancy):
    """MMD^2 by characteristic functions, without bias; no matrix.

    Each step draws its own frequencies; see `mmd.characteristic_mmd2`.

        >>> x = tf.random.stateless_normal([8, 2], (0, 1))
        >>> float(tm.RandomFeatureDiscrepancy("rbf")(x, x + 3.0)) > 0.0
        True

    Attributes:
      kernel: one whose frequencies have a known law.
      frequencies: how many, >= 1.
      median_bandwidth: whether features are divided by their median distance
        first.

    Raises:
      UsageError: for fewer, and for another kernel.
    """

    kernel: Given[Kernel]
    frequencies: int = 256
    median_bandwidth: bool = False

    def __post_init__(self):
        object.__setattr__(self, "kernel", KERNEL_FAMILY.get(self.kernel))
        switches.settle(self)
        errors.check_count(1, frequencies=self.frequencies)
        random_features.check_kernel(self.kernel)

    def lowered(
        self,
        real: tf.Tensor,
        fake: tf.Tensor,
        memory: tf.Tensor,
        seed: mmd.Seed,
    ) -> Lowered:
        """See `Discrepancy.lowered`."""
        drawn, total = mmd.random_frequencies(
            self.kernel, seed, self.frequencies, fake.shape[-1]
        )

        def value(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
            if self.median_bandwidth:
                real, fake = in_median_distances(real, fake)
            return total * mmd.characteristic_mmd2(real, fake, drawn)

        return Lowered(mean_over_places(value, real, fake), memory, {})


def in_median_distances(
    real: tf.Tensor, fake: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Both over the median distance of all their pairs, a constant to them.

    See `bandwidths.median_distance`, which is never 0.
    """
    real, fake = kernels.as_matrices(real, fake)
    scale = bandwidths.median_distance(real, fake)
    return real / scale, fake / scale
