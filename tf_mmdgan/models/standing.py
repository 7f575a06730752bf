"""Generators with standing statistics: those of fresh batches of their own."""

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import Condition
from tf_mmdgan.distribute import graphs
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adopting

# The second half of the seed; neither training nor sampling has it.
_STANDING = 0x57A7D


def with_standing_statistics(
    generator: keras.Model,
    latents: Latents,
    batches: int,
    batch_size: int,
    *,
    condition: Condition | None = None,
    seed: int = 0,
) -> keras.Model:
    """A copy that normalises by the statistics of fresh generated batches.

    The moving mean and variance of each batch normalisation are replaced by
    plain averages, over some batches, of the mean and the variance that the
    batch has in training mode. Averaged weights have never made the statistics
    that were averaged with them. A. Brock, J. Donahue and K. Simonyan, ICLR
    2019, arXiv:1809.11096, appendix on standing statistics.

    The mean of variances within batches leaves out the variance between their
    means, a share of 1 / batch_size.

    Args:
      generator: latents [n, z], and labels if it takes some, to images.
      latents: what it is given.
      batches: how many; >= 1. The paper takes 100, its PyTorch code 16.
      batch_size: images of each; >= 2.
      condition: what labels it takes, and the law that they are drawn by; None:
        it takes none.
      seed: of latents and labels.

    Raises:
      UsageError: for numbers that are too small.
    """
    errors.check_count(1, standing_batches=batches)
    errors.check_count(2, batch_size=batch_size)
    copy = adopting.copied(generator)
    statistics = _of_last_batch(copy)
    pair = tf.constant([seed, _STANDING], tf.int64)

    def pass_batch(start: tf.Tensor) -> None:
        inputs = latents.sample(pair, batch_size, start)
        if condition is not None:
            inputs = [inputs, condition.draw(pair, batch_size, start)]
        copy(inputs, training=True)

    one_pass = graphs.traced(pass_batch)
    sums = [np.zeros(value.shape) for value in statistics]
    for number in range(batches):
        one_pass(tf.constant(number * batch_size, tf.int64))
        for total, value in zip(sums, statistics, strict=True):
            total += value.numpy()
    for total, value in zip(sums, statistics, strict=True):
        value.assign(total / batches)
    return copy


def _of_last_batch(network: keras.Model) -> list[keras.Variable]:
    """The moving statistics of a network, made those of the last batch."""
    statistics = []
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = True  # Frozen layers take no statistics.
            layer.momentum = 0.0
            statistics += [layer.moving_mean, layer.moving_variance]
    return statistics
