"""One update of a network's weights, in replica context."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan.objectives import Batch


def apply(
    optimizer: keras.optimizers.Optimizer,
    tape: tf.GradientTape,
    loss: tf.Tensor,
    weights: Sequence[keras.Variable],
    clip_norm: float | None = None,
) -> None:
    """Moves weights along the gradient of a loss of the global batch.

    Args:
      optimizer: that has been built with these weights.
      tape: that has seen the loss.
      loss: scalar, the same on every replica, or a mean over its share.
      weights: what is moved.
      clip_norm: clips the gradient of each variable, over the global batch, to
        this L2 norm.
    """
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    # The optimizer sums over replicas; dividing makes that a mean.
    scale = tf.cast(optimizer.scale_loss(tf.ones([])), loss.dtype)
    share = scale / replicas
    gradients = [
        # The weight may be none that this loss depends on.
        tf.zeros_like(weight.value) if gradient is None else gradient
        for weight, gradient in zip(
            weights,
            tape.gradient(loss, weights, output_gradients=share),
            strict=True,
        )
    ]
    # Both look at the gradient of the global batch.
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if scaled or clip_norm is not None:
        total = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        bound = None if clip_norm is None else clip_norm * scale
        gradients = [_clipped(g, bound) / replicas for g in total]
    optimizer.apply(gradients, weights)


def _clipped(gradient: tf.Tensor, bound: tf.Tensor | None) -> tf.Tensor:
    if bound is None:
        return gradient
    return tf.clip_by_norm(gradient, tf.cast(bound, gradient.dtype))


def as_batch(batch: Any) -> Batch:
    """A data set yields images, or (images, labels)."""
    return Batch(*batch) if isinstance(batch, tuple | list) else Batch(batch)
