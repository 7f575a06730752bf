"""Square roots that gradients can pass through where the square is 0.

The slope of a square root at 0 is infinite, and 0 * infinity is NaN: one
example at distance 0 would make NaN of all weights. Each of these three says
what is changed to prevent that.
"""

import tensorflow as tf


def safe_root(squares: tf.Tensor) -> tf.Tensor:
    """sqrt(squares), whose gradient at 0 is taken to be 0; the value is exact.

    Below 0 the root is 0, with gradient 0.
    """
    # 0 * infinity is NaN even where tf.where drops it; so the root itself never
    # meets the zero.
    nonzero = ~(squares <= 0.0)  # NaN stays NaN
    return tf.where(nonzero, tf.sqrt(tf.where(nonzero, squares, 1.0)), 0.0)


def rounded_root(squares: tf.Tensor, epsilon: float) -> tf.Tensor:
    """sqrt(squares + epsilon) of squares >= 0: a root without the kink at 0.

    Too large by at most sqrt(epsilon).
    """
    return tf.sqrt(squares + epsilon)


def floored_root(squares: tf.Tensor, floor: float = 1e-12) -> tf.Tensor:
    """sqrt(max(squares, floor)), with gradient 0 where the floor holds.

    For estimates of squares, which may be negative.

    Raises:
      ValueError: for a floor that is not positive.
    """
    if floor <= 0.0:
        raise ValueError(f"floor={floor}, need a number > 0.")
    return tf.sqrt(tf.maximum(squares, floor))
