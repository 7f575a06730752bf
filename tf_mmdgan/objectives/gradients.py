"""Slopes of a critic at images, and images between two others.

A slope is a change per unit of pixels in [0, 1], as in the papers. Our images
are in [-1, 1], where the same change takes a step twice as long; all functions
here that take a gradient multiply it by that 2. Points that are no images,
arrays of another rank than 4, are taken as they are.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.kernels.roots import rounded_root


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


def pixel_unit(images: tf.Tensor) -> float:
    """How far apart 0 and 1 of the papers' pixels are in `images`.

    2 for images [b, h, w, c] in [-1, 1]; 1 for points of another rank.
    """
    return 2.0 if images.shape.rank == 4 else 1.0


def gradient_squares(
    function: Callable[[tf.Tensor], tf.Tensor],
    images: tf.Tensor,
) -> tf.Tensor:
    """Squared L2 norm of the gradient of `function` at each image: [b].

    Args:
      function: images [b, ...] -> [b]; value i depends on image i alone.
      images: [b, ...].
    """
    squares = _squares_by_our_pixels(function, images, None)
    return pixel_unit(images) ** 2 * squares


def gradient_norms(
    function: Callable[[tf.Tensor], tf.Tensor],
    images: tf.Tensor,
    axes: Sequence[int] | None = None,
    epsilon: float = 1e-12,
) -> tf.Tensor:
    """L2 norm of the gradient of `function` at each image: [b].

    Args:
      function: see `gradient_squares`.
      images: see there.
      axes: over which squares are summed; by default all but the first. With
        fewer, one number for each place along the other axes is left.
      epsilon: added under the root, to squared gradients with respect to pixels
        in [-1, 1]; with respect to pixels in [0, 1] they are four times that.
    """
    squares = _squares_by_our_pixels(function, images, axes)
    # A critic that is flat somewhere would give NaN without the epsilon.
    return pixel_unit(images) * rounded_root(squares, epsilon)


def _squares_by_our_pixels(
    function: Callable[[tf.Tensor], tf.Tensor],
    images: tf.Tensor,
    axes: Sequence[int] | None,
) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(images)
        values = tf.convert_to_tensor(function(images))
    if values.shape.rank not in (1, None):
        raise errors.UsageError(
            f"A function whose slope is taken makes {values.shape} of images, "
            "not one number for each: does witness return [b]?"
        )
    slopes = tape.gradient(values, images)
    if slopes is None:
        raise errors.UsageError(
            "A function whose slope is taken does not depend on the images: "
            "does witness use the features that it is given?"
        )
    gradients = tf.cast(slopes, values.dtype)
    if axes is None:
        axes = range(1, images.shape.rank)
    return tf.reduce_sum(tf.square(gradients), axis=list(axes))


def jacobian_products(
    function: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Features and J J^T of their Jacobian J at each image.

    One backward pass for each feature.

    Args:
      function: images [b, ...] -> features [b, d]; features of an image depend
        on that image alone.
      images: [b, ...].

    Returns:
      Features [b, d], and J J^T [b, d, d], whose trace is ||J||_F^2.
    """
    features, tape = _watched(function, images)
    rows = []
    for index in range(features.shape[1]):
        seed = tf.one_hot(index, features.shape[1], dtype=features.dtype)
        seeds = tf.broadcast_to(seed, tf.shape(features))
        row = tape.gradient(features, images, output_gradients=seeds)
        rows.append(tf.reshape(row, [tf.shape(images)[0], -1]))
    jacobian = tf.cast(tf.stack(rows, axis=1), features.dtype)
    products = tf.matmul(jacobian, jacobian, transpose_b=True)
    return features, pixel_unit(images) ** 2 * products


def estimated_jacobian_squares(
    function: Callable[[tf.Tensor], tf.Tensor],
    images: tf.Tensor,
    signs: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Features and an unbiased estimate of ||J||_F^2, in one backward pass.

    ||J||_F^2 = E ||J^T s||^2 over independent signs s. Hutchinson 1990, "A
    stochastic estimator of the trace of the influence matrix".

    Args:
      function: see `jacobian_products`.
      images: see there.
      signs: s, [b, d], +1 or -1.

    Returns:
      Features [b, d] and the estimates [b].
    """
    features, tape = _watched(function, images)
    signs = tf.cast(signs, features.dtype)
    products = tape.gradient(features, images, output_gradients=signs)
    products = tf.cast(products, features.dtype)
    axes = list(range(1, images.shape.rank))
    squares = tf.reduce_sum(tf.square(products), axis=axes)
    return features, pixel_unit(images) ** 2 * squares


def _watched(
    function: Callable[[tf.Tensor], tf.Tensor], images: tf.Tensor
) -> tuple[tf.Tensor, tf.GradientTape]:
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        features = function(images)
    return features, tape
