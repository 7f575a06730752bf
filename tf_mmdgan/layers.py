"""Layers that several architectures share."""

import keras
import tensorflow as tf


def batch_norm(name: str | None = None) -> keras.layers.BatchNormalization:
    """Batch normalization with the constants of the DCGAN code.

    Momentum .9 and epsilon 1e-5 (A. Radford, L. Metz and S. Chintala,
    arXiv:1511.06434, and its TensorFlow version by T. Kim). Made in the scope
    of a strategy with several replicas, it takes its statistics over the
    global batch, so that the number of replicas does not change the model.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    return keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, synchronized=replicas > 1, name=name
    )
