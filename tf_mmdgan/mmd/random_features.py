"""The MMD by characteristic functions at random frequencies: no matrix.

A kernel of u - v with k(u, u) = 1 is the mean of cos <t, u - v> over
frequencies t of a law of its own, and its MMD^2 is the mean squared difference
of empirical characteristic functions at these. Bochner's theorem; Rahimi and
Recht 2007, "Random features for large-scale kernel machines"; Ansari, Scarlett
and Soh 2020, "A characteristic function approach to deep implicit generative
modeling", https://arxiv.org/abs/1909.07425.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from tf_mmdgan import errors, switches
from tf_mmdgan.kernels import (
    KERNEL_FAMILY,
    Gaussian,
    Kernel,
    Laplace,
    LaplaceL1,
    Matern,
    RationalQuadratic,
    as_matrices,
)
from tf_mmdgan.mmd.estimators import not_empty, size

# In place of the exact zeros that TensorFlow draws, one in 2^24 numbers: about
# the smallest of the others.
_SMALLEST_NORMAL = 1e-7
# Two integers of a stateless random number.
Seed: TypeAlias = "tf.Tensor | Sequence[int]"


def random_frequencies(
    kernel: Kernel | str, seed: Seed, count: int, width: int
) -> tuple[tf.Tensor, float]:
    """Frequencies of the law that belongs to a kernel, and its value at u = v.

        >>> drawn, total = tm.random_frequencies(tm.Gaussian(), (0, 1), 16, 3)
        >>> drawn.shape, total
        (TensorShape([16, 3]), 1.0)

    Args:
      kernel: one that `check_kernel` takes, or its name. Of a mixture of s
        kernels each has every s-th frequency.
      seed: two integers.
      count: how many.
      width: of the features.

    Returns:
      [count, width], float32, and k(u, u).

    Raises:
      UsageError: as `check_kernel`, and for numbers below 1.
    """
    errors.check_count(1, count=count, width=width)
    kernel = KERNEL_FAMILY.get(kernel)
    check_kernel(kernel)
    normal_seed, mixing_seed = tf.unstack(tf.random.split(seed, 2))
    normal = tf.random.stateless_normal(
        [count, width], normal_seed, alg="philox"
    )
    return _LAWS[type(kernel)](kernel, normal, mixing_seed)


def check_kernel(kernel: Kernel) -> None:
    """Refuses kernels whose frequencies have no law that is known here.

    Raises:
      UsageError: naming the kernel, and those that are known.
    """
    if type(kernel) not in _LAWS:
        raise errors.UsageError(
            f"No random frequencies of {kernel} are known: take rbf, rq, "
            "laplace, matern or laplace_l1.",
            setting="kernel",
        )


def characteristic_mmd2(
    x: tf.Tensor, y: tf.Tensor, frequencies: tf.Tensor, unbiased: bool = True
) -> tf.Tensor:
    """Mean over frequencies t of |phi_x(t) - phi_y(t)|^2, a scalar.

    phi_x(t) = mean_j exp(i <t, x_j>). This is the biased estimate of MMD^2 for
    the kernel mean_t cos <t, u - v>. Unbiased,

    (n |phi_x|^2 - 1) / (n - 1) + (m |phi_y|^2 - 1) / (m - 1)
    - 2 Re phi_x conj(phi_y)

    in which pairs x_j, x_j do not count; it may be negative.

        >>> x, y = tf.zeros([4, 1]), tf.fill([4, 1], np.pi)
        >>> float(tm.characteristic_mmd2(x, y, tf.ones([1, 1]), unbiased=False))
        4.0

    Args:
      x: [n, d].
      y: [m, d].
      frequencies: [k, d].
      unbiased: whether pairs of a point with itself are left out.

    Raises:
      ValueError: for features that are no matrices of one width, and for
        fewer than 2 rows without bias.
    """
    switches.check(unbiased=unbiased)
    x, y, frequencies = as_matrices(x, y, frequencies)
    left, right = (
        _characteristic(x, frequencies),
        _characteristic(y, frequencies),
    )
    cross = tf.reduce_sum(left * right, axis=0)
    return tf.reduce_mean(
        _squares(x, left, unbiased) + _squares(y, right, unbiased) - 2.0 * cross
    )


def characteristic_witness(
    points: tf.Tensor, x: tf.Tensor, y: tf.Tensor, frequencies: tf.Tensor
) -> tf.Tensor:
    """`mmd.witness` for the kernel mean_t cos <t, u - v>: [b].

    mean_t Re (phi_x(t) - phi_y(t)) exp(-i <t, p>), at points p [b, d]

    Args:
      points: [b, d].
      x: [n, d].
      y: [m, d].
      frequencies: [k, d].
    """
    points, x, y, frequencies = as_matrices(points, x, y, frequencies)
    gap = _characteristic(x, frequencies) - _characteristic(y, frequencies)
    angles = tf.matmul(points, frequencies, transpose_b=True)
    waves = gap[0] * tf.cos(angles) + gap[1] * tf.sin(angles)
    return tf.reduce_mean(waves, axis=1)


def _characteristic(x: tf.Tensor, frequencies: tf.Tensor) -> tf.Tensor:
    """Real and imaginary parts of phi: [2, k]."""
    angles = tf.matmul(not_empty(x), frequencies, transpose_b=True)
    parts = tf.stack([tf.cos(angles), tf.sin(angles)])
    return tf.reduce_mean(parts, axis=1)


def _squares(x: tf.Tensor, phi: tf.Tensor, unbiased: bool) -> tf.Tensor:
    squares = tf.reduce_sum(tf.square(phi), axis=0)
    if not unbiased:
        return squares
    n = tf.cast(size(x, 2), x.dtype)
    return (n * squares - 1.0) / (n - 1.0)


def _in_turn(values: Sequence[float], count: int) -> tf.Tensor:
    """One value for each of `count` rows, over and over: [count, 1]."""
    rounds = -(-count // len(values))
    return tf.constant((list(values) * rounds)[:count])[:, None]


def _gamma(seed: tf.Tensor, shapes: tf.Tensor) -> tf.Tensor:
    """Gamma numbers of mean 1, one for each shape parameter."""
    drawn = tf.random.stateless_gamma(tf.shape(shapes), seed, shapes)
    return drawn / shapes


def _of_gaussian(
    kernel: Gaussian, normal: tf.Tensor, seed: tf.Tensor
) -> tuple[tf.Tensor, float]:
    del seed
    sigmas = _in_turn(kernel.sigmas, normal.shape[0])
    return normal / sigmas, float(len(kernel.sigmas))


def _of_rational_quadratic(
    kernel: RationalQuadratic, normal: tf.Tensor, seed: tf.Tensor
) -> tuple[tf.Tensor, float]:
    # A mixture of Gaussian kernels whose 1 / sigma^2 has a gamma law.
    precisions = _gamma(seed, _in_turn(kernel.scales, normal.shape[0]))
    return normal * tf.sqrt(precisions), float(len(kernel.scales))


def _of_matern(
    kernel: Matern | Laplace, normal: tf.Tensor, seed: tf.Tensor
) -> tuple[tf.Tensor, float]:
    # Student's law with 2 smoothness degrees of freedom: Rasmussen and Williams
    # 2006, eq. 4.15.
    smoothness = getattr(kernel, "smoothness", 0.5)
    mixing = _gamma(seed, _in_turn([smoothness], normal.shape[0]))
    return normal / (kernel.scale * tf.sqrt(mixing)), 1.0


def _of_laplace_l1(
    kernel: LaplaceL1, normal: tf.Tensor, seed: tf.Tensor
) -> tuple[tf.Tensor, float]:
    # Cauchy's law in each coordinate: a ratio of two normal numbers.
    other = tf.random.stateless_normal(tf.shape(normal), seed, alg="philox")
    other = tf.where(other == 0.0, _SMALLEST_NORMAL, other)
    return normal / (kernel.scale * other), 1.0


# Of a kernel, normal numbers and a seed for others.
_LAWS: dict[type[Kernel], Callable[[Any, Any, Any], Any]] = {
    Gaussian: _of_gaussian,
    RationalQuadratic: _of_rational_quadratic,
    Matern: _of_matern,
    Laplace: _of_matern,
    LaplaceL1: _of_laplace_l1,
}
