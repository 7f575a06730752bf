"""Criteria made of characteristic functions at random frequencies.

Ansari, Scarlett and Soh 2020, "A characteristic function approach to deep
implicit generative modeling", https://arxiv.org/abs/1909.07425.
"""

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd, switches
from tf_mmdgan.config.fields import Given
from tf_mmdgan.distribute.update import Purpose
from tf_mmdgan.kernels import Gaussian, Kernel
from tf_mmdgan.kernels.roots import floored_root
from tf_mmdgan.mmd import random_features
from tf_mmdgan.objectives.criterion import Comparison, Criterion, Loss


@dataclasses.dataclass(frozen=True)
class CharacteristicGAN(Criterion):
    """OCF-GAN: an MMD GAN whose kernel has learnt bandwidths, and no matrix.

    d = sqrt(mean_t |phi_x(t) - phi_y(t)|^2) / |s|
        + r mean_k min(E h(X)_k - E h(Y)_k, 0)
    critic:    -d
    generator:  d

    phi are the characteristic functions of the critic's features h at a few
    random frequencies, which each update draws anew. The features are
    multiplied by scales s, which the critic learns: those where the functions
    differ most. Without the division by |s| the scales would only grow. The
    hinge is that of Li et al. 2017; see `AutoencoderMMD`.

        >>> tm.CharacteristicGAN(frequencies=16).learns_frequencies
        True

    Attributes:
      kernel: the kernel whose frequencies are drawn: Gaussian for normal ones,
        a Matern kernel for those of Student's law, `LaplaceL1` for Cauchy's.
      frequencies: how many an update draws.
      mmd_root: whether the root is taken, of the biased estimate; otherwise
        losses have the unbiased estimate itself.
      feasible_set_weight: r, >= 0.

    Raises:
      UsageError: for a kernel whose frequencies have no known law.
    """

    kernel: Given[Kernel] = dataclasses.field(default_factory=Gaussian)
    frequencies: int = 8
    mmd_root: bool = True
    feasible_set_weight: float = 16.0

    learns_frequencies: ClassVar[bool] = True

    def __post_init__(self):
        switches.settle(self)
        kernel = kernels.KERNEL_FAMILY.get(self.kernel)
        random_features.check_kernel(kernel)
        object.__setattr__(self, "kernel", kernel)
        errors.check_count(1, frequencies=self.frequencies)
        errors.check_at_least(0.0, feasible_set_weight=self.feasible_set_weight)

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        distance, terms = self._distance(seen)
        return Loss(-distance, terms)

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        return Loss(*self._distance(seen))

    def witness(self, features: tf.Tensor, seen: Comparison) -> tf.Tensor:
        """The witness of this update's MMD, not divided by its norm: [b].

        mean_t Re (phi_x(t) - phi_y(t)) exp(-i <t, h>)
        """
        frequencies = self._drawn(seen)
        return random_features.characteristic_witness(
            features, seen.x, seen.y, frequencies
        )

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`; of all frequencies."""
        grams = mmd.gram_matrices(self.kernel, seen.x, seen.y)
        return mmd.leave_one_out_margins(grams)

    def _distance(
        self, seen: Comparison
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        mmd2 = mmd.characteristic_mmd2(
            seen.x, seen.y, self._drawn(seen), unbiased=not self.mmd_root
        )
        distance = floored_root(mmd2) if self.mmd_root else mmd2
        scales = seen.critic.frequency_scales
        if scales is not None:
            distance /= tf.norm(tf.cast(scales, distance.dtype))
        means = tf.reduce_mean(seen.x, axis=0) - tf.reduce_mean(seen.y, axis=0)
        hinge = tf.reduce_mean(tf.minimum(means, 0.0))
        value = distance + self.feasible_set_weight * hinge
        return value, {"mmd2": mmd2, "feasible_set": hinge}

    def _drawn(self, seen: Comparison) -> tf.Tensor:
        """The frequencies of this update, [frequencies, d]."""
        seed = seen.update.shared_seed(Purpose.FREQUENCIES)
        drawn, total = mmd.random_frequencies(
            self.kernel, seed, self.frequencies, seen.y.shape[1]
        )
        del total
        return drawn
