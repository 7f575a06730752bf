"""The scale of the Scaled MMD.

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", https://arxiv.org/abs/1805.11565
"""

import tensorflow as tf

from tf_mmdgan.kernels import KERNEL_FAMILY, Kernel


def scaled_mmd_terms(
    kernel: Kernel | str, features: tf.Tensor, jacobian_squares: tf.Tensor
) -> tf.Tensor:
    """What each point of the measure mu adds to the scale's constraint: [n].

    k(h(x), h(x)) + sum_i d_i d_{i+d} k(h(x), h(x)),  i over pixels

        >>> features, squares = tf.ones([4, 2]), tf.fill([4], 9.0)  # ||J||^2
        >>> tm.scaled_mmd_terms(tm.Gaussian(), features, squares).numpy()
        array([10., 10., 10., 10.], dtype=float32)

    Args:
      kernel: on the features, or its name.
      features: h, [n, d], at points of the measure mu.
      jacobian_squares: [n] or [n, d, d], see `Kernel.derivative_trace`.

    Raises:
      ValueError: for a kernel that is not differentiable at u = v, and for one
        that needs J J^T, [n, d, d], where its trace is given.
    """
    kernel = KERNEL_FAMILY.get(kernel)
    trace = kernel.derivative_trace(features, jacobian_squares)
    return kernel.diagonal(features) + trace


def scaled_mmd_square(
    terms: tf.Tensor, offset: float | tf.Tensor = 1.0
) -> tf.Tensor:
    """sigma^2 of the Scaled MMD, a scalar: SMMD^2 = sigma^2 MMD^2.

    sigma^-2 = offset + E_mu[k(x, x) + sum_i d_i d_{i+d} k(x, x)]

    Arbel et al. 2018, section 3, where the offset is called lambda. Functions
    of RKHS norm at most sigma satisfy the constraint E_mu[f^2 + |grad f|^2] +
    lambda ||f||^2 <= 1 of the gradient-constrained MMD, so that the Scaled MMD
    is at most the gradient-constrained one.

        >>> float(tm.scaled_mmd_square(tf.constant([2.0, 4.0]), offset=1.0))
        0.25

    Args:
      terms: `scaled_mmd_terms`, [n].
      offset: lambda, > 0.
    """
    return 1.0 / (offset + tf.reduce_mean(terms))
