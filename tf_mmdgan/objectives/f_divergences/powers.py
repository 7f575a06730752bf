"""Divergences by powers of the ratio, and the total variation."""

import dataclasses
import math
from collections.abc import Callable

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives.f_divergences.divergence import FDivergence


@dataclasses.dataclass(frozen=True)
class PearsonDivergence(FDivergence):
    """int (p - q)**2 / q.

    As published, f* is that of f on all of R; on u > 0 it stays at -1 for
    t < -2, where no optimum f'(p / q) lies.

        >>> float(tm.PearsonDivergence().generator(tf.constant(3.0)))
        4.0
    """

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """(u - 1)**2."""
        return tf.square(u - 1.0)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """2 (u - 1)."""
        return 2.0 * (u - 1.0)

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """Computes t**2 / 4 + t."""
        return t * (0.25 * t + 1.0)

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """The identity."""
        return v

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes v**2 / 4 + v."""
        return v * (0.25 * v + 1.0)

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """1 / 2 everywhere."""
        return 0.5 * tf.ones_like(v)


@dataclasses.dataclass(frozen=True)
class NeymanDivergence(FDivergence):
    """int (p - q)**2 / p.

    For example:

        >>> float(tm.NeymanDivergence().generator(tf.constant(2.0)))
        0.5
    """

    @property
    def domain(self) -> tuple[float, float]:
        """Numbers below 1."""
        return -math.inf, 1.0

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """(u - 1)**2 / u."""
        return tf.square(u - 1.0) / u

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """1 - 1 / u**2."""
        return 1.0 - 1.0 / tf.square(u)

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """2 - 2 sqrt(1 - t)."""
        return 2.0 - 2.0 * tf.sqrt(1.0 - t)

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """1 - exp(-v)."""
        return -tf.math.expm1(-v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """2 - 2 exp(-v / 2)."""
        return -2.0 * tf.math.expm1(-0.5 * v)

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """exp(-v / 2) / 2."""
        return 0.5 * tf.exp(-0.5 * v)


@dataclasses.dataclass(frozen=True)
class HellingerDivergence(FDivergence):
    """int (sqrt p - sqrt q)**2, at most 2: Hellinger's distance squared.

    For example:

        >>> float(tm.HellingerDivergence().generator(tf.constant(4.0)))
        1.0
    """

    @property
    def domain(self) -> tuple[float, float]:
        """Numbers below 1."""
        return -math.inf, 1.0

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """(sqrt(u) - 1)**2."""
        return tf.square(tf.sqrt(u) - 1.0)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """1 - 1 / sqrt(u)."""
        return 1.0 - tf.math.rsqrt(u)

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """Computes t / (1 - t)."""
        return t / (1.0 - t)

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """1 - exp(-v)."""
        return -tf.math.expm1(-v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes exp(v) - 1."""
        return tf.math.expm1(v)

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """2 exp(v)."""
        return 2.0 * tf.exp(v)


@dataclasses.dataclass(frozen=True)
class TotalVariation(FDivergence):
    """int |p - q| / 2, at most 1.

    For example:

        >>> float(tm.TotalVariation().generator(tf.constant(3.0)))
        1.0
    """

    @property
    def domain(self) -> tuple[float, float]:
        """Numbers of at most 1 / 2 in size."""
        return -0.5, 0.5

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """|u - 1| / 2."""
        return 0.5 * tf.abs(u - 1.0)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """The sign of u - 1, halved."""
        return 0.5 * tf.sign(u - 1.0)

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """The identity."""
        return t

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes tanh(v) / 2."""
        return 0.5 * tf.tanh(v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """Computes tanh(v) / 2."""
        return 0.5 * tf.tanh(v)

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """0 everywhere."""
        return tf.zeros_like(v)


@dataclasses.dataclass(frozen=True)
class AlphaDivergence(FDivergence):
    """The alpha-divergence, of any alpha but 0 and 1, whose limits are the KL.

    (int p**alpha q**(1 - alpha) - 1) / (alpha (alpha - 1))
    f(u) = (u**alpha - 1 - alpha (u - 1)) / (alpha (alpha - 1))
    f*(t) = (u**alpha - 1) / alpha,  u = (1 + (alpha - 1) t)**(1 / (alpha - 1))
    g(v) = 1 / (1 - alpha) - log(1 + exp(-v)) if alpha < 1, v if alpha > 1

    where u = 0 if alpha > 1 and t <= -1 / (alpha - 1). Squared Hellinger is
    alpha = 1/2 halved; Neyman and Pearson are -1 and 2 doubled; and the limits
    are the reverse KL divergence at 0 and the KL divergence at 1.

        >>> tm.AlphaDivergence(0.5) == tm.DIVERGENCES["alpha_0.5"]
        True
        >>> float(tm.AlphaDivergence(2.0).generator(tf.constant(3.0)))
        2.0

    Attributes:
      alpha: a finite number, neither 0 nor 1.

    Raises:
      UsageError: for another alpha.
    """

    alpha: float

    def __post_init__(self):
        errors.check_finite(alpha=self.alpha)
        if self.alpha in (0.0, 1.0):
            raise errors.UsageError(
                f"alpha={self.alpha}, need a number other than 0 and 1; the "
                "limits there are 'reverse_kl' and 'kl'."
            )

    @property
    def _slope(self) -> float:
        return self.alpha - 1.0

    @property
    def _bound(self) -> float:
        return -1.0 / self._slope

    @property
    def domain(self) -> tuple[float, float]:
        """Numbers below 1 / (1 - alpha) if alpha < 1."""
        return -math.inf, self._bound if self.alpha < 1.0 else math.inf

    def generator(self, u: tf.Tensor) -> tf.Tensor:
        """f(u), see above."""
        powers = tf.pow(u, self.alpha) - 1.0 - self.alpha * (u - 1.0)
        return powers / (self.alpha * self._slope)

    def derivative(self, u: tf.Tensor) -> tf.Tensor:
        """(u**(alpha - 1) - 1) / (alpha - 1)."""
        return tf.math.expm1(self._slope * tf.math.log(u)) / self._slope

    def conjugate(self, t: tf.Tensor) -> tf.Tensor:
        """f*(t), see above."""
        if self.alpha < 1.0:
            log_u = tf.math.log1p(self._slope * t) / self._slope
            return self._conjugate_at(log_u)
        return self._where_positive(self._conjugate_at, t, -1.0 / self.alpha)

    def output(self, v: tf.Tensor) -> tf.Tensor:
        """g(v), see above."""
        return v if self.alpha > 1.0 else self._bound - tf.math.softplus(-v)

    def conjugate_of_output(self, v: tf.Tensor) -> tf.Tensor:
        """f*(g(v))."""
        if self.alpha > 1.0:
            return self.conjugate(v)
        return self._conjugate_at(self._log_ratio(v))

    def curvature(self, v: tf.Tensor) -> tf.Tensor:
        """Computes u**(2 - alpha) g'(v)**2, because f*'' = 1 / f''(u)."""
        if self.alpha > 1.0:
            return self._where_positive(self._curvature_at, v, 0.0)
        # g' = sigmoid(-v)
        log_slope = -tf.math.softplus(v)
        return tf.exp((2.0 - self.alpha) * self._log_ratio(v) + 2.0 * log_slope)

    def _conjugate_at(self, log_u: tf.Tensor) -> tf.Tensor:
        return tf.math.expm1(self.alpha * log_u) / self.alpha

    def _curvature_at(self, log_u: tf.Tensor) -> tf.Tensor:
        return tf.exp((2.0 - self.alpha) * log_u)

    def _log_ratio(self, v: tf.Tensor) -> tf.Tensor:
        """Logarithm of the u with f'(u) = g(v), for alpha < 1."""
        log_slope = math.log(-self._slope)
        return (log_slope + _log_softplus(-v)) / self._slope

    def _where_positive(
        self,
        formula: Callable[[tf.Tensor], tf.Tensor],
        t: tf.Tensor,
        otherwise: float,
    ) -> tf.Tensor:
        """A formula of log u with f'(u) = t where u > 0, for alpha > 1."""
        # The formula never sees u = 0: its infinite log would make NaN slopes.
        positive = t > self._bound
        inner = self._slope * tf.where(positive, t, 0.0)
        log_u = tf.math.log1p(inner) / self._slope
        return tf.where(positive, formula(log_u), otherwise)


def _log_softplus(x: tf.Tensor) -> tf.Tensor:
    """Computes log log(1 + exp(x)), with slopes that stay finite for x << 0."""
    small = x < -20.0
    series = x - 0.5 * tf.exp(tf.minimum(x, 0.0))  # exact where exp(2 x) = 0
    direct = tf.math.log(tf.math.softplus(tf.where(small, 0.0, x)))
    return tf.where(small, series, direct)
