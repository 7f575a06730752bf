"""MMD as a loss, and as a layer's regulariser, in any Keras model.

model.compile("adam", loss=MMDLoss())
codes = keras.layers.Dense(8, activity_regularizer=MMDRegularizer("normal"))
"""

from typing import Any, Literal

import keras
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.distribute.update import gather
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.latents import Latents
from tf_mmdgan.mmd import kernel_choice
from tf_mmdgan.objectives.discrepancies import (
    ESTIMATORS,
    in_median_distances,
)

# Estimators that rows with weights have.
_WEIGHTED = ("biased", "unbiased")
# Rows that estimators take.
_LEAST = {"biased": 1, "unbiased": 2, "ratio": 4}


class _Distance:
    """MMD^2 of two batches, those of all replicas."""

    def __init__(self, kernel: Kernel | str, estimator: str):
        self._kernel, self._at_median = kernel_choice.parse(kernel)
        self._estimate = errors.pick(ESTIMATORS, estimator, "estimator")
        self._estimator = estimator

    def __call__(
        self, x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor | None = None
    ) -> tf.Tensor:
        """The estimate for rows x [n, d] and y [m, d], a scalar.

        It is 0 of fewer rows than it takes, on both sides: they may be what is
        left of an epoch. Rows of weight 0 do not count.

        Args:
          x: of all replicas.
          y: of all replicas.
          weights: [n] with n = m, of both; or None.
        """
        if weights is not None and self._estimator not in _WEIGHTED:
            raise errors.UsageError(
                f"estimator={self._estimator} has no form for weights of rows: "
                f"give estimator={' or '.join(_WEIGHTED)}."
            )
        x, y = kernels.as_matrices(x, y)
        # A sum over no rows, which has a gradient, as optimizers want.
        none = tf.reduce_sum(x[:0]) + tf.reduce_sum(y[:0])
        enough = _num_rows(x, y, weights) >= _LEAST[self._estimator]
        if isinstance(enough, bool):
            return self._value(x, y, weights) if enough else none
        return tf.cond(enough, lambda: self._value(x, y, weights), lambda: none)

    def _value(
        self, x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor | None
    ) -> tf.Tensor:
        """The estimate for rows of one type."""
        if self._at_median:
            x, y = in_median_distances(x, y)
        grams = mmd.gram_matrices(self._kernel, x, y)
        if weights is None:
            return self._estimate(grams)
        biased = self._estimator == "biased"
        return mmd.mmd2_weighted(grams, weights, weights, biased)


@keras.saving.register_keras_serializable("tf_mmdgan")
class MMDLoss(keras.losses.Loss):
    """MMD^2 between a batch of targets and a batch of outputs.

        >>> loss = tm.MMDLoss("rbf, median heuristic", estimator="biased")
        >>> codes = tf.random.stateless_normal([8, 2], (0, 1))
        >>> float(loss(codes, codes))  # 0 for equal samples
        0.0

    The targets say how the outputs are to be distributed, not which output is
    to be which: draws of a prior for the codes of an auto-encoder, or the
    features of another domain. Outputs of any rank are flattened by row. It
    takes float32 at least, whatever the policy. A batch of fewer rows than the
    estimate takes, two or of the ratio four, changes nothing: its loss is 0.

    Under a strategy with several replicas it is the MMD of the global batch, as
    on one device; replicas need batches of one size, so that data sets drop
    their remainder.

    Args:
      kernel: a kernel; or an expression, such as "rbf(2.0) + linear"; or
        "EXPRESSION, median heuristic", which takes the median distance of each
        batch as the unit of its bandwidths; no gradient passes through that.
      estimator: "unbiased", whose mean is 0 where both laws are equal;
        "biased", which is never negative; or "ratio", the estimate in standard
        deviations.
      name: of the loss.

    Raises:
      UsageError: for an unknown kernel or estimator.
    """

    def __init__(
        self,
        kernel: Kernel | str = kernel_choice.DEFAULT,
        estimator: str = "unbiased",
        name: str = "mmd_loss",
    ):
        super().__init__(name=name, reduction=None)
        self._distance = _Distance(kernel, estimator)
        self._config = {"kernel": kernel, "estimator": estimator}

    def __call__(
        self,
        y_true: tf.Tensor,
        y_pred: tf.Tensor,
        sample_weight: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """MMD^2 of targets [n, ...] and outputs [m, ...], over the replicas.

        Args:
          y_true: targets of this replica; n need not be m.
          y_pred: outputs of this replica.
          sample_weight: [n], for n = m: how often row i of both counts.

        Returns:
          A scalar: the estimate, over the number of replicas, because their
          gradients are summed.

        Raises:
          UsageError: for weights and an estimator without them.
          ValueError: for rows of unequal widths, and for too few on one side.
        """
        batches = [_rows(y_true), _rows(y_pred)]
        if sample_weight is not None:
            weights = tf.cast(sample_weight, batches[0].dtype)
            batches.append(tf.reshape(weights, [-1, 1]))
        x, y, *rest = _gathered(batches)
        value = self._distance(x, y, rest[0][:, 0] if rest else None)
        return value / tf.cast(_num_replicas(), value.dtype)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """The loss without weights: see `__call__`."""
        return self(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """What makes the loss again.

        Raises:
          UsageError: for a kernel that no expression makes.
        """
        return {"name": self.name, **_serializable(self._config)}


@keras.saving.register_keras_serializable("tf_mmdgan")
class MMDRegularizer(keras.regularizers.Regularizer):
    """A layer's outputs, held to a prior by weight times MMD^2.

        >>> prior = tm.MMDRegularizer("normal", weight=2.0)
        >>> layer = keras.layers.Dense(2, activity_regularizer=prior)
        >>> layer(tf.ones([4, 3])).shape, len(layer.losses)
        (TensorShape([4, 2]), 1)

    MMD^2 between the outputs of a batch and as many fresh draws of the prior:
    the penalty of Wasserstein auto-encoders, Tolstikhin et al. 2018,
    https://arxiv.org/abs/1711.01558, algorithm 2. A batch of one row has none.

    Under several replicas it is the MMD of the global batch, and gradients are
    those of one device. Only the loss that `fit` tells there is too large: it
    counts the penalty (1 + replicas) / 2 times, because Keras keeps those of
    all replicas in one list.

    Args:
      prior: "normal", N(0, 1), or "uniform" on [-1, 1), independent elements.
      weight: >= 0.
      kernel: as of `MMDLoss`.
      estimator: as of `MMDLoss`.
      seed: of the draws.

    Raises:
      UsageError: for an unknown prior, kernel or estimator, or a weight < 0.
    """

    def __init__(
        self,
        prior: Literal["normal", "uniform"] = "normal",
        weight: float = 1.0,
        kernel: Kernel | str = kernel_choice.DEFAULT,
        estimator: str = "unbiased",
        seed: int = 0,
    ):
        Latents(1, prior)  # refuses an unknown one
        errors.check_at_least(0.0, weight=weight)
        self._prior, self._weight = prior, weight
        self._distance = _Distance(kernel, estimator)
        self._seeds = keras.random.SeedGenerator(seed)
        self._config = {
            "prior": prior, "weight": weight, "kernel": kernel,
            "estimator": estimator, "seed": seed,
        }  # fmt: skip

    def __call__(self, outputs: tf.Tensor) -> tf.Tensor:
        """The penalty of a layer's outputs [b, ...], times their number b.

        Keras divides it by b.
        """
        codes = _rows(outputs)
        (gathered,) = _gathered([codes])
        law = Latents(codes.shape[1], self._prior)
        seed = tf.cast(self._seeds.next(), tf.int64)
        prior = law.sample(seed, tf.shape(gathered)[0])
        value = self._weight * self._distance(prior, gathered)
        return value * tf.cast(tf.shape(codes)[0], value.dtype)

    def get_config(self) -> dict[str, Any]:
        """What makes the regulariser again; raises as that of `MMDLoss`."""
        return _serializable(self._config)


def _rows(batch: tf.Tensor) -> tf.Tensor:
    """A batch [n, ...] as [n, d], in float32 at least."""
    batch = tf.convert_to_tensor(batch)
    width = batch.shape[1:].num_elements()
    (rows,) = kernels.as_matrices(tf.reshape(batch, [-1, width]))
    return rows


def _gathered(batches: list[tf.Tensor]) -> list[tf.Tensor]:
    """Rows of all replicas; of one type.

    Keras calls losses outside of replicas too, with rows of one, to build them.
    """
    double = any(batch.dtype == tf.float64 for batch in batches)
    dtype = tf.float64 if double else tf.float32
    batches = [tf.cast(batch, dtype) for batch in batches]
    if tf.distribute.in_cross_replica_context():
        return batches
    sizes = {batch.shape[0] for batch in batches}
    if len(sizes) == 1:
        return gather(batches)
    return [gather([batch])[0] for batch in batches]


def _num_rows(
    x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor | None
) -> int | tf.Tensor:
    """Rows of the larger sample that count; an integer if it is known."""
    if weights is not None:
        return tf.math.count_nonzero(weights)
    sizes = [rows.shape[0] for rows in (x, y)]
    if None in sizes:
        return tf.maximum(*(tf.shape(rows)[0] for rows in (x, y)))
    return max(sizes)


def _num_replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync


def _serializable(config: dict[str, Any]) -> dict[str, Any]:
    """The settings with the kernel as an expression."""
    text = str(config["kernel"])
    parsed, _ = kernel_choice.parse(text)
    if parsed != kernel_choice.parse(config["kernel"])[0]:
        raise errors.UsageError(
            f"kernel={text} cannot be saved with a model: it is another kernel "
            "when it is read again."
        )
    return {**config, "kernel": text}
