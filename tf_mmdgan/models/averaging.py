"""Exponential averages of a network's weights, in cross-replica context."""

import keras
import tensorflow as tf


def move(
    average: keras.Model, network: keras.Model, step: tf.Tensor, limit: float
) -> None:
    """Moves averaged weights towards those of a network.

      w_ema <- w_ema + (1 - decay) (w - w_ema),
      decay = min(limit, (1 + t) / (10 + t)) at step t

    The decay begins low, so that the first weights, which are noise, are soon
    forgotten.

    Args:
      average: the network with the averaged weights; its batch-norm statistics
        are averages too.
      network: a network with the same weights.
      step: t, int64, of the generator; below 0 it counts as 0.
      limit: of the decay, in [0, 1).
    """
    step = tf.cast(tf.maximum(step, 0), tf.float32)
    decay = tf.minimum(limit, (1.0 + step) / (10.0 + step))
    for mean, weight in zip(average.weights, network.weights, strict=True):
        target = tf.identity(weight.value)
        keep = tf.cast(decay, target.dtype)
        mean.assign_sub((1.0 - keep) * (tf.identity(mean.value) - target))
