"""Criteria made of kernel matrices of the critic's features: MMD GANs.

Binkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs"; Wang, Sun,
Halgamuge 2019, "Improving MMD-GAN training with repulsive loss function";
Sutherland et al. 2017, "Generative models and model criticism via optimized
maximum mean discrepancy".
"""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.config.fields import Given
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.kernels.roots import floored_root
from tf_mmdgan.mmd import estimators
from tf_mmdgan.objectives import regularizers
from tf_mmdgan.objectives.criterion import (
    Comparison,
    Criterion,
    Loss,
    present,
)

Estimator = Callable[[mmd.Grams], tf.Tensor]


@dataclasses.dataclass(frozen=True)
class MMDGAN(Criterion):
    """The critic maximises MMD^2 of its features, the generator minimises it.

    critic:    -MMD^2_u(h(X), h(Y))
    generator:  MMD^2_u(h(X), h(Y))

    Binkowski et al. 2018, section 3. The MMD is that of the global batch.

        >>> criterion = tm.MMDGAN(tm.RationalQuadratic() + 0.1 * tm.Linear())
        >>> criterion == tm.MMDGAN("rq_01linear")
        True
        >>> objective = tm.Objective(criterion, [tm.GradientPenalty(1.0)])

    Attributes:
      kernel: on the critic's features; or its name, or an expression.
      estimator: of MMD^2: "unbiased", "biased", "ustatistic" or "ratio"; or a
        function of kernel matrices (`mmd.Grams`), which gives a scalar.
    """

    kernel: Given[Kernel]
    estimator: str | Estimator = "unbiased"

    def __post_init__(self):
        kernel = kernels.KERNEL_FAMILY.get(self.kernel)
        object.__setattr__(self, "kernel", kernel)
        object.__setattr__(self, "estimator", _named(self.estimator))

    # Name of the estimate in the logs.
    term: ClassVar[str] = "mmd2"

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        mmd2 = self._mmd2(seen)
        return Loss(-mmd2, {self.term: mmd2})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        mmd2 = self._mmd2(seen)
        return Loss(mmd2, {self.term: mmd2})

    def witness(self, features: tf.Tensor, seen: Comparison) -> tf.Tensor:
        """The witness function of the MMD, not divided by its norm: [b]."""
        return mmd.witness(self.kernel, features, seen.x, seen.y)

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`; those of other points."""
        grams = mmd.gram_matrices(self.kernel, seen.x, seen.y)
        return mmd.leave_one_out_margins(grams)

    def estimate(self, grams: mmd.Grams) -> tf.Tensor:
        """The estimator's value for some kernel matrices, a scalar."""
        if callable(self.estimator):
            return self.estimator(grams)
        return mmd.ESTIMATORS[self.estimator](grams)

    def _mmd2(self, seen: Comparison) -> tf.Tensor:
        return self.estimate(mmd.gram_matrices(self.kernel, seen.x, seen.y))


def _named(estimator: str | Estimator) -> str | Estimator:
    """An estimator by its name, if it has one, so that it compares and shows.

    Raises:
      UsageError: for an unknown name, and for what is no function.
    """
    if isinstance(estimator, str):
        errors.pick(mmd.ESTIMATORS, estimator, "estimator")
        return estimator
    errors.check_function("estimator", estimator)
    names = (n for n, known in mmd.ESTIMATORS.items() if known is estimator)
    return next(names, estimator)


@dataclasses.dataclass(frozen=True)
class RatioMMD(MMDGAN):
    """MMD^2 in standard deviations of its estimate: the t-statistic.

    critic:    -MMD^2_u / sqrt(max(V, floor)),  generator: its negative

    with V the estimated variance. Sutherland et al. 2017 maximise this
    statistic over kernels and minimise it over generators; here the critic
    makes the kernel. The estimator of the ratio is `mmd.mmd2_ratio`.

        >>> tm.RatioMMD("rbf")
        RatioMMD(kernel=Gaussian(sigmas=(1.0,)), estimator='ratio')
    """

    estimator: str | Estimator = "ratio"

    term: ClassVar[str] = "ratio"


@dataclasses.dataclass(frozen=True)
class RepulsiveMMD(MMDGAN):
    """The critic spreads real features and pulls generated ones together.

    critic:    w0 E k(x, y) - E k(y, y') - w1 E k(x, x'),  w0 = 1 + w1
    generator: E k(x, x') - 2 E k(x, y) + E k(y, y')

    All means are over pairs of different rows. w1 = -1 is the repulsive loss,
    w1 = 1 the usual, attractive, one, and w1 = 0 leaves the real features
    alone. With `bounds` and the squared distance r^2, the critic's kernel is

    k(min(r^2, upper)) for real, k(max(r^2, lower)) for generated pairs.

    It has no gradient where real features are far apart already, or generated
    ones close. Wang et al. 2019, eqs. 5 to 8.

        >>> tm.RepulsiveMMD("rbf", bounds=(0.25, 4.0)).real_weight
        -1.0

    Attributes:
      kernel: on the critic's features; a `kernels.Gaussian` if there are
        bounds.
      real_weight: w1.
      bounds: (lower, upper) on the squared distances, or None for none.
    """

    estimator: str | Estimator = "ustatistic"
    real_weight: float = -1.0
    bounds: Given[tuple[float, float]] | None = None

    def __post_init__(self):
        super().__post_init__()
        errors.check_finite(real_weight=self.real_weight)
        if self.bounds is None:
            return
        bounds = kernels.some_numbers(self.bounds)
        if len(bounds) != 2:
            raise errors.UsageError(
                f"bounds={errors.excerpt(self.bounds, 40)}: need two numbers, "
                "(lower, upper)."
            )
        lower, upper = bounds
        errors.check_at_least(0.0, lower=lower)
        errors.check_at_least(lower, upper=upper)
        object.__setattr__(self, "bounds", (lower, upper))
        if not isinstance(self.kernel, kernels.Gaussian):
            raise errors.UsageError(
                f"Bounds need a Gaussian kernel, not {self.kernel}.",
                setting="kernel",
            )

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        grams = self._critic_grams(seen)
        xx, yy = map(estimators.mean_off_diagonal, (grams.xx, grams.yy))
        value = -yy - self.real_weight * xx
        if self.real_weight != -1.0:
            xy = estimators.mean_off_diagonal(grams.xy)
            value += (1.0 + self.real_weight) * xy
        return Loss(value, {"real_similarity": xx, "fake_similarity": yy})

    def _critic_grams(self, seen: Comparison) -> mmd.Grams:
        # No other kernel has bounds: see `__post_init__`.
        if self.bounds is None or not isinstance(self.kernel, kernels.Gaussian):
            return mmd.gram_matrices(self.kernel, seen.x, seen.y)
        lower, upper = self.bounds
        x, y = kernels.as_matrices(seen.x, seen.y)
        gram = self.kernel.of_squares
        return mmd.Grams(
            gram(tf.minimum(kernels.squared_distances(x, x), upper)),
            self.kernel(x, y),
            gram(tf.maximum(kernels.squared_distances(y, y), lower)),
        )


@dataclasses.dataclass(frozen=True)
class AutoencoderMMD(MMDGAN):
    """The MMD GAN of Li et al. 2017: the critic is an auto-encoder.

    d = sqrt(MMD^2_b) + r mean_k min(E h(X)_k - E h(Y)_k, 0)
    critic:    -d + a (E |X - D h(X)|^2 + E |Y - D h(Y)|^2)
    generator:  d

    with the biased estimate, squares averaged over pixels, and the decoder D.
    Features h with another sign have the same MMD; the hinge, the reduction of
    the feasible set, prefers one of them. C.-L. Li, W.-C. Chang, Y. Cheng, Y.
    Yang, B. Poczos 2017, "MMD GAN: Towards deeper understanding of moment
    matching network", section 4 and https://github.com/OctoberChang/MMD-GAN,
    where all weights of the critic but those of the decoder are clipped.

        >>> tm.AutoencoderMMD("rbf_octaves").needs_decoder
        True

    Attributes:
      kernel: on the codes.
      reconstruction_weight: a, >= 0.
      feasible_set_weight: r, >= 0.
    """

    estimator: str | Estimator = "biased"
    reconstruction_weight: float = 8.0
    feasible_set_weight: float = 16.0

    needs_decoder: ClassVar[bool] = True

    def __post_init__(self):
        super().__post_init__()
        errors.check_at_least(
            0.0,
            reconstruction_weight=self.reconstruction_weight,
            feasible_set_weight=self.feasible_set_weight,
        )

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        distance, terms = self._distance(seen)
        images = tf.concat(
            [seen.real.images, *(fake.images for fake in seen.fakes)], axis=0
        )
        decoded = present(seen.output, "output").reconstruction
        # The mean over both is half the sum of their means.
        error = 2.0 * regularizers.feature_l2([decoded - images])
        value = -distance + self.reconstruction_weight * error
        return Loss(value, {**terms, "reconstruction": error})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        return Loss(*self._distance(seen))

    def _distance(
        self, seen: Comparison
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        mmd2 = self._mmd2(seen)
        root = floored_root(mmd2)
        means = tf.reduce_mean(seen.x, axis=0) - tf.reduce_mean(seen.y, axis=0)
        hinge = tf.reduce_mean(tf.minimum(means, 0.0))
        value = root + self.feasible_set_weight * hinge
        return value, {"mmd2": mmd2, "feasible_set": hinge}
