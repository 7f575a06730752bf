"""The two-sample test whose kernel is learnt.

Liu, Xu, Lu, Zhang, Gretton and Sutherland 2020, "Learning deep kernels for
non-parametric two-sample tests", https://arxiv.org/abs/2002.09116.
"""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, mmd
from tf_mmdgan.kernels import Kernel, bandwidths
from tf_mmdgan.kernels.rows import pairwise_squares
from tf_mmdgan.metrics import learning
from tf_mmdgan.mmd import kernel_choice, outcome
from tf_mmdgan.mmd.samples import Samples, as_samples

_FEATURES = 50
# Of the ratio that is maximised, as in the published code.
_VARIANCE_FLOOR = 1e-8
# The share of the kernel that does not see the features, at the start.
_EPSILON = 0.1
# Rows of each sample for which starting values are compared.
_START_ROWS = 256
LEAST_ROWS = 4
# Numbers of a kernel that are learnt beside its network.
_LEARNT = ("feature_sigma", "input_sigma", "epsilon")


@dataclasses.dataclass(frozen=True)
class DeepKernel(Kernel):
    """A Gaussian kernel of a network's outputs, times one of its inputs.

    k(u, v) = ((1 - e) exp(-|f(u) - f(v)|^2 / (2 s^2)) + e)
              exp(-|u - v|^2 / (2 t^2))

    Liu et al. 2020, eq. 1, with bandwidths as standard deviations.

        >>> network = keras.Sequential([keras.layers.Dense(3)])
        >>> kernel = tm.DeepKernel(network, (2,), 1.0, 2.0, epsilon=0.1)
        >>> kernel.diagonal(np.ones((4, 2))).numpy()
        array([1., 1., 1., 1.])

    Attributes:
      network: f, called in inference mode.
      shape: of a row as the network takes it.
      feature_sigma: s.
      input_sigma: t.
      epsilon: e, in [0, 1].

    Raises:
      UsageError: for no network, and for numbers out of range.
    """

    network: keras.Model
    shape: tuple[int, ...]
    feature_sigma: float
    input_sigma: float
    epsilon: float

    def __post_init__(self):
        errors.check_function("network", self.network)
        errors.check_type("shape", self.shape, tuple)
        for side in self.shape:
            errors.check_count(1, shape=side)
        # Those that are learnt are tensors, until they are done.
        given = {name: getattr(self, name) for name in _LEARNT}
        numbers = {k: v for k, v in given.items() if not tf.is_tensor(v)}
        share = numbers.pop("epsilon", 0.0)
        errors.check_above(0.0, **numbers)
        errors.check_at_least(0.0, epsilon=share)
        if share > 1.0:
            raise errors.UsageError(f"epsilon={share}, need a share, 0 to 1.")

    def _matrix(self, x, y):
        u = self.features(x)
        v = u if y is x else self.features(y)
        alike = _gaussian(u, v, self.feature_sigma)
        near = _gaussian(x, y, self.input_sigma)
        share = _of_type(self.epsilon, x.dtype)
        return ((1.0 - share) * alike + share) * near

    def features(self, x: tf.Tensor) -> tf.Tensor:
        """The network's outputs for rows [..., n, d], flat, in their type."""
        outputs = self.network(tf.reshape(x, [-1, *self.shape]), training=False)
        leading = tf.shape(x)[:-1]
        flat = tf.reshape(outputs, tf.concat([leading, [-1]], axis=0))
        return tf.cast(flat, x.dtype)


def _gaussian(
    u: tf.Tensor, v: tf.Tensor, sigma: float | tf.Tensor
) -> tf.Tensor:
    squares = pairwise_squares(u, v)
    return tf.exp(squares / (-2.0 * _of_type(sigma, u.dtype) ** 2))


def _of_type(number: float | tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """A number in full precision, which `tf.cast` gives to tensors only."""
    if tf.is_tensor(number):
        return tf.cast(number, dtype)
    return tf.constant(number, dtype)


class TrainableKernel:
    """A deep kernel as variables: the network's, and three of its own."""

    def __init__(self, start: DeepKernel):
        """Takes the values of `start`, and its network itself."""
        self._start = start
        logit = np.log(start.epsilon / (1.0 - start.epsilon))
        self._own = [
            keras.Variable(value, dtype="float64", name=name)
            for value, name in (
                (np.log(start.feature_sigma), "log_feature_sigma"),
                (np.log(start.input_sigma), "log_input_sigma"),
                (logit, "logit_epsilon"),
            )
        ]

    @property
    def variables(self) -> list[keras.Variable]:
        """All that is learnt."""
        return [*self._start.network.trainable_variables, *self._own]

    @property
    def kernel(self) -> DeepKernel:
        """The kernel of the present values, which are tensors."""
        feature, inputs, logit = map(tf.convert_to_tensor, self._own)
        return dataclasses.replace(
            self._start,
            feature_sigma=tf.exp(feature),
            input_sigma=tf.exp(inputs),
            epsilon=tf.sigmoid(logit),
        )

    def fixed(self) -> DeepKernel:
        """The kernel of the present values, which are numbers.

        Raises:
          DataError: for values that are not finite.
        """
        kernel = self.kernel
        feature, inputs, share = (float(getattr(kernel, n)) for n in _LEARNT)
        outcome.check_finite(np.array([feature, inputs, share]))
        return dataclasses.replace(
            kernel, feature_sigma=feature, input_sigma=inputs, epsilon=share
        )


def negative_ratio(kernel: Kernel, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Minus MMD^2 in standard deviations of its estimate, a scalar.

    The power of the test grows with the ratio: Liu et al. 2020, section 3.
    """
    n = tf.shape(x)[0]
    pooled = tf.concat([x, y], axis=0)
    gram = kernel(pooled, pooled)
    grams = mmd.Grams(gram[:n, :n], gram[:n, n:], gram[n:, n:])
    return -mmd.mmd2_ratio(grams, _VARIANCE_FLOOR)


def deep_kernel_test(
    x: Any,
    y: Any,
    network: learning.NetworkSource | None = None,
    steps: int = 500,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    num_permutations: int = 999,
    level: float = 0.05,
    seed: int = 0,
) -> mmd.TwoSampleTest:
    """Tests whether two samples come from one law, by a kernel learnt for it.

    The kernel is learnt on a random half of both samples, so that MMD^2 is
    large in standard deviations; the other halves are compared by it, in a
    permutation test, whose level is exact.

        >>> x, y = np.random.default_rng(0).normal(size=(2, 60, 2))
        >>> found = tm.deep_kernel_test(x, y + 2.0, steps=20)
        >>> found.rejected
        True

    Args:
      x: rows, [n, d] or [n, ...]: see `mmd.two_sample_test`.
      y: the same of the other law.
      network: any Keras network of such rows, whose outputs the kernel
        compares; or a function that makes one. A network that is given is
        copied. By default three hidden layers of 50 and 50 outputs.
      steps: of Adam.
      batch_size: most rows of either sample in a step.
      learning_rate: of Adam.
      num_permutations: of the test.
      level: for `threshold` and `rejected`.
      seed: of the halves, the default network, the batches, the permutations.

    Raises:
      UsageError: for settings out of range, or a network of other rows.
      DataError: as `mmd.two_sample_test`, or for fewer than 8 rows of either.
    """
    errors.check_positive(steps=steps, batch_size=batch_size)
    plan = outcome.make_plan(num_permutations, level, seed)
    samples = as_samples(x, y)
    if samples.constant:
        return outcome.of_constant(
            len(samples.x), len(samples.y), "deep_kernel", "quadratic", level
        )
    training, held_out = learning.halves(samples, plan.rng, LEAST_ROWS)
    kernel = _learn(
        network, training, steps, batch_size, learning_rate, plan.rng
    )
    found = mmd.two_sample_test(
        *held_out, kernel, "permutation", "quadratic",
        num_permutations, level, int(plan.rng.integers(2**31)),
    )  # fmt: skip
    return dataclasses.replace(
        found, method="deep_kernel", note=learning.note(training, held_out)
    )


def _learn(
    source: learning.NetworkSource | None,
    training: Samples,
    steps: int,
    batch_size: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> DeepKernel:
    width = training.x.shape[1]
    network = learning.own_network(source, width, _FEATURES, rng)
    shape = learning.row_shape(network, width)
    trainable = TrainableKernel(starting_kernel(network, shape, training, rng))
    learning.minimise(
        lambda x, y: negative_ratio(trainable.kernel, x, y),
        trainable.variables, training, steps, batch_size, learning_rate, rng,
    )  # fmt: skip
    return trainable.fixed()


def starting_kernel(
    network: keras.Model,
    shape: tuple[int, ...],
    training: Samples,
    rng: np.random.Generator,
) -> DeepKernel:
    """Where learning starts: the best of some bandwidths of the inputs.

    The bandwidth of the features is their median distance.
    """
    some = Samples(*(rng.permutation(rows)[:_START_ROWS] for rows in training))
    tensors = [tf.constant(rows) for rows in some]
    start = DeepKernel(network, shape, 1.0, 1.0, _EPSILON)
    median = bandwidths.median_distance(*map(start.features, tensors))
    if float(median) > 0.0:
        start = dataclasses.replace(start, feature_sigma=float(median))
    candidates = [
        dataclasses.replace(start, input_sigma=sigma)
        for sigma in kernel_choice.gaussian_bandwidths(some.pooled, rng)
    ]
    return min(
        candidates, key=lambda kernel: float(negative_ratio(kernel, *tensors))
    )
