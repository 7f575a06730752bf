"""What a kernel is: a frozen value, checked and composable."""

import abc
import dataclasses
import math
import numbers
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan.kernels.rows import as_matrices, as_tensor, in_one_type

# Where kernels are known to be right: the checks of others leave them out.
_PACKAGE, _ROOM = "tf_mmdgan.", "tf_mmdgan.kernels."


class Kernel(abc.ABC):
    """A positive-definite kernel k(u, v) on feature vectors.

        >>> kernel = tm.Gaussian(2.0) + 0.5 * tm.Linear()
        >>> kernel(np.zeros((3, 2)), np.ones((4, 2))).shape
        TensorShape([3, 4])
        >>> kernel == tm.Gaussian(2.0) + 0.5 * tm.Linear()  # kernels are values
        True

    Sums, products and multiples of kernels are kernels: `a + b`, `a * b`,
    `0.1 * a`, `a / 2`, `sum([a, b])`. Constructors raise ValueError for
    parameters out of range, and every method for features that are no matrix
    or that differ in width.

    A subclass is a frozen dataclass with one or two methods. `_matrix(x, y)`
    is the kernel matrix [..., n, m] of x [..., n, d] and y [..., m, d], which
    are checked and of one type, float32 or float64; it keeps leading axes.
    `_derivatives(x)` is the gradient [n, d] and the mixed Hessian [n, d, d] at
    the rows of x [n, d]. A kernel that has a `derivative_constant` needs none,
    nor does one without derivatives, whose `gradient` then raises ValueError.
    """

    @property
    def derivative_constant(self) -> float | None:
        """The c of a kernel whose mixed Hessian is c times the identity.

        It is so at all points, and the gradient d/du k(u, v) at u = v is 0
        there; None for other kernels.
        """
        return None

    def __call__(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Kernel matrix k(x_i, y_j) of x [n, d] and y [m, d]: [n, m]."""
        x, y = as_matrices(x, y)
        _check_symmetric(self, x.shape[1])
        return _of_shape(self, self._matrix(x, y), (x.shape[0], y.shape[0]))

    def diagonal(self, x: tf.Tensor) -> tf.Tensor:
        """Values k(x_i, x_i) for x [n, d]: [n], without the matrix."""
        (x,) = as_matrices(x)
        return self.of_pairs(x, x)

    def of_pairs(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """Values k(x, y) of vectors [..., d], pair by pair: [...].

        Raises:
          ValueError: for what holds no real numbers, or nothing, and for a
            kernel of the user's whose `_matrix` does not keep leading axes.
        """
        x, y = in_one_type([as_tensor(vectors) for vectors in (x, y)])
        _check_symmetric(self, x.shape[-1])
        _check_leading_axes(self, x.shape[-1])
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
        if not isinstance(other, Kernel):
            return NotImplemented
        return Sum((self, other), (1.0, 1.0))

    def __radd__(self, other: object) -> "Kernel":
        # `sum` begins with the number 0.
        return self if isinstance(other, int) and not other else NotImplemented

    def __mul__(self, other: "Kernel | float") -> "Kernel":
        if isinstance(other, Kernel):
            return Product(self, other)
        weight = _number(other)
        return NotImplemented if weight is None else Sum((self,), (weight,))

    __rmul__ = __mul__

    def __truediv__(self, other: float) -> "Kernel":
        weight = _number(other)
        return NotImplemented if weight is None else self * (1.0 / weight)


def _number(value: Any) -> float | None:
    """A number, a NumPy or a TensorFlow scalar as float; None for the rest."""
    if isinstance(value, numbers.Real) or getattr(value, "shape", None) == ():
        return float(value)
    return None


def check_kernels(*kernels: object) -> None:
    """Raises ValueError for what is no kernel."""
    for kernel in kernels:
        if not isinstance(kernel, Kernel):
            raise ValueError(f"{kernel!r} is no kernel; need kernels.")


@dataclasses.dataclass(frozen=True)
class Sum(Kernel):
    """k(u, v) = sum_i weights_i kernels_i(u, v); `a + 0.1 * b` makes it.

    For example:

        >>> tm.Gaussian() + 0.1 * tm.Linear()
        Gaussian(sigmas=(1.0,)) + 0.1 * Linear()
        >>> both = tm.Sum((tm.Gaussian(), tm.Linear()), (2.0, 3.0))
        >>> both.diagonal([[1.0]]).numpy()
        array([5.], dtype=float32)
    """

    kernels: tuple[Kernel, ...]
    weights: tuple[float, ...]

    def __post_init__(self):
        kernels = tuple(self.kernels)
        weights = tuple(float(weight) for weight in self.weights)
        check_kernels(*kernels)
        if not all(0.0 <= weight < math.inf for weight in weights):
            raise ValueError(f"weights={weights}, need numbers >= 0.")
        if len(kernels) != len(weights) or not kernels:
            raise ValueError(
                f"{len(kernels)} kernels and {len(weights)} weights: need as "
                "many of both, and at least one."
            )
        object.__setattr__(self, "kernels", kernels)
        object.__setattr__(self, "weights", weights)

    def __repr__(self):
        # What operators have made is written with them.
        if self.weights == (1.0, 1.0):
            left, right = self.kernels
            return f"{left!r} + {_operand(right, _is_sum(right))}"
        if len(self.kernels) == 1:
            (inner,), (weight,) = self.kernels, self.weights
            compound = isinstance(inner, Sum | Product)
            return f"{weight} * {_operand(inner, compound)}"
        return f"Sum(kernels={self.kernels}, weights={self.weights})"

    @property
    def derivative_constant(self) -> float | None:
        """Weighted sum of the kernels' constants, if all have one."""
        constants = [kernel.derivative_constant for kernel in self.kernels]
        return None if None in constants else self._weigh(constants)

    def _weigh(self, parts: Iterable[Any]) -> Any:
        return sum(w * p for w, p in zip(self.weights, parts, strict=True))

    def _matrix(self, x, y):
        return self._weigh(kernel._matrix(x, y) for kernel in self.kernels)

    def _derivatives(self, x):
        pairs = [kernel._derivatives(x) for kernel in self.kernels]
        return tuple(map(self._weigh, zip(*pairs, strict=True)))


@dataclasses.dataclass(frozen=True)
class Product(Kernel):
    """k(u, v) = left(u, v) right(u, v); `left * right` makes it.

    For example:

        >>> linear, rbf = tm.Linear(), tm.Gaussian()
        >>> linear * rbf == tm.Product(linear, rbf)
        True
    """

    left: Kernel
    right: Kernel

    def __post_init__(self):
        check_kernels(self.left, self.right)

    def __repr__(self):
        left = _operand(self.left, _is_sum(self.left))
        compound = isinstance(self.right, Sum | Product)
        return f"{left} * {_operand(self.right, compound)}"

    def _matrix(self, x, y):
        return self.left._matrix(x, y) * self.right._matrix(x, y)

    def _derivatives(self, x):
        (g1, h1), k1 = self.left._derivatives(x), self.left.diagonal(x)
        (g2, h2), k2 = self.right._derivatives(x), self.right.diagonal(x)
        crossed = g1[:, :, None] * g2[:, None, :]
        crossed += tf.linalg.matrix_transpose(crossed)
        hessian = h1 * k2[:, None, None] + k1[:, None, None] * h2 + crossed
        return g1 * k2[:, None] + k1[:, None] * g2, hessian


def _is_sum(kernel: Kernel) -> bool:
    return isinstance(kernel, Sum) and len(kernel.kernels) > 1


def _operand(kernel: Kernel, compound: bool) -> str:
    return f"({kernel!r})" if compound else repr(kernel)


def _of_shape(kernel: Kernel, found: Any, shape: tuple[Any, ...]) -> tf.Tensor:
    """What a `_matrix` has made, if it is a matrix of some shape."""
    made = tf.is_tensor(found)
    if not made or not found.shape.is_compatible_with(shape):
        what = found.shape if made else f"a {type(found).__name__}"
        raise ValueError(
            f"{kernel}: its _matrix made {what}, and must make a tensor "
            f"{list(shape)} of [n, d] and [m, d]."
        )
    return found


# Classes that have been tried: those whose `_matrix` keeps leading axes, and
# those that are symmetric.
_KEEP_AXES: set[type] = set()
_SYMMETRIC: set[type] = set()


def _check_leading_axes(kernel: Kernel, width: int | None) -> None:
    """Refuses a kernel whose values for pairs are not those of its matrix."""
    kinds = _kinds_outside(_ROOM, kernel)
    if width is None or kinds <= _KEEP_AXES:
        return
    with tf.init_scope():
        x = _three_points(width)
        values = tf.linalg.diag_part(kernel._matrix(x, x))
        try:
            pairs = kernel._matrix(x[:, None], x[:, None])
            keeps = pairs.shape == [3, 1, 1] and bool(
                tf.reduce_all(tf.abs(pairs[:, 0, 0] - values) < 1e-4)
            )
        except (tf.errors.OpError, ValueError):
            keeps = False
    if not keeps:
        raise ValueError(
            f"{kernel}: of [n, 1, d] its _matrix must make [n, 1, 1]; name "
            "axes from the end, as in axis=-1 and transpose_b=True."
        )
    _KEEP_AXES.update(kinds)


def _check_symmetric(kernel: Kernel, width: int | None) -> None:
    """Refuses a kernel with another k(u, v) than k(v, u)."""
    kinds = _kinds_outside(_PACKAGE, kernel)
    if width is None or kinds <= _SYMMETRIC:
        return
    with tf.init_scope():
        x = _three_points(width)
        try:
            found = np.asarray(kernel._matrix(x, x))
        except Exception:  # whatever it is, its own rows tell it too
            return
    error = 1e-3 * np.abs(found).max(initial=0.0)
    if found.shape == (3, 3) and (np.abs(found - found.T) > error).any():
        raise ValueError(
            f"{kernel} is not symmetric: k(u, v) must be k(v, u), the value of "
            "row i of x and row j of y that of row j of x and row i of y."
        )
    _SYMMETRIC.update(kinds)


def _three_points(width: int) -> tf.Tensor:
    numbers = tf.sin(tf.range(1.0, 3.0 * width + 1.0))
    return tf.reshape(numbers, [3, width])


def _kinds_outside(package: str, kernel: Kernel) -> set[type]:
    """Classes of `_kinds` whose modules do not begin with a name."""
    return {k for k in _kinds(kernel) if not k.__module__.startswith(package)}


def _kinds(kernel: Kernel) -> Iterator[type]:
    """Classes of a kernel and of those that it is made of."""
    yield type(kernel)
    for value in vars(kernel).values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Kernel):
                yield from _kinds(part)
