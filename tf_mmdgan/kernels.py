"""Positive-definite kernels on critic features, as frozen values.

    kernel = RationalQuadratic() + 0.1 * Linear()
    gram = kernel(x, y)  # [n, d], [m, d] -> [n, m]

Arithmetic is float32 at least: half-precision and integer features are cast to
float32, and float64 stays. To add a kernel, derive it and list it in `KERNELS`.
"""

import abc
import dataclasses
import math
import numbers

import tensorflow as tf

_EPSILON = {tf.float32: 2.0**-23, tf.float64: 2.0**-52}


def as_matrices(*features: tf.Tensor) -> list[tf.Tensor]:
    """Casts matrices [n, d] of one width to float64 if any is, else float32.

    Raises:
      ValueError: if one is not a matrix, or if the widths differ.
    """
    tensors = [tf.convert_to_tensor(matrix) for matrix in features]
    first = tensors[0].shape
    for shape in (tensor.shape for tensor in tensors):
        if not shape.is_compatible_with([None, None]):
            raise ValueError(f"Features must be [n, d], not {shape}.")
        if not shape[1:].is_compatible_with(first[1:]):
            raise ValueError(f"Features have unequal widths: {first}, {shape}.")
    double = tf.float64 in {tensor.dtype for tensor in tensors}
    dtype = tf.float64 if double else tf.float32
    return [tf.cast(tensor, dtype) for tensor in tensors]


def squared_distances(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean distances of all pairs, at least zero.

    ||x_i||**2 + ||y_j||**2 - 2 <x_i, y_j>,  x [n, d], y [m, d] -> [n, m]

    Points that coincide up to rounding have distance zero, and so up to
    rounding have their gradients; second derivatives are right everywhere.
    Raises ValueError as `as_matrices` does.
    """
    return _pairwise_squares(*as_matrices(x, y))


def _pairwise_squares(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    # Distances do not depend on the origin, but the rounding error of the
    # difference below does: it is that of the norms.
    centre = tf.stop_gradient(tf.reduce_mean(x, axis=-2, keepdims=True))
    x, y = x - centre, y - centre
    norms = _squared_norms(x)[..., :, None] + _squared_norms(y)[..., None, :]
    squares = norms - 2.0 * tf.matmul(x, y, transpose_b=True)
    # Coinciding points leave a residue of up to 6 roundings of the norms
    # (measured, widths 1 to 2048), which a root would magnify. Only its value
    # is taken off: the derivatives, 2 (x - y) and +-2 I, are right as they are.
    coincide = squares <= 8.0 * _EPSILON[x.dtype] * norms
    return squares - tf.stop_gradient(tf.where(coincide, squares, 0.0))


def _squared_norms(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(x), axis=-1)


def _root(squares: tf.Tensor) -> tf.Tensor:
    """Square root whose gradient at zero is zero."""
    # sqrt'(0) is infinite, and 0 * inf is NaN even where tf.where drops it;
    # so the root itself never sees the zero.
    nonzero = ~(squares <= 0.0)  # NaN stays NaN
    return tf.where(nonzero, tf.sqrt(tf.where(nonzero, squares, 1.0)), 0.0)


class Kernel(abc.ABC):
    """A positive-definite kernel k(u, v) on feature vectors.

    Kernels combine: `a + b`, `a * b` and `0.1 * a` are kernels. ValueError is
    raised by the constructors for fields out of range, and by every method for
    features that are no matrix or that differ in width.

    A subclass is a frozen dataclass that defines two methods on checked and
    cast features: `_matrix` of x [..., n, d] and y [..., m, d], [..., n, m];
    and `_derivatives` of x [n, d], its gradient and mixed Hessian, unless the
    gradient is 0 and the Hessian constant, or the kernel has no derivatives.

    Attributes:
      derivative_constant: the c of a kernel whose mixed Hessian is c times the
        identity everywhere; None for the others.
    """

    derivative_constant: float | None = None

    def __call__(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Kernel matrix k(x_i, y_j) of x [n, d] and y [m, d]: [n, m]."""
        return self._matrix(*as_matrices(x, y))

    def diagonal(self, x: tf.Tensor) -> tf.Tensor:
        """Values k(x_i, x_i) for x [n, d]: [n], without the matrix."""
        (x,) = as_matrices(x)
        return self.of_pairs(x, x)

    def of_pairs(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Values k(x, y) of vectors [..., d], pair by pair: [...]."""
        return self._matrix(x[..., None, :], y[..., None, :])[..., 0, 0]

    def gradient(self, features: tf.Tensor) -> tf.Tensor:
        """Gradient d/du k(u, v) at u = v = f_i, the rows of [n, d]: [n, d].

        The distance kernel, not differentiable there, raises ValueError.
        """
        return self._derivatives(*as_matrices(features))[0]

    def mixed_hessian(self, features: tf.Tensor) -> tf.Tensor:
        """Mixed derivatives d**2/du_a dv_b k(u, v) at u = v = f_i: [n, d, d].

        The f_i are the rows of features [n, d]; raises like `gradient`.
        """
        return self._derivatives(*as_matrices(features))[1]

    def derivative_trace(
        self, features: tf.Tensor, jacobian_squares: tf.Tensor
    ) -> tf.Tensor:
        """Derivative part of the Scaled MMD's scale, per example: [n], >= 0.

        sum_i d_i d_{i+d} k(h(x), h(x)) = sum_ab H_ab (J J^T)_ab

        with J the Jacobian of the features h, H the mixed Hessian at h(x), and
        pixels i. Arbel et al. 2018, "On gradient regularizers for MMD GANs",
        the Scaled MMD, https://arxiv.org/abs/1805.11565

        Args:
          features: [n, d].
          jacobian_squares: J J^T, [n, d, d]; or only its trace ||J||_F**2,
            [n], for kernels that have a `derivative_constant`.

        Raises:
          ValueError: if the shapes do not fit, if [n] is not enough for this
            kernel, or if the kernel is not differentiable.
        """
        (features,) = as_matrices(features)
        squares = tf.cast(jacobian_squares, features.dtype)
        n, d = features.shape
        scalars = squares.shape.rank == 1
        shape = tf.TensorShape([n] if scalars else [n, d, d])
        if not squares.shape.is_compatible_with(shape):
            raise ValueError(f"jacobian_squares: {squares.shape}, not {shape}.")
        if self.derivative_constant is not None:
            traces = squares if scalars else tf.linalg.trace(squares)
            return self.derivative_constant * traces
        hessian = self._derivatives(features)[1]
        if scalars:
            raise ValueError(
                f"The mixed Hessian of {self} is not a multiple of the "
                "identity: it needs J J^T, [n, d, d], not ||J||_F**2, [n]."
            )
        return tf.reduce_sum(hessian * squares, axis=[1, 2])

    @abc.abstractmethod
    def _matrix(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor: ...

    def _derivatives(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if (constant := self.derivative_constant) is not None:
            return tf.zeros_like(x), tf.linalg.diag(constant * tf.ones_like(x))
        raise ValueError(f"{self}: not differentiable at coinciding points.")

    def __add__(self, other: "Kernel") -> "Kernel":
        known = isinstance(other, Kernel)
        return Sum((self, other), (1.0, 1.0)) if known else NotImplemented

    def __mul__(self, other: "Kernel | float") -> "Kernel":
        if isinstance(other, Kernel):
            return Product(self, other)
        known = isinstance(other, numbers.Real)
        return Sum((self,), (float(other),)) if known else NotImplemented

    __rmul__ = __mul__


@dataclasses.dataclass(frozen=True)
class Sum(Kernel):
    """k(u, v) = sum_i weights_i kernels_i(u, v); `a + 0.1 * b` makes it."""

    kernels: tuple[Kernel, ...]
    weights: tuple[float, ...]

    def __post_init__(self):
        if not all(0.0 <= weight < math.inf for weight in self.weights):
            raise ValueError(f"weights={self.weights}, need numbers >= 0.")

    @property
    def derivative_constant(self) -> float | None:
        """Weighted sum of the kernels' constants, if all have one."""
        constants = [kernel.derivative_constant for kernel in self.kernels]
        return None if None in constants else self._weigh(constants)

    def _weigh(self, parts):
        return sum(w * p for w, p in zip(self.weights, parts, strict=True))

    def _matrix(self, x, y):
        return self._weigh(kernel._matrix(x, y) for kernel in self.kernels)

    def _derivatives(self, x):
        pairs = [kernel._derivatives(x) for kernel in self.kernels]
        return tuple(map(self._weigh, zip(*pairs, strict=True)))


@dataclasses.dataclass(frozen=True)
class Product(Kernel):
    """k(u, v) = left(u, v) right(u, v); `left * right` makes it."""

    left: Kernel
    right: Kernel

    def _matrix(self, x, y):
        return self.left._matrix(x, y) * self.right._matrix(x, y)

    def _derivatives(self, x):
        (g1, h1), k1 = self.left._derivatives(x), self.left.diagonal(x)
        (g2, h2), k2 = self.right._derivatives(x), self.right.diagonal(x)
        crossed = g1[:, :, None] * g2[:, None, :]
        crossed += tf.linalg.matrix_transpose(crossed)
        hessian = h1 * k2[:, None, None] + k1[:, None, None] * h2 + crossed
        return g1 * k2[:, None] + k1[:, None] * g2, hessian


@dataclasses.dataclass(frozen=True)
class Tanh(Kernel):
    """k(u, v) = kernel(tanh u, tanh v), elementwise: bounded features."""

    kernel: Kernel

    def _matrix(self, x, y):
        return self.kernel._matrix(tf.tanh(x), tf.tanh(y))

    def _derivatives(self, x):
        slopes = 1.0 - tf.square(tf.tanh(x))
        gradient, hessian = self.kernel._derivatives(tf.tanh(x))
        hessian = slopes[:, :, None] * hessian * slopes[:, None, :]
        return slopes * gradient, hessian


class RadialMixture(Kernel):
    """A sum of smooth functions of ||u - v||**2, one for each parameter."""

    def __post_init__(self):
        (field,) = dataclasses.fields(self)
        values = tuple(getattr(self, field.name))
        if not values or not all(0.0 < value < math.inf for value in values):
            raise ValueError(f"{field.name}={values}, need numbers > 0.")
        object.__setattr__(self, field.name, values)

    @abc.abstractmethod
    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """Values at squared distances, of their shape."""

    def _matrix(self, x, y):
        return self.of_squares(_pairwise_squares(x, y))


@dataclasses.dataclass(frozen=True)
class Gaussian(RadialMixture):
    """k(u, v) = sum_s exp(-||u - v||**2 / (2 s**2)) over the sigmas s.

    A sum, not a mean, as in Binkowski et al. 2018: within [0, len(sigmas)].
    """

    sigmas: tuple[float, ...] = (1.0,)

    @property
    def derivative_constant(self) -> float:
        """sum_s 1 / s**2."""
        return sum(1.0 / sigma**2 for sigma in self.sigmas)

    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.of_squares`."""
        return sum(tf.exp(squares / (-2.0 * s**2)) for s in self.sigmas)


@dataclasses.dataclass(frozen=True)
class RationalQuadratic(RadialMixture):
    """k(u, v) = sum_a (1 + ||u - v||**2 / (2 a))**-a over the scales a.

    A sum, not a mean: within [0, len(scales)]. The default scales are those of
    Binkowski et al. 2018, "Demystifying MMD GANs",
    https://arxiv.org/abs/1801.01401; their published code has (.1, 1, 10).
    """

    scales: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0)

    @property
    def derivative_constant(self) -> float:
        """1 for each scale, whatever the scale is."""
        return float(len(self.scales))

    def of_squares(self, squares: tf.Tensor) -> tf.Tensor:
        """See `RadialMixture.of_squares`."""
        logs = (a * tf.math.log1p(squares / (2.0 * a)) for a in self.scales)
        return sum(tf.exp(-log) for log in logs)


@dataclasses.dataclass(frozen=True)
class Linear(Kernel):
    """k(u, v) = <u, v>."""

    derivative_constant = 1.0

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
    """

    def _matrix(self, x, y):
        x_norms, y_norms = _root(_squared_norms(x)), _root(_squared_norms(y))
        norms = x_norms[..., :, None] + y_norms[..., None, :]
        return 0.5 * (norms - _root(_pairwise_squares(x, y)))


@dataclasses.dataclass(frozen=True)
class Polynomial(Kernel):
    """k(u, v) = (gamma <u, v> + coef0)**degree.

    By default the kernel of the Kernel Inception Distance, with gamma = 1 / d:
    Binkowski et al. 2018, "Demystifying MMD GANs", section 4.
    The degree is an integer >= 1, gamma > 0 and coef0 >= 0.
    """

    degree: int = 3
    gamma: float | None = None
    coef0: float = 1.0

    def __post_init__(self):
        if not isinstance(self.degree, numbers.Integral) or self.degree < 1:
            raise ValueError(f"degree={self.degree}, need an integer >= 1.")
        if self.gamma is not None and not 0.0 < self.gamma < math.inf:
            raise ValueError(f"gamma={self.gamma}, need None or a number > 0.")
        if not 0.0 <= self.coef0 < math.inf:
            raise ValueError(f"coef0={self.coef0}, need a number >= 0.")

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
        inner = _squared_norms(x)[:, None]
        first, second = (self._of_inner(inner, x, order) for order in (1, 2))
        hessian = tf.linalg.diag(first * tf.ones_like(x))
        return first * x, hessian + (second * x)[:, :, None] * x[:, None, :]


# The mixtures and rq_linear (rq* there) are those of Binkowski et al. 2018;
# the other weights of the linear term and the tanh kernels are in their code.
# rbf_octaves is the mixture of Li et al. 2017, rbf_half_octaves that of Wang et
# al. 2019 for the attractive loss, rbf_gmmn that of Li et al. 2015 for pixels,
# whose list is of variances.
KERNELS: dict[str, Kernel] = {
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
    "polynomial": Polynomial(),
}
