"""Cramer GAN: the energy distance of critic features, pair by pair.

Bellemare et al. 2017, "The Cramer distance as a solution to biased Wasserstein
gradients", and the two forms of its generator's loss in the code of Binkowski
et al. 2018, "Demystifying MMD GANs".
"""

import dataclasses
from typing import ClassVar, Literal

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.kernels.roots import rounded_root
from tf_mmdgan.objectives.criterion import Comparison, Criterion, Loss


@dataclasses.dataclass(frozen=True)
class CramerGAN(Criterion):
    """Critic features h; two independent batches Y and Z of generated images.

    f(u; v) = ||h(u) - h(v)|| - ||h(u)||
    critic:             -E[f(X; Y) - f(Z; Y)]
    generator, energy:   E[||h(Y) - h(X)|| + ||h(Z) - h(X)|| - ||h(Y) - h(Z)||]
    generator, surrogate: E[f(X; Z) - f(Y; Z)]

    All expectations are means over rows: row i of one batch meets row i of
    another, and no other row. The witness, which the gradient penalty bounds,
    is f(.; Y). The form "energy" is that of the paper, "surrogate" the one
    published as `reddit_cramer`. There the critic has the negative of the
    generator's loss, with Y and Z exchanged; as both are drawn alike, that
    critic is the same.

        >>> tm.CramerGAN("energy").fakes_per_real
        2

    Attributes:
      generator_form: "energy" or "surrogate".
    """

    generator_form: Literal["energy", "surrogate"]

    fakes_per_real: ClassVar[int] = 2

    def __post_init__(self):
        forms = {"energy": None, "surrogate": None}
        errors.pick(forms, self.generator_form, "generator form")

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        y, z = seen.fake_features
        difference = tf.reduce_mean(
            _difference(seen.real_features, y) - _difference(z, y)
        )
        return Loss(-difference, {"critic_difference": difference})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        x, (y, z) = seen.real_features, seen.fake_features
        if self.generator_form == "energy":
            value = _norms(y - x) + _norms(z - x) - _norms(y - z)
        else:
            value = _difference(x, z) - _difference(y, z)
        value = tf.reduce_mean(value)
        return Loss(value, {"energy": value})

    def witness(self, features: tf.Tensor, seen: Comparison) -> tf.Tensor:
        """f(u_i; y_i) for each row u_i of features [b, d]: [b]."""
        return _difference(features, seen.fake_features[0])

    def margins(self, seen: Comparison) -> tf.Tensor:
        """See `augmentations.adaptive.Discerning`: f(x_i; y_i) and f(Z; Y)."""
        y, z = seen.fake_features
        real, fake = seen.update.gather(
            [_difference(seen.real_features, y), _difference(z, y)]
        )
        return real - 0.5 * (tf.reduce_mean(real) + tf.reduce_mean(fake))


def _difference(u: tf.Tensor, v: tf.Tensor) -> tf.Tensor:
    return _norms(u - v) - _norms(u)


def _norms(rows: tf.Tensor) -> tf.Tensor:
    # The published codes add 1e-5 likewise.
    return rounded_root(tf.reduce_sum(tf.square(rows), axis=1), 1e-5)
