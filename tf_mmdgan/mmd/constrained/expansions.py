"""Functions that are sums of a kernel and its derivatives.

A *jet* is a value and a gradient of a function beside each other, [..., 1 + p].
"""

import dataclasses

import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.kernels import Kernel


@dataclasses.dataclass(frozen=True)
class Expansion:
    """f(t) = sum_j a_j k(c_j, t) + <b_j, d/du k(u, t) at u = c_j>.

    Attributes:
      centres: c, [n, p].
      coefficients: a, then b, [n, 1 + p].
    """

    centres: tf.Tensor
    coefficients: tf.Tensor

    def values(self, kernel: Kernel, points: tf.Tensor) -> tf.Tensor:
        """Values f(t) at points [m, p]: [m]."""
        weights, directions = self.coefficients[:, 0], self.coefficients[:, 1:]
        # The wanted derivatives along b, one for each pair, are linear in the
        # weights of a sum over pairs: two backward passes give all of them.
        with tf.GradientTape() as by_pairs:
            shape = tf.shape(points)[0], tf.shape(self.centres)[0]
            pairs = tf.ones(shape, points.dtype)
            by_pairs.watch(pairs)
            with tf.GradientTape() as by_centres:
                # A copy: points may be the very same tensor.
                centres = tf.identity(self.centres)
                by_centres.watch(centres)
                gram = kernel(points, centres)
                total = tf.reduce_sum(pairs * gram)
            slopes = by_centres.gradient(total, centres)
            along = tf.reduce_sum(directions * slopes)
        slopes = by_pairs.gradient(along, pairs)
        return tf.linalg.matvec(gram, weights) + tf.reduce_sum(slopes, axis=1)

    def jets(self, kernel: Kernel, points: tf.Tensor) -> tf.Tensor:
        """Values and gradients at points [m, p]: [m, 1 + p].

        In O(n m p); no matrix of derivatives is formed.
        """
        if isinstance(kernel, kernels.Sum):
            parts = zip(kernel.weights, kernel.kernels, strict=True)
            return tf.add_n([w * self.jets(part, points) for w, part in parts])
        if isinstance(kernel, kernels.RadialMixture):
            return self._radial_jets(kernel, points)
        with tf.GradientTape() as tape:
            points = tf.identity(points)
            tape.watch(points)
            values = self.values(kernel, points)
        gradients = tape.gradient(values, points)
        return tf.concat([values[:, None], gradients], axis=1)

    def _radial_jets(
        self, kernel: kernels.RadialMixture, points: tf.Tensor
    ) -> tf.Tensor:
        """`jets` for k = g(r^2), with a third of the operations.

        f(t) = sum_j a_j g + 2 g' q_j,  q_j = <b_j, c_j - t>
        grad f(t) = -sum_j (2 g' a_j + 4 g'' q_j) (c_j - t) + 2 g' b_j
        """
        # Differences do not depend on the origin, but their rounding does.
        origin = tf.stop_gradient(tf.reduce_mean(points, axis=0))
        centres, points = self.centres - origin, points - origin
        weights, directions = self.coefficients[:, 0], self.coefficients[:, 1:]
        squares = kernels.squared_distances(points, centres)
        g, slope, curvature = _derivatives(kernel, squares)
        along = tf.reduce_sum(directions * centres, axis=1)
        along -= tf.matmul(points, directions, transpose_b=True)
        values = tf.linalg.matvec(g, weights)
        values += 2.0 * tf.reduce_sum(slope * along, axis=1)
        pulls = 2.0 * slope * weights + 4.0 * curvature * along
        gradients = tf.reduce_sum(pulls, axis=1)[:, None] * points
        gradients -= tf.matmul(pulls, centres)
        gradients -= 2.0 * tf.matmul(slope, directions)
        return tf.concat([values[:, None], gradients], axis=1)

    def __add__(self, other: "Expansion") -> "Expansion":
        return Expansion(
            tf.concat([self.centres, other.centres], axis=0),
            tf.concat([self.coefficients, other.coefficients], axis=0),
        )

    def __mul__(self, factor: float | tf.Tensor) -> "Expansion":
        return Expansion(self.centres, factor * self.coefficients)

    __rmul__ = __mul__


def _derivatives(
    kernel: kernels.RadialMixture, squares: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """g, g' and g'' of k = g(r^2) at squares r^2 [n, m]."""
    with tf.GradientTape() as second:
        second.watch(squares)
        with tf.GradientTape() as first:
            first.watch(squares)
            values = kernel.of_squares(squares)
        slope = first.gradient(values, squares)
    return values, slope, second.gradient(slope, squares)


def witness(real: tf.Tensor, fake: tf.Tensor) -> Expansion:
    """eta(t) = mean_j k(x_j, t) - mean_j k(y_j, t), real [n, p], fake [m, p].

    Gretton et al. 2012, section 2.3.
    """
    return _mean(real) + -1.0 * _mean(fake)


def _mean(centres: tf.Tensor) -> Expansion:
    weights = uniform_weights(centres)[:, None]
    directions = tf.zeros_like(centres)
    return Expansion(centres, tf.concat([weights, directions], axis=1))


def uniform_weights(points: tf.Tensor) -> tf.Tensor:
    """1 / M for each of M points: [M]."""
    ones = tf.ones_like(points[:, 0])
    return ones / tf.reduce_sum(ones)


def derivative_grams(kernel: Kernel, points: tf.Tensor) -> tf.Tensor:
    """Kernel and its derivatives at all pairs of points: [m, 1+p, m, 1+p].

    For points z [m, p], entry (i, a, j, b) is the derivative of k(u, v) with
    respect to u_a and v_b at u = z_i, v = z_j, where the index 0 stands for no
    derivative: [[K, G^T], [G, H]].
    """
    m, p = tf.shape(points)[0], points.shape[1]
    # A layer for each row of the result's blocks.
    shape = [1 + p, m, m, p]
    left = tf.broadcast_to(points[:, None, :], shape)
    right = tf.broadcast_to(points[None, :, :], shape)
    rows = tf.eye(1 + p, dtype=points.dtype)[:, None, None, :]
    with tf.GradientTape() as by_right:
        by_right.watch(right)
        with tf.GradientTape() as by_left:
            by_left.watch(left)
            values = kernel.of_pairs(left, right)
        slopes = by_left.gradient(values, left)
        jets = tf.concat([values[..., None], slopes], axis=-1)
        values = tf.reduce_sum(rows * jets, axis=-1)
    slopes = by_right.gradient(values, right)
    jets = tf.concat([values[..., None], slopes], axis=-1)
    return tf.transpose(jets, [1, 0, 2, 3])
