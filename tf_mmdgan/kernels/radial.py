"""Kernels that are functions of the Euclidean distance, ||u - v||."""

import abc
import contextlib
import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.kernels.kernel import Kernel
from tf_mmdgan.kernels.roots import safe_root
from tf_mmdgan.kernels.rows import pairwise_squares

# Beyond it Matern's factorials are no numbers of double precision.
_MOST_SMOOTHNESS = 85.5


@dataclasses.dataclass(frozen=True)
class RadialMixture(Kernel):
    """A function of ||u - v||**2; or a sum of some, one for each parameter."""

    @abc.abstractmethod
    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """Values at squared distances, of their shape."""

    def log_of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """Logarithms of `of_squares`, also where the values underflow."""
        return tf.math.log(self.of_squares(squares))

    @property
    def companion(self) -> "tuple[float, RadialMixture]":
        """The factor c and the kernel K with d/du c K(u, v) = k(u, v) (v - u).

        A step towards the points around, weighted by k, climbs a density that
        is estimated by K: c K(r) = int_r^inf s k(s) ds.

        Raises:
          ValueError: if it is not known.
        """
        raise ValueError(
            f"{self}: no companion kernel is known; take rbf, laplace or "
            "matern, with one parameter."
        )

    def _matrix(self, x, y):
        return self.of_squares(pairwise_squares(x, y))


def gaussian(squares: tf.Tensor, variance: float | tf.Tensor) -> tf.Tensor:
    """exp(-squares / (2 variance)), for variances that may follow the data."""
    return tf.exp(squares / (-2.0 * floored(variance, squares)))


def floored(divisor: float | tf.Tensor, values: tf.Tensor) -> float | tf.Tensor:
    """A divisor > 0, or the least normal number of the values' type.

    A smaller divisor would be 0 in that type, and 0 / 0 is NaN: 1e-38 in
    single, 2e-308 in double precision.
    """
    least = np.finfo(tf.as_dtype(values.dtype).as_numpy_dtype).tiny
    if tf.is_tensor(divisor):
        return tf.maximum(divisor, least)
    return max(divisor, float(least))


def some_numbers(given: Any) -> tuple[float, ...]:
    """A number, or some, as a tuple; an empty one for what are no numbers.

    Args:
      given: a number; or an array, a tensor or a list of some.
    """
    with contextlib.suppress(TypeError, ValueError):
        # Tensors and arrays of a single number are iterable, and do not work.
        single = np.ndim(given) == 0 or not isinstance(given, Iterable)
        some = (given,) if single else tuple(given)
        if not any(isinstance(number, str) for number in some):
            return tuple(float(number) for number in some)
    return ()


def _positive(name: str, given: Any) -> tuple[float, ...]:
    """The parameters of a mixture, of which there may be one."""
    values = some_numbers(given)
    if not values or not all(0.0 < value < math.inf for value in values):
        shown = values or errors.excerpt(given, 60)
        raise ValueError(f"{name}={shown}, need numbers > 0.")
    return values


@dataclasses.dataclass(frozen=True)
class Gaussian(RadialMixture):
    """k(u, v) = sum_s exp(-||u - v||**2 / (2 s**2)) over the sigmas s.

    A sum, not a mean, as in Binkowski et al. 2018: within [0, len(sigmas)].

        >>> tm.Gaussian((1.0, 2.0)).diagonal([[0.0, 3.0]]).numpy()
        array([2.], dtype=float32)

    Attributes:
      sigmas: standard deviations, in the unit of the features; one, or some.
    """

    sigmas: tuple[float, ...]

    def __init__(self, sigmas: float | Iterable[float] = (1.0,)):
        object.__setattr__(self, "sigmas", _positive("sigmas", sigmas))
        for sigma in self.sigmas:
            _check_square("sigma", sigma)

    @property
    def derivative_constant(self) -> float:
        """sum_s 1 / s**2."""
        return sum(1.0 / sigma**2 for sigma in self.sigmas)

    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.of_squares`."""
        return sum(gaussian(squares, sigma**2) for sigma in self.sigmas)

    def log_of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.log_of_squares`."""
        variances = [floored(sigma**2, squares) for sigma in self.sigmas]
        logs = [squares / (-2.0 * variance) for variance in variances]
        return tf.reduce_logsumexp(tf.stack(logs), axis=0)

    @property
    def companion(self) -> tuple[float, RadialMixture]:
        """sigma**2 and the kernel itself, where there is one sigma."""
        if len(self.sigmas) > 1:
            return super().companion
        return self.sigmas[0] ** 2, self


@dataclasses.dataclass(frozen=True)
class RationalQuadratic(RadialMixture):
    """k(u, v) = sum_a (1 + ||u - v||**2 / (2 a))**-a over the scales a.

    A sum, not a mean: within [0, len(scales)]. The default scales are those of
    Binkowski et al. 2018, "Demystifying MMD GANs",
    https://arxiv.org/abs/1801.01401; their published code has (.1, 1, 10).

        >>> tm.RationalQuadratic((0.5, 1.0))([[0.0]], [[0.0]]).numpy()
        array([[2.]], dtype=float32)

    Attributes:
      scales: one, or some.
    """

    scales: tuple[float, ...]

    def __init__(
        self, scales: float | Iterable[float] = (0.2, 0.5, 1.0, 2.0, 5.0)
    ):
        object.__setattr__(self, "scales", _positive("scales", scales))

    @property
    def derivative_constant(self) -> float:
        """1 for each scale, whatever the scale is."""
        return float(len(self.scales))

    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.of_squares`."""
        scales = [floored(a, squares) for a in self.scales]
        logs = (a * tf.math.log1p(squares / (2.0 * a)) for a in scales)
        return sum(tf.exp(-log) for log in logs)


@dataclasses.dataclass(frozen=True)
class Matern(RadialMixture):
    """Matern's kernel of half-integer smoothness, with k(u, u) = 1.

    With u = sqrt(2 smoothness) ||u - v|| / scale, of smoothness

    1/2   exp(-u), which is `Laplace`
    3/2   (1 + u) exp(-u)
    5/2   (1 + u + u**2 / 3) exp(-u)

    and so on to Gaussian(scale). Rasmussen and Williams 2006, "Gaussian
    processes for machine learning", section 4.2.1. Where the smoothness is 1/2
    the kernel has a kink at u = v; see `Laplace`.

        >>> tm.Matern(2.5, scale=2.0).diagonal([[1.0], [2.0]]).numpy()
        array([1., 1.], dtype=float32)

    Attributes:
      smoothness: 0.5, 1.5, 2.5, ..., 85.5.
      scale: in the unit of the features, > 0.
    """

    smoothness: float = 1.5
    scale: float = 1.0

    def __post_init__(self):
        check_scale(self.scale)
        errors.check_finite(smoothness=self.smoothness)
        within = 0.5 <= self.smoothness <= _MOST_SMOOTHNESS
        if not within or self.smoothness % 1.0 != 0.5:
            raise ValueError(
                f"smoothness={self.smoothness}, need 0.5, 1.5, 2.5, ..., "
                f"{_MOST_SMOOTHNESS}."
            )

    @property
    def _order(self) -> int:
        """Degree of the polynomial beside the exponential."""
        return int(self.smoothness)

    def _rate(self, squares: tf.Tensor) -> float:
        """What the roots of these squares are multiplied by."""
        scale = floored(self.scale, squares)
        return math.sqrt(2.0 * self.smoothness) / scale

    @property
    def derivative_constant(self) -> float | None:
        """With s the smoothness, s / ((s - 1) scale**2); None for s = 1/2."""
        if not self._order:
            return None
        return self.smoothness / ((self.smoothness - 1.0) * self.scale**2)

    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.of_squares`."""
        return _matern(squares, self._order, self._rate(squares))

    def log_of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.log_of_squares`."""
        u = self._rate(squares) * safe_root(squares)
        return tf.math.log(_matern_polynomial(u, self._order)) - u

    @property
    def companion(self) -> tuple[float, RadialMixture]:
        """scale**2 and the kernel that is smoother by 1, of the same rate."""
        smoother = self.smoothness + 1.0
        scale = self.scale * math.sqrt(smoother / self.smoothness)
        return self.scale**2, Matern(smoother, scale)


@dataclasses.dataclass(frozen=True)
class Laplace(RadialMixture):
    """k(u, v) = exp(-||u - v|| / scale), Matern's kernel of smoothness 1/2.

    It has a kink at u = v: `gradient`, `mixed_hessian` and `derivative_trace`
    raise; gradients through the matrix take 0 there.

        >>> tm.Laplace(2.0)([[0.0]], [[2.0]]).numpy().round(4)
        array([[0.3679]], dtype=float32)

    Attributes:
      scale: in the unit of the features, > 0.
    """

    scale: float = 1.0

    def __post_init__(self):
        check_scale(self.scale)

    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.of_squares`."""
        return tf.exp(self.log_of_squares(squares))

    def log_of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.log_of_squares`."""
        return safe_root(squares) / -floored(self.scale, squares)

    @property
    def companion(self) -> tuple[float, RadialMixture]:
        """scale**2 and Matern's kernel of smoothness 3/2."""
        return Matern(0.5, self.scale).companion


def check_scale(scale: float) -> None:
    """Raises ValueError for what is no positive number, or has no square."""
    errors.check_above(0.0, scale=scale)
    _check_square("scale", scale)


def _check_square(name: str, value: float) -> None:
    if not 0.0 < value * value < math.inf:
        raise ValueError(f"{name}={value}: its square is no number > 0.")


def _matern(squares: tf.Tensor, order: int, rate: float) -> tf.Tensor:
    """Values of smoothness order + 1/2 at squared distances.

    d/d(r**2) of one order is -rate**2 / (2 (2 order - 1)) times the order
    before. The chain rule through r would divide by r, which may be 0.
    """
    if not order:
        return tf.exp(-rate * safe_root(squares))

    @tf.custom_gradient
    def values(squares):
        u = rate * safe_root(squares)

        def gradient(upstream):
            slope = -(rate**2) / (2.0 * (2.0 * order - 1.0))
            return upstream * slope * _matern(squares, order - 1, rate)

        return _matern_polynomial(u, order) * tf.exp(-u), gradient

    return values(squares)


def _matern_polynomial(u: tf.Tensor, order: int) -> tf.Tensor:
    """sum_j c_j u**j, the c_j of Rasmussen and Williams 2006, eq. 4.16."""
    total = math.factorial(2 * order)
    value = tf.zeros_like(u)
    for power in range(order, -1, -1):
        ways = math.perm(order, power) * 2**power / math.factorial(power)
        value = value * u + ways * math.factorial(2 * order - power) / total
    return value
