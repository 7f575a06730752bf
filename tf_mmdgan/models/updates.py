"""One update of a network's weights, in replica context."""

import functools
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
) -> None:
    """Moves weights along the gradient of a loss of the global batch.

    Args:
      optimizer: that has been built with these weights.
      tape: that has seen the loss.
      loss: scalar, the same on every replica, or a mean over its share.
      weights: what is moved.
    """
    replicas = tf.distribute.get_replica_context().num_replicas_in_sync
    # The optimizer sums over replicas; dividing makes that a mean.
    share = tf.cast(optimizer.scale_loss(tf.ones([])), loss.dtype) / replicas
    gradients = [
        # The weight may be none that this loss depends on.
        tf.zeros_like(weight.value) if gradient is None else gradient
        for weight, gradient in zip(
            weights,
            tape.gradient(loss, weights, output_gradients=share),
            strict=True,
        )
    ]
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        gradients = _finite_on_all_or_none(gradients)
    optimizer.apply(gradients, weights)


def prepare(
    optimizer: keras.optimizers.Optimizer,
    weights: Sequence[keras.Variable],
    clip_norm: float | None = None,
) -> None:
    """Makes an optimizer ready for `apply`, in the scope of the strategy.

    Its slots are made here, since those made inside the step function fail
    under several replicas. Gradients are clipped over the global batch: what
    Keras clips itself are those of a replica. An optimizer's `update_step`
    comes after their sum, and after the division by a loss scale.

    Args:
      optimizer: that is to move the weights.
      weights: all that it will ever move.
      clip_norm: the L2 norm to clip the gradient of each variable to; None to
        leave them as they are.
    """
    optimizer.build(weights)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    step = functools.partial(type(inner).update_step, inner)

    def clipped_step(gradient, variable, learning_rate):
        step(tf.clip_by_norm(gradient, clip_norm), variable, learning_rate)

    inner.update_step = step if clip_norm is None else clipped_step


def _finite_on_all_or_none(gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The gradients; NaN on all replicas where any are not finite on one.

    A scaled optimizer skips the update where its own replica's are not, before
    they are summed; one replica must not, while the others wait for its share.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return list(gradients)
    finite = [tf.reduce_all(tf.math.is_finite(g)) for g in gradients]
    failed = tf.cast(tf.logical_not(tf.reduce_all(finite)), tf.float32)
    failures = context.all_reduce(tf.distribute.ReduceOp.SUM, failed)
    spoiled = tf.where(failures > 0.0, float("nan"), 0.0)
    return [g + tf.cast(spoiled, g.dtype) for g in gradients]


def as_batch(batch: Any) -> Batch:
    """A data set yields images, or (images, labels)."""
    return Batch(*batch) if isinstance(batch, tuple | list) else Batch(batch)
