"""The Kullback-Leibler divergences, and their sum."""

import dataclasses
import math

import tensorflow as tf

from tf_mmdgan.objectives.f_divergences.divergence import FDivergence


@dataclasses.dataclass(frozen=True)
class KLDivergence(FDivergence):
    """int p log(p / q).

    For example:

        >>> float(tm.KLDivergence().generator(tf.constant(1.0)))
        0.0
    """

    @property
    def threshold(self) -> float:
        """1."""
        return 1.0

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """Computes u log u."""
        return tf.math.xlogy(u, u)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """Computes log u + 1."""
        return tf.math.log(u) + 1.0

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """Computes exp(t - 1)."""
        return tf.exp(t - 1.0)

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """The identity."""
        return v

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes exp(v - 1)."""
        return tf.exp(v - 1.0)

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """Computes exp(v - 1)."""
        return tf.exp(v - 1.0)


@dataclasses.dataclass(frozen=True)
class ReverseKLDivergence(FDivergence):
    """int q log(q / p).

    For example:

        >>> float(tm.ReverseKLDivergence().derivative(tf.constant(0.5)))
        -2.0
    """

    @property
    def threshold(self) -> float:
        """-1."""
        return -1.0

    @property
    def domain(self) -> tuple[float, float]:
        """Negative numbers."""
        return -math.inf, 0.0

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """-log u."""
        return -tf.math.log(u)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """-1 / u."""
        return -1.0 / u

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """-1 - log(-t)."""
        return -1.0 - tf.math.log(-t)

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """-exp(-v)."""
        return -tf.exp(-v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes v - 1."""
        return v - 1.0

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """1 everywhere."""
        return tf.ones_like(v)


@dataclasses.dataclass(frozen=True)
class JeffreyDivergence(FDivergence):
    """int (p - q) log(p / q), the sum of both KL divergences.

    For example:

        >>> float(tm.JeffreyDivergence().derivative(tf.constant(1.0)))
        0.0
    """

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """(u - 1) log u."""
        return (u - 1.0) * tf.math.log(u)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """Computes log u + 1 - 1 / u."""
        return tf.math.log(u) + 1.0 - 1.0 / u

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """W + 1 / W + t - 2 with W = W(exp(1 - t)) = 1 / u; u - 1 + log u.

        The first form cancels: for large -t it is a small difference of W and
        -t.
        """
        log_u = _jeffrey_log_ratio(t)
        return tf.math.expm1(log_u) + log_u

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """The identity."""
        return v

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """As `conjugate`."""
        return self.conjugate(v)

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """1 / f''(u) = u**2 / (1 + u)."""
        log_u = _jeffrey_log_ratio(v)
        return tf.exp(log_u) * tf.sigmoid(log_u)


def _jeffrey_log_ratio(t: tf.Tensor) -> tf.Tensor:
    """Logarithm of the u with f'(u) = log u + 1 - 1 / u = t."""
    return -log_wright_omega(1.0 - t)


def log_wright_omega(x: tf.Tensor) -> tf.Tensor:
    """The a with exp(a) + a = x, elementwise; exp(a) is W(exp(x)).

    W is the principal branch of Lambert's function. The logarithm neither
    overflows for x >> 0 nor underflows for x << 0. Derivatives up to order
    three are exact.
    """

    def newton(a):
        weight = tf.exp(a)
        return a - (weight + a - x) / (1.0 + weight)

    # Both starts lie above the root of a convex increasing function, so the
    # steps descend to it. From the farthest start, x just below 1, the fifth
    # step is exact in float64.
    a = tf.where(x < 1.0, x, tf.math.log(tf.maximum(x, 1.0)))
    for _ in range(5):
        a = newton(a)
    # As a power series in the change of x, a step squares the error: from a
    # constant, k steps have the right derivatives up to order 2**k - 1.
    return newton(newton(tf.stop_gradient(a)))
