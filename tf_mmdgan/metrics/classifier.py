"""The two-sample test by a classifier that tells the samples apart.

Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests",
https://arxiv.org/abs/1610.06545; with the classifier's logit in place of its
decision: Cheng and Cloninger 2022, "Classification logit two-sample testing by
neural networks", https://arxiv.org/abs/1909.11298.
"""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.metrics import learning
from tf_mmdgan.mmd import outcome, permutation
from tf_mmdgan.mmd.samples import Samples, as_samples

_BATCH = 1024  # rows through the trained network at a time
LEAST_ROWS = 2
# Of logits [n], what is summed over rows of x.
STATISTICS = {
    "logit": lambda logits: logits,
    "accuracy": lambda logits: (logits > 0.0) * 1.0,
}


def classifier_test(
    x: Any,
    y: Any,
    network: learning.NetworkSource | None = None,
    estimator: str = "logit",
    steps: int = 500,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    num_permutations: int = 999,
    level: float = 0.05,
    seed: int = 0,
) -> mmd.TwoSampleTest:
    """Tests whether two samples come from one law, by a classifier.

    A network learns on a random half of both samples to tell them apart, by
    cross-entropy with both samples of one weight; the statistic is of the other
    halves, and its null by permutations, so that the level is exact.

        >>> x, y = np.random.default_rng(0).normal(size=(2, 60, 2))
        >>> tm.classifier_test(x, y + 3.0, steps=50).rejected
        True

    Args:
      x: rows, [n, d] or [n, ...]: see `mmd.two_sample_test`.
      y: the same of the other law.
      network: any Keras network of such rows with one output, the logit of x;
        or a function that makes one. A network that is given is copied. By
        default three hidden layers of 50.
      estimator: "logit": mean logit over x minus that over y. "accuracy": the
        share of x and the share of y that are told right, minus 1, so that
        chance has 0.
      steps: of Adam.
      batch_size: most rows of either sample in a step.
      learning_rate: of Adam.
      num_permutations: of the test.
      level: for `threshold` and `rejected`.
      seed: of the halves, the default network, the batches, the permutations.

    Raises:
      UsageError: for settings out of range, or a network of other rows or with
        another number of outputs.
      DataError: as `mmd.two_sample_test`, or for fewer than 4 rows of either.
    """
    errors.check_positive(steps=steps, batch_size=batch_size)
    of_logits = errors.pick(STATISTICS, estimator, "estimator")
    plan = outcome.make_plan(num_permutations, level, seed)
    samples = as_samples(x, y)
    if samples.constant:
        sizes = len(samples.x), len(samples.y)
        return outcome.of_constant(*sizes, "classifier", estimator, level)
    training, held_out = learning.halves(samples, plan.rng, LEAST_ROWS)
    own = learning.own_network(network, samples.x.shape[1], 1, plan.rng)
    logits = _Logits(own, learning.row_shape(own, samples.x.shape[1]))
    learning.minimise(
        logits.cross_entropy, own.trainable_variables, training, steps,
        batch_size, learning_rate, plan.rng,
    )  # fmt: skip
    scores = of_logits(logits.of_rows(held_out.pooled))
    found = _test_scores(scores, held_out, estimator, plan)
    return dataclasses.replace(found, note=learning.note(training, held_out))


def _test_scores(
    scores: np.ndarray,
    held_out: Samples,
    estimator: str,
    plan: outcome.TestPlan,
) -> mmd.TwoSampleTest:
    """Whether scores [n + m] are larger at rows of x, by permutations."""
    n, m = map(len, held_out)
    splits = permutation.random_splits(n, m, plan.num_permutations, plan.rng)
    found = permutation.mean_differences(scores, splits)
    (values,), (tie,) = found.values, found.ties
    tail = outcome.resampled_tail(values, plan.level, tie)
    return mmd.TwoSampleTest(
        float(values[0]), tail.p_value, tail.threshold, plan.level,
        "classifier", estimator, None, n, m, values[1:],
    )  # fmt: skip


class _Logits:
    """A network's single output for flat rows."""

    def __init__(self, network: keras.Model, shape: tuple[int, ...]):
        self._network, self._shape = network, shape

    def __call__(self, rows: tf.Tensor) -> tf.Tensor:
        outputs = self._network(
            tf.reshape(rows, [-1, *self._shape]), training=False
        )
        if outputs.shape[1:] != (1,):
            raise errors.UsageError(
                f"network={self._network.name} has outputs of shape "
                f"{tuple(outputs.shape[1:])}: need one, the logit of x."
            )
        return tf.cast(outputs[:, 0], tf.float32)

    def cross_entropy(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Mean of softplus(-logit) over x, and of softplus(logit) over y."""
        return tf.reduce_mean(tf.nn.softplus(-self(x))) + tf.reduce_mean(
            tf.nn.softplus(self(y))
        )

    def of_rows(self, rows: np.ndarray) -> np.ndarray:
        """Logits of any number of rows, [n, d] -> float64 [n]."""
        starts = range(0, len(rows), _BATCH)
        parts = [self(tf.constant(rows[s : s + _BATCH])) for s in starts]
        return np.concatenate(parts).astype(np.float64)
