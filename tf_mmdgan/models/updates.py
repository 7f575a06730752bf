"""One update of a network's weights, in replica context."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import graphs
from tf_mmdgan.networks import spectral_normalization
from tf_mmdgan.objectives import Batch


@contextlib.contextmanager
def recording(
    *networks: keras.Model, persistent: bool = False
) -> Iterator[tf.GradientTape]:
    """In a `with` block: a tape for the loss of one update of some networks.

    Their vectors of spectral normalisation take one step first. Every update
    begins here, so that the vectors of whatever trains keep up with it.

    Args:
      *networks: those whose weights the update moves.
      persistent: whether the tape gives more than one gradient.
    """
    for network in networks:
        spectral_normalization.power_iterate(network)
    with tf.GradientTape(persistent=persistent) as tape:
        yield tape


def apply(
    optimizer: keras.optimizers.Optimizer,
    tape: tf.GradientTape,
    loss: tf.Tensor,
    weights: Sequence[keras.Variable],
) -> None:
    """Moves weights down the gradient of a loss of the global batch.

    Args:
      optimizer: an optimizer that `prepare` has been given with these weights.
      tape: the tape that has recorded the loss.
      loss: scalar; either the loss of the global batch, which every replica
        has computed, or a mean over the replica's own rows.
      weights: the weights that are moved.

    Raises:
      UsageError: for a loss that depends on none of them.
    """
    share = share_of(optimizer, loss.dtype)
    move(
        optimizer,
        tape.gradient(loss, weights, output_gradients=share),
        weights,
    )


def share_of(
    optimizer: keras.optimizers.Optimizer, dtype: tf.DType
) -> tf.Tensor:
    """What the gradient of a loss is multiplied by before `move`, a scalar."""
    replicas = tf.distribute.get_replica_context().num_replicas_in_sync
    # The optimizer sums gradients over replicas; dividing makes that a mean.
    return tf.cast(optimizer.scale_loss(tf.ones([])), dtype) / replicas


def move(
    optimizer: keras.optimizers.Optimizer,
    found: Sequence[tf.Tensor | None],
    weights: Sequence[keras.Variable],
) -> None:
    """Moves weights down gradients, those of a loss times `share_of`.

    Args:
      optimizer: as of `apply`.
      found: the gradient with respect to each weight; None for zero.
      weights: the weights that are moved.

    Raises:
      UsageError: where there is no gradient at all, and for no weights, or
        others than the optimizer was prepared for.
    """
    if weights and all(gradient is None for gradient in found):
        raise errors.UsageError(
            f"The loss depends on no weight of a network, {weights[0].path} "
            "and so on: nothing would be trained. Does a stop_gradient or "
            "NumPy stand between them?"
        )
    gradients = [
        # There is no gradient where the loss does not depend on the weight.
        tf.zeros_like(weight.value) if gradient is None else gradient
        for weight, gradient in zip(weights, found, strict=True)
    ]
    _check_known(optimizer, weights)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        gradients = _finite_on_all_or_none(gradients)
    optimizer.apply(gradients, weights)
    graphs.order_sums()


def _check_known(
    optimizer: keras.optimizers.Optimizer, weights: Sequence[keras.Variable]
) -> None:
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    known = set(map(id, inner._trainable_variables))
    if not weights or not known.issuperset(map(id, weights)):
        raise errors.UsageError(
            "Layers were frozen, or are trained again, since the model was "
            "compiled: compile it again, with new optimizers."
        )


def prepare(
    optimizer: keras.optimizers.Optimizer | str,
    weights: Sequence[keras.Variable],
    clip_norm: float | None = None,
) -> keras.optimizers.Optimizer:
    """An optimizer that is ready for `apply`; call it in the cluster's scope.

    The optimizer's variables are made here, since making them inside the step
    function fails under several replicas. The clipped gradient is that of the
    global batch, because an optimizer's `update_step` comes after the sum over
    replicas and after the division by a loss scale. What the optimizer clips by
    itself (`clipnorm`, `global_clipnorm`, `clipvalue`) is that gradient too;
    Keras would clip each replica's share of it.

    Args:
      optimizer: the optimizer that is to move the weights, or its name in
        Keras.
      weights: all weights that it will ever move.
      clip_norm: the L2 norm to clip the gradient of each variable to; None to
        leave gradients as they are.

    Raises:
      UsageError: for what is no optimizer, for one of other weights, for no
        weights and those in half precision, for a norm that is not positive,
        and for what Keras does on one device only.
    """
    if not weights:
        raise errors.UsageError(
            "A network has no weights that its optimizer would move: set its "
            "trainable to True; tm.MomentMatchingModel compares features that "
            "are not trained."
        )
    if clip_norm is not None:
        errors.check_above(0.0, clip_norm=clip_norm)
    _check_precision(weights)
    optimizer = _named(optimizer)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if inner.built and list(map(id, inner._trainable_variables)) != list(
        map(id, weights)
    ):
        raise errors.UsageError(
            "This optimizer has the state of other weights: make a new one for "
            "each network."
        )
    _check_replicas(inner)
    _build(optimizer, weights)
    step = functools.partial(type(inner).update_step, inner)

    def clipped_step(
        gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        step(tf.clip_by_norm(gradient, clip_norm), variable, learning_rate)

    inner.update_step = step if clip_norm is None else clipped_step
    if inner.clipnorm or inner.global_clipnorm or inner.clipvalue:
        inner._clip_gradients = functools.partial(
            _clip_sum, functools.partial(type(inner)._clip_gradients, inner)
        )
    return optimizer


def _check_precision(weights: Sequence[keras.Variable]) -> None:
    for weight in weights:
        if tf.as_dtype(weight.dtype).size < 4:
            raise errors.UsageError(
                f"The weight {weight.path} is {weight.dtype}, by which Adam "
                f"does not move it: make layers by dtype='mixed_{weight.dtype}'"
                ", whose weights are float32."
            )


def _build(
    optimizer: keras.optimizers.Optimizer, weights: Sequence[keras.Variable]
) -> None:
    try:
        optimizer.build(weights)
    except ValueError as error:
        if "Strategy" not in str(error):
            raise
        raise errors.UsageError(
            "The model was made in the scope of another tf.distribute.Strategy:"
            " make it, its optimizers, and compile it in the same scope."
        ) from None


def _check_replicas(optimizer: keras.optimizers.Optimizer) -> None:
    """Refuses settings by which Keras fails under several replicas."""
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return
    for name, remedy in (
        ("use_ema", "the model averages its generator's weights itself"),
        ("gradient_accumulation_steps", "give larger batches"),
    ):
        if getattr(optimizer, name, None):
            raise errors.UsageError(
                f"The optimizer's {name} works on one device only: leave it "
                f"out; {remedy}."
            )


def _named(given: object) -> keras.optimizers.Optimizer:
    if isinstance(given, str):
        try:
            return keras.optimizers.get(given)
        except ValueError:
            raise errors.UsageError(
                f"Unknown optimizer '{given}': give a name of Keras, such as "
                "adam, or an object, such as keras.optimizers.Adam(1e-4)."
            ) from None
    errors.check_type("optimizer", given, keras.optimizers.Optimizer)
    return given


def _clip_sum(
    clip: Callable[[Sequence[tf.Tensor]], Sequence[tf.Tensor]],
    shares: Sequence[tf.Tensor],
) -> list[tf.Tensor]:
    """Equal shares of the clipped gradient of all replicas.

    Args:
      clip: clips the gradients of all variables.
      shares: of this replica in these gradients, which are their sums.
    """
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    if replicas == 1:
        return list(clip(shares))
    summed = context.all_reduce(tf.distribute.ReduceOp.SUM, list(shares))
    return [tf.math.scalar_mul(1.0 / replicas, g) for g in clip(summed)]


def _finite_on_all_or_none(gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The gradients; NaN on all replicas where one has any that is not finite.

    An optimizer with a loss scale looks at its own replica's gradients, before
    the sum, and skips the update where one is not finite. A replica that skips
    it alone would leave the others waiting for its share.
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
    """What a data set yields as a batch: images, or (images, labels)."""
    return Batch(*batch) if isinstance(batch, tuple | list) else Batch(batch)


def with_labels(
    network: keras.Model, inputs: tf.Tensor, labels: tf.Tensor | None
) -> tf.Tensor | list[tf.Tensor]:
    """The arguments to call a network with: labels only if it takes them."""
    return [inputs, labels] if len(network.inputs) > 1 else inputs
