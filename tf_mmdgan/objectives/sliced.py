"""A critic's game for the energy distance along random lines."""

import dataclasses

import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.distribute.update import Purpose
from tf_mmdgan.kernels import KERNELS
from tf_mmdgan.objectives.criterion import Comparison, Criterion, Loss


@dataclasses.dataclass(frozen=True)
class SlicedEnergyGAN(Criterion):
    """The critic maximises the energy distance of its features along lines.

    critic:    -mmd.sliced_energy(h(X), h(Y))
    generator:  mmd.sliced_energy(h(X), h(Y))

    without bias and without a matrix; each update draws its own lines. On
    average over lines this is `MMDGAN` with the kernel "energy". Binkowski et
    al. 2018, "Demystifying MMD GANs", have that one; lines are those of
    Hertrich et al. 2024, who have no critic.

        >>> tm.SlicedEnergyGAN(slices=64)
        SlicedEnergyGAN(slices=64)

    Attributes:
      slices: how many lines, >= 1.
    """

    slices: int = 128

    def __post_init__(self):
        errors.check_count(1, slices=self.slices)

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        energy = self._energy(seen)
        return Loss(-energy, {"energy": energy})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        energy = self._energy(seen)
        return Loss(energy, {"energy": energy})

    def witness(self, features: tf.Tensor, seen: Comparison) -> tf.Tensor:
        """The witness of the energy distance, the mean over all lines: [b]."""
        return mmd.witness(KERNELS["energy"], features, seen.x, seen.y)

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`; those of other points."""
        grams = mmd.gram_matrices(KERNELS["energy"], seen.x, seen.y)
        return mmd.leave_one_out_margins(grams)

    def _energy(self, seen: Comparison) -> tf.Tensor:
        seed = seen.update.shared_seed(Purpose.DISCREPANCY)
        directions = tf.random.stateless_normal(
            [self.slices, seen.y.shape[1]], seed, alg="philox"
        )
        return mmd.sliced_energy(seen.x, seen.y, directions)
