"""Positive-definite kernels on critic features, as frozen values.

    >>> tm.KERNELS["rq_01linear"]
    RationalQuadratic(scales=(0.2, 0.5, 1.0, 2.0, 5.0)) + 0.1 * Linear()

Arithmetic is float32 at least: half-precision and integer features are cast to
float32, and float64 stays. To add a kernel, derive it and list it in `KERNELS`.
"""

import dataclasses
import inspect
import math
import numbers
from collections.abc import Callable

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.kernels.kernel import (
    Kernel,
    Product,
    check_kernels,
)
from tf_mmdgan.kernels.radial import (
    Gaussian,
    Laplace,
    Matern,
    RationalQuadratic,
    check_scale,
    floored,
)
from tf_mmdgan.kernels.roots import safe_root
from tf_mmdgan.kernels.rows import pairwise_squares, squared_norms

# Of a power, each of which is an operation of its own.
_MOST_FACTORS = 1000


@dataclasses.dataclass(frozen=True)
class Tanh(Kernel):
    """k(u, v) = kernel(tanh u, tanh v), elementwise: bounded features.

    For example:

        >>> tm.Tanh(tm.Linear())([[0.5]], [[99.0]]).numpy().round(4)
        array([[0.4621]], dtype=float32)
    """

    kernel: Kernel

    def __post_init__(self):
        check_kernels(self.kernel)

    def _matrix(self, x, y):
        return self.kernel._matrix(tf.tanh(x), tf.tanh(y))

    def _derivatives(self, x):
        slopes = 1.0 - tf.square(tf.tanh(x))
        gradient, hessian = self.kernel._derivatives(tf.tanh(x))
        hessian = slopes[:, :, None] * hessian * slopes[:, None, :]
        return slopes * gradient, hessian


@dataclasses.dataclass(frozen=True)
class Linear(Kernel):
    """k(u, v) = <u, v>.

    For example:

        >>> tm.Linear()([[1.0, 2.0]], [[3.0, 4.0]]).numpy()
        array([[11.]], dtype=float32)
    """

    @property
    def derivative_constant(self) -> float:
        """1."""
        return 1.0

    def _matrix(self, x, y):
        return tf.matmul(x, y, transpose_b=True)

    def _derivatives(self, x):
        return x, tf.linalg.diag(tf.ones_like(x))


@dataclasses.dataclass(frozen=True)
class Distance(Kernel):
    """k(u, v) = (||u|| + ||v|| - ||u - v||) / 2, the energy-distance kernel.

    Sejdinovic et al. 2013, "Equivalence of distance-based and RKHS-based
    statistics in hypothesis testing", distance-induced kernel with z0 = 0.
    With its 1/2 the squared MMD is half the energy distance 2 E||x - y|| -
    E||x - x'|| - E||y - y'||. The published code of Binkowski et al. 2018
    leaves the 1/2 out; write `2 * Distance()` for that.

    ||u - v|| has a kink at u = v: `gradient`, `mixed_hessian` and
    `derivative_trace` raise; gradients through the matrix take 0 there.

        >>> tm.Distance()([[3.0, 4.0]], [[0.0, 0.0], [3.0, 4.0]]).numpy()
        array([[0., 5.]], dtype=float32)
    """

    def _matrix(self, x, y):
        x_norms = self._root(squared_norms(x))
        y_norms = self._root(squared_norms(y))
        norms = x_norms[..., :, None] + y_norms[..., None, :]
        return 0.5 * (norms - self._root(pairwise_squares(x, y)))

    def _root(self, squares: tf.Tensor) -> tf.Tensor:
        return safe_root(squares)


@dataclasses.dataclass(frozen=True)
class LaplaceL1(Kernel):
    """k(u, v) = exp(-||u - v||_1 / scale), a product over coordinates.

    ||u - v||_1 has a kink at u = v: `gradient`, `mixed_hessian` and
    `derivative_trace` raise; gradients through the matrix take 0 there.

    The matrix of x [n, d] and y [m, d] passes through an array [n, m, d].

        >>> tm.LaplaceL1()([[0.0, 0.0]], [[1.0, 1.0]]).numpy().round(4)
        array([[0.1353]], dtype=float32)

    Attributes:
      scale: in the unit of the distance, > 0.
    """

    scale: float = 1.0

    def __post_init__(self):
        check_scale(self.scale)

    def of_distances(self, distances: tf.Tensor) -> tf.Tensor:
        """Values at distances ||u - v||_1, of their shape."""
        return tf.exp(distances / -floored(self.scale, distances))

    def _matrix(self, x, y):
        differences = x[..., :, None, :] - y[..., None, :, :]
        return self.of_distances(tf.reduce_sum(tf.abs(differences), axis=-1))


@dataclasses.dataclass(frozen=True)
class Rescaled(Kernel):
    """k(u, v) = kernel(u / scale, v / scale): another unit of the features.

        >>> tm.Rescaled(tm.Linear(), 2.0)([[2.0]], [[4.0]]).numpy()
        array([[2.]], dtype=float32)

    Attributes:
      kernel: whose bandwidths become multiples of the scale.
      scale: > 0.
    """

    kernel: Kernel
    scale: float

    def __post_init__(self):
        check_kernels(self.kernel)
        check_scale(self.scale)

    @property
    def derivative_constant(self) -> float | None:
        """That of the kernel, by the scale squared."""
        constant = self.kernel.derivative_constant
        return None if constant is None else constant / self.scale**2

    def _matrix(self, x, y):
        return self.kernel._matrix(
            *(z / floored(self.scale, z) for z in (x, y))
        )

    def _derivatives(self, x):
        gradient, hessian = self.kernel._derivatives(x / self.scale)
        return gradient / self.scale, hessian / self.scale**2


@dataclasses.dataclass(frozen=True)
class Polynomial(Kernel):
    """k(u, v) = (gamma <u, v> + coef0)**degree.

    By default the kernel of the Kernel Inception Distance, with gamma = 1 / d:
    Binkowski et al. 2018, "Demystifying MMD GANs", section 4.
    The degree is an integer of 1 to 1,000, gamma > 0 and coef0 >= 0.

        >>> tm.Polynomial(2, gamma=1.0)([[1.0]], [[2.0]]).numpy()
        array([[9.]], dtype=float32)
    """

    degree: int = 3
    gamma: float | None = None
    coef0: float = 1.0

    def __post_init__(self):
        degree: object = self.degree
        if not isinstance(degree, numbers.Integral) or self.degree < 1:
            raise ValueError(f"degree={self.degree}, need an integer >= 1.")
        if self.degree > _MOST_FACTORS:
            raise ValueError(
                f"degree={self.degree}, need {_MOST_FACTORS:,} at most."
            )
        if self.gamma is not None:
            errors.check_above(0.0, gamma=self.gamma)
        errors.check_at_least(0.0, coef0=self.coef0)

    def _of_inner(self, inner, x, order=0):
        """Derivative of k of some order by t = <u, v>."""
        slope = self.gamma or 1.0 / tf.cast(tf.shape(x)[-1], inner.dtype)
        base = slope * inner + self.coef0
        factor = math.perm(self.degree, order) * slope**order
        # Repeated products; tf.pow is slower and has a logarithm behind it.
        return math.prod([base] * (self.degree - order), start=factor)

    def _matrix(self, x, y):
        return self._of_inner(tf.matmul(x, y, transpose_b=True), x)

    def _derivatives(self, x):
        inner = squared_norms(x)[:, None]
        first, second = (self._of_inner(inner, x, order) for order in (1, 2))
        hessian = tf.linalg.diag(first * tf.ones_like(x))
        return first * x, hessian + (second * x)[:, :, None] * x[:, None, :]


# The mixtures and rq_linear (rq* there) are those of Binkowski et al. 2018;
# the other weights of the linear term and the tanh kernels are in their code.
# rbf_octaves is the mixture of Li et al. 2017, rbf_half_octaves that of Wang et
# al. 2019 for the attractive loss, rbf_gmmn that of Li et al. 2015 for pixels,
# whose list is of variances.
KERNELS: Catalogue[Kernel] = Catalogue("kernel", __doc__) | {
    "rbf": Gaussian(),
    "rbf_half_octaves": Gaussian((1.0, 2**0.5, 2.0, 8**0.5, 4.0)),
    "rbf_octaves": Gaussian((1.0, 2.0, 4.0, 8.0, 16.0)),
    "rbf_mix": Gaussian((2.0, 5.0, 10.0, 20.0, 40.0, 80.0)),
    "rbf_gmmn": Gaussian(tuple(v**0.5 for v in (2, 5, 10, 20, 40, 80))),
    "rq": RationalQuadratic(),
    "rq_linear": RationalQuadratic() + Linear(),
    "rq_01linear": RationalQuadratic() + 0.1 * Linear(),
    "rq_001linear": RationalQuadratic() + 0.01 * Linear(),
    "rq_10linear": RationalQuadratic() + 10.0 * Linear(),
    "tanh_rq": Tanh(RationalQuadratic()),
    "linear": Linear(),
    "distance": Distance(),
    "energy": 2.0 * Distance(),
    "tanh_distance": Tanh(Distance()),
    "laplace": Laplace(),
    "laplace_l1": LaplaceL1(),
    "matern": Matern(),
    "polynomial": Polynomial(),
}


def _has_defaults(kernel: Kernel) -> bool:
    """Whether the kernel is what its class makes without arguments."""
    parameters = inspect.signature(type(kernel)).parameters.values()
    optional = all(p.default is not p.empty for p in parameters)
    return optional and kernel == type(kernel)()


# `rbf` is Gaussian(), so that rbf(2.0) is Gaussian(2.0).
_CONSTRUCTORS: dict[str, Callable[..., Kernel]] = {
    **{n: type(k) for n, k in KERNELS.items() if _has_defaults(k)},
    "tanh": Tanh,
    "rescaled": Rescaled,
}
_CLASSES = {type(kernel) for kernel in KERNELS.values()} | {Product, Rescaled}

KERNEL_FAMILY: Family[Kernel] = Family(
    "kernel",
    KERNELS,
    Kernel,
    _CONSTRUCTORS,
    {made.__name__: made for made in _CLASSES},
    combines=True,
)
