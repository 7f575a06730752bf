"""Moments that a network learns, and a distance by them.

Ravuri, Mohamed, Rosca and Vinyals 2018, "Learning implicit generative models
with the method of learned moments", https://arxiv.org/abs/1806.11006.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives.criterion import CriticOutput, Loss

Network = Callable[[tf.Tensor], CriticOutput]


class Moments(NamedTuple):
    """Means over a batch, of all replicas.

    Attributes:
      gradients: d E f / d phi, one for each weight phi of a network f.
      activations: E x and E h(x), of the images x and each hidden layer h.
    """

    gradients: Sequence[tf.Tensor]
    activations: Sequence[tf.Tensor]


@dataclasses.dataclass(frozen=True)
class LearnedMoments:
    """What a generator and the network of its moments minimise, by turns.

    With the moments Phi(x) = (d f(x) / d phi, x, h_1(x), ..., h_L(x)) of a
    network with output f, weights phi and hidden layers h,

      generator: |E Phi(X) - E Phi(Y)|^2 / 2
      network:   E softplus(-f(X)) + E softplus(f(Y))
                 + penalty (|d E f(X) / d phi|^2 - 1)^2

    The network learns to tell real from generated images, for the gradient of a
    good test has moments by which the generator's weights are estimated with a
    small variance; the penalty keeps the scale of the gradients. While the
    generator moves, the network stands still: there is no game. Ravuri et al.
    2018, sections 3 and 4.

        >>> tm.LearnedMoments()
        LearnedMoments(moment_penalty=1.0, activation_weight=1.0)

    Attributes:
      moment_penalty: >= 0.
      activation_weight: of the squared distances of x and h, >= 0.
    """

    moment_penalty: float = 1.0
    activation_weight: float = 1.0

    def __post_init__(self):
        errors.check_at_least(
            0.0,
            moment_penalty=self.moment_penalty,
            activation_weight=self.activation_weight,
        )

    def moments(
        self, network: Network, weights: Sequence[Any], images: tf.Tensor
    ) -> Moments:
        """E Phi over the images of all replicas; called in replica context.

        A mean of gradients is the gradient of a mean: one backward pass gives
        them all.

        Args:
          network: images [b, ...] -> what it computes, of one feature.
          weights: phi, the network's.
          images: of this replica.
        """
        output, gradients = _gradients(network, weights, images)
        layers = [_wide(layer) for layer in (images, *output.activations)]
        sums = [tf.reduce_sum(layer, axis=0) for layer in layers]
        means = _means([*gradients, *sums], images)
        return Moments(means[: len(weights)], means[len(weights) :])

    def generator_loss(self, target: Moments, found: Moments) -> Loss:
        """Half the squared distance of moments.

        Args:
          target: of real images.
          found: of generated ones.
        """
        gradients, activations = (
            tf.add_n(
                [
                    tf.reduce_sum(tf.square(a - b))
                    for a, b in zip(one, other, strict=True)
                ]
            )
            for one, other in zip(target, found, strict=True)
        )
        value = 0.5 * (gradients + self.activation_weight * activations)
        terms = {
            "gradient_distance": gradients,
            "activation_distance": activations,
        }
        return Loss(value, terms)

    def network_loss(
        self,
        network: Network,
        weights: Sequence[Any],
        real: tf.Tensor,
        fake: tf.Tensor,
    ) -> Loss:
        """The network's loss; arguments as of `moments`, of one size."""
        output, gradients = _gradients(network, weights, real)
        x, y = output.features, network(fake).features
        of_real = tf.reduce_mean(tf.math.softplus(-x))
        of_fake = tf.reduce_mean(tf.math.softplus(y))
        squares = [
            tf.reduce_sum(tf.square(mean)) for mean in _means(gradients, real)
        ]
        norm2 = tf.add_n(squares)
        value = of_real + of_fake
        value += self.moment_penalty * tf.square(norm2 - 1.0)
        terms = {
            "real_loss": of_real, "fake_loss": of_fake, "gradient_norm2": norm2,
        }  # fmt: skip
        return Loss(value, terms)


def _gradients(
    network: Network, weights: Sequence[Any], images: tf.Tensor
) -> tuple[CriticOutput, list[tf.Tensor]]:
    """What a network computes, and the gradients of the sum of its feature."""
    with tf.GradientTape() as tape:
        output = network(images)
        # Not the mean, whose gradients are smaller in half precision.
        total = tf.reduce_sum(output.features)
    found = tape.gradient(total, weights, unconnected_gradients="zero")
    return output, found


def _means(sums: Sequence[tf.Tensor], images: tf.Tensor) -> list[tf.Tensor]:
    """Sums over a replica's images, as means over those of all replicas.

    As with `Update.gather`, the gradient is summed over the losses of all
    replicas, so that a loss must be divided by their number, once.
    """
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    totals = list(sums)
    if replicas > 1:
        totals = context.all_reduce(tf.distribute.ReduceOp.SUM, totals)
    count = tf.shape(images)[0] * replicas
    return [total / tf.cast(count, total.dtype) for total in totals]


def _wide(layer: tf.Tensor) -> tf.Tensor:
    return layer if layer.dtype.size >= 4 else tf.cast(layer, tf.float32)
