"""Divergences from a mixture: Jensen-Shannon's, weighted, and the GAN's."""

import dataclasses
import math

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives.f_divergences.divergence import FDivergence

_LOG_2 = math.log(2.0)


@dataclasses.dataclass(frozen=True)
class JensenShannonDivergence(FDivergence):
    """int p log(2 p / (p + q)) + q log(2 q / (p + q)) = 2 JS <= 2 log 2.

    For example:

        >>> float(tm.JensenShannonDivergence().output(tf.constant(0.0)))
        0.0
    """

    @property
    def domain(self) -> tuple[float, float]:
        """Numbers below log 2."""
        return -math.inf, _LOG_2

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """Computes u log u - (u + 1) log((u + 1) / 2)."""
        return _gan_generator(u) + _LOG_2 * (u + 1.0)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """Computes log 2 - log(1 + 1 / u)."""
        return _LOG_2 - tf.math.log1p(1.0 / u)

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """-log(2 - exp(t))."""
        return -tf.math.log(2.0 - tf.exp(t))

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes log 2 - log(1 + exp(-v))."""
        return _LOG_2 - tf.math.softplus(-v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes log(1 + exp(v)) - log 2."""
        return tf.math.softplus(v) - _LOG_2

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """1 / (1 + exp(-v))."""
        return tf.sigmoid(v)


@dataclasses.dataclass(frozen=True)
class GANDivergence(FDivergence):
    """2 JS - 2 log 2, which the standard GAN minimises.

    g = log D and f*(g) = -log(1 - D), with the discriminator D = sigmoid(v).

        >>> round(tm.GANDivergence().threshold, 4)
        -0.6931
    """

    @property
    def threshold(self) -> float:
        """-log 2."""
        return -_LOG_2

    @property
    def domain(self) -> tuple[float, float]:
        """Negative numbers."""
        return -math.inf, 0.0

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """Computes u log u - (u + 1) log(u + 1)."""
        return _gan_generator(u)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """-log(1 + 1 / u)."""
        return -tf.math.log1p(1.0 / u)

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """-log(1 - exp(t))."""
        return -tf.math.log(-tf.math.expm1(t))

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """-log(1 + exp(-v))."""
        return -tf.math.softplus(-v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes log(1 + exp(v))."""
        return tf.math.softplus(v)

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """1 / (1 + exp(-v))."""
        return tf.sigmoid(v)


def _gan_generator(u: tf.Tensor) -> tf.Tensor:
    """Computes u log u - (u + 1) log(u + 1) accurately for large u too."""
    return -tf.math.xlog1py(u, 1.0 / u) - tf.math.log1p(u)


@dataclasses.dataclass(frozen=True)
class JensenDivergence(FDivergence):
    """The Jensen-Shannon divergence with weight pi on P and 1 - pi on Q.

    pi KL(P || M) + (1 - pi) KL(Q || M),  M = pi P + (1 - pi) Q
    f(u) = pi u log u - m log m,  m = 1 - pi + pi u
    f*(t) = (1 - pi) log((1 - pi) / (1 - pi exp(t / pi))),  t < -pi log pi
    g(v) = -pi log pi - pi log(1 + exp(-v))

    The factor pi of the last logarithm, a choice, makes the optimal sigmoid(v)
    the posterior pi p / (pi p + (1 - pi) q), f*(g(v)) a softplus, and pi = 1/2
    half of `JensenShannonDivergence`.

        >>> tm.FGAN(tm.JensenDivergence(0.25)).divergence
        JensenDivergence(pi=0.25)

    Attributes:
      pi: between 0 and 1.

    Raises:
      UsageError: for another pi.
    """

    pi: float

    def __post_init__(self):
        errors.check_above(0.0, pi=self.pi)
        if self.pi >= 1.0:
            raise errors.UsageError(f"pi={self.pi}, need a number below 1.")

    @property
    def _bound(self) -> float:
        return -self.pi * math.log(self.pi)

    @property
    def domain(self) -> tuple[float, float]:
        """Numbers below -pi log pi."""
        return -math.inf, self._bound

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """f(u), see above."""
        rest = 1.0 - self.pi
        mixture = rest + self.pi * u
        from_p = self.pi * tf.math.xlogy(u, u / mixture)
        return from_p - rest * tf.math.log(mixture)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """Computes pi log(u / (1 - pi + pi u))."""
        return self.pi * tf.math.log(u / ((1.0 - self.pi) + self.pi * u))

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """f*(t), see above."""
        log_rest = math.log1p(-self.pi)
        inner = -tf.math.expm1((t - self._bound) / self.pi)
        return (1.0 - self.pi) * (log_rest - tf.math.log(inner))

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """g(v), see above."""
        return self._bound - self.pi * tf.math.softplus(-v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """(1 - pi) (log(1 - pi) + log(1 + exp(v)))."""
        log_rest = math.log1p(-self.pi)
        return (1.0 - self.pi) * (log_rest + tf.math.softplus(v))

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """(1 - pi) / (1 + exp(-v))."""
        return (1.0 - self.pi) * tf.sigmoid(v)
