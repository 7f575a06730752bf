"""Penalties on a critic: how steep and how large it may become."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tf_mmdgan.kernels import Kernel


def interpolate(
    real: tf.Tensor, fake: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
    """Points between paired images: (1 - weights) * real + weights * fake.

    Args:
      real: [b, h, w, c].
      fake: [b, h, w, c].
      weights: [b], in [0, 1].

    Gulrajani et al. 2017, algorithm 1.
    """
    weights = tf.reshape(weights, [-1] + [1] * (real.shape.rank - 1))
    weights = tf.cast(weights, real.dtype)
    return real + weights * (fake - real)


def witness(
    kernel: Kernel, points: tf.Tensor, real: tf.Tensor, fake: tf.Tensor
) -> tf.Tensor:
    """Witness function of the MMD at points [b, d]: [b].

    f(t) = mean_j k(t, x_j) - mean_j k(t, y_j), x real [n, d], y fake [m, d];
    not divided by its norm. Gretton et al. 2012, section 2.3.
    """
    return tf.reduce_mean(kernel(points, real), axis=1) - tf.reduce_mean(
        kernel(points, fake), axis=1
    )


def gradient_norms(
    function: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor
) -> tf.Tensor:
    """L2 norm of the gradient of `function` at each image: [b].

    Args:
      function: images [b, ...] -> [b]; value i depends on image i alone.
      images: [b, ...]; the norm runs over all axes but the first.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        values = function(images)
    gradients = tf.cast(tape.gradient(values, images), values.dtype)
    axes = list(range(1, images.shape.rank))
    squares = tf.reduce_sum(tf.square(gradients), axis=axes)
    # sqrt'(0) is infinite: a critic that is flat somewhere would give NaN.
    return tf.sqrt(squares + 1e-12)


def two_sided(norms: tf.Tensor, target: float = 1.0) -> tf.Tensor:
    """mean((norms - target)^2), a scalar. Gulrajani et al. 2017, eq. 3."""
    return tf.reduce_mean(tf.square(norms - target))


def feature_l2(activations: Sequence[tf.Tensor]) -> tf.Tensor:
    """Sum over layers of the mean squared activation, a scalar.

    Args:
      activations: [b, ...] each; mean over examples and all units.

    Binkowski et al. 2018, appendix on the L2 penalty.
    """
    # The mean of many squares overflows half precision.
    wide = [
        a if a.dtype.size >= 4 else tf.cast(a, tf.float32) for a in activations
    ]
    return tf.add_n([tf.reduce_mean(tf.square(a)) for a in wide])
