"""Exponential averages of a network's weights, in cross-replica context."""

from collections.abc import Iterable

import keras
import tensorflow as tf

from tf_mmdgan.networks import spectral_normalization


def move(
    average: keras.Model, network: keras.Model, step: tf.Tensor, limit: float
) -> None:
    """Moves averaged weights towards those of a network.

      w_ema <- w_ema + (1 - decay) (w - w_ema),
      decay = min(limit, (1 + t) / (10 + t)) at step t

    The decay begins low, so that the first weights, which are noise, are soon
    forgotten. Weights are what layers have made to be trained; the statistics
    of batch normalization are averaged as they are. The vectors of spectral
    normalization belong to a kernel, and mean nothing when averaged: those of
    the averaged network follow its own kernels by a power step. Other state,
    such as a counter, is copied.

    Args:
      average: the network with the averaged weights.
      network: a network with the same weights.
      step: t, int64, of the generator; below 0 it counts as 0.
      limit: of the decay, in [0, 1).
    """
    step = tf.cast(tf.maximum(step, 0), tf.float32)
    decay = tf.minimum(limit, (1.0 + step) / (10.0 + step))
    averaged, vectors = _averaged(network), _vectors(network)
    for mean, weight in zip(average.weights, network.weights, strict=True):
        if id(weight) in vectors:
            continue
        target = tf.identity(weight.value)
        if id(weight) in averaged:
            keep = tf.cast(decay, target.dtype)
            mean.assign_sub((1.0 - keep) * (tf.identity(mean.value) - target))
        else:
            mean.assign(target)
    spectral_normalization.power_iterate(average)


def _averaged(network: keras.Model) -> set[int]:
    found = set()
    for layer in network._flatten_layers():
        # Not `trainable_variables`, of which a frozen layer has none.
        found |= _ids(layer._trainable_variables)
        if isinstance(layer, keras.layers.BatchNormalization):
            found |= _ids(layer.non_trainable_variables)
    return found


def _vectors(network: keras.Model) -> set[int]:
    layers = spectral_normalization.spectral_layers(network)
    return _ids(vector for layer in layers for vector in (layer.u, layer.v))


def _ids(variables: Iterable[keras.Variable]) -> set[int]:
    return {id(variable) for variable in variables}
