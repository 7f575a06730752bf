"""Estimates of the squared maximum mean discrepancy and their variance.

    grams = gram_matrices(kernel, real, fake)
    loss = mmd2_unbiased(grams)

Everything is differentiable. The MMD keeps the type of the kernel matrices;
the sums behind the variances, which cancel, are float64 inside.
"""

from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors, kernels, switches
from tf_mmdgan.kernels import Kernel


class Grams(NamedTuple):
    """Kernel matrices of real x [n, d] and fake y [m, d].

    For several kernels at once they have a leading axis, [k, n, n] and so on.

        >>> grams = tm.gram_matrices(tm.Linear(), [[0.0], [2.0]], [[3.0]])
        >>> grams.xy.numpy()
        array([[0.],
               [6.]], dtype=float32)
    """

    xx: tf.Tensor  # [n, n]
    xy: tf.Tensor  # [n, m]
    yy: tf.Tensor  # [m, m]


def gram_matrices(
    kernel: kernels.Kernel | str, x: tf.Tensor, y: tf.Tensor
) -> Grams:
    """All three kernel matrices of real x [n, d] and fake y [m, d].

        >>> x, y = np.zeros((3, 2)), np.ones((4, 2))
        >>> grams = tm.gram_matrices(tm.Gaussian(), x, y)
        >>> [gram.shape.as_list() for gram in grams]
        [[3, 3], [3, 4], [4, 4]]

    Args:
      kernel: the kernel, or its name.
      x: real features [n, d].
      y: fake features [m, d].

    Raises:
      ValueError: if x or y is not a matrix, if the widths differ, and for what
        is no kernel.
    """
    if isinstance(kernel, str | type):
        kernel = kernels.KERNEL_FAMILY.get(kernel)
    x, y = kernels.as_matrices(x, y)
    return Grams(kernel(x, x), kernel(x, y), kernel(y, y))


def mmd2_biased(grams: Grams) -> tf.Tensor:
    """Biased estimate of MMD**2 (the V-statistic): a scalar >= 0, or [k].

    mean k(x_i, x_j) + mean k(y_i, y_j) - 2 mean k(x_i, y_j)

    Gretton et al. 2012, "A kernel two-sample test", eq. 5,
    https://jmlr.org/papers/v13/gretton12a.html

        >>> x, y = [[0.0], [2.0]], [[3.0], [5.0]]
        >>> float(tm.mmd2_biased(tm.gram_matrices(tm.Linear(), x, y)))
        9.0

    Raises:
      ValueError: for no example of either kind; see `size`.
    """
    errors.check_type("grams", grams, Grams)
    grams = Grams(*map(not_empty, grams))
    xx, xy, yy = (tf.reduce_mean(gram, axis=[-2, -1]) for gram in grams)
    return xx + yy - 2.0 * xy


def mmd2_unbiased(grams: Grams) -> tf.Tensor:
    """Unbiased estimate of MMD**2, a scalar; may be negative.

    mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean k(x_i, y_j)

    The diagonals left out are the true ones, also for kernels whose diagonal
    is not constant. Gretton et al. 2012, eq. 3.

        >>> x, y = [[0.0], [2.0]], [[3.0], [5.0]]
        >>> float(tm.mmd2_unbiased(tm.gram_matrices(tm.Linear(), x, y)))
        7.0

    Raises:
      ValueError: for fewer than 2 examples of either kind; see `size`.
    """
    errors.check_type("grams", grams, Grams)
    within = mean_off_diagonal(grams.xx) + mean_off_diagonal(grams.yy)
    return within - 2.0 * tf.reduce_mean(grams.xy)


def mmd2_ustatistic(grams: Grams) -> tf.Tensor:
    """U-statistic estimate of MMD**2, a scalar; may be negative.

    mean_{i != j} [k(x_i, x_j) + k(y_i, y_j) - k(x_i, y_j) - k(x_j, y_i)]

    Like `mmd2_unbiased`, but without the pairs (x_i, y_i) of one row. Gretton
    et al. 2012, eq. 4.

        >>> x, y = [[0.0], [2.0]], [[3.0], [5.0]]
        >>> float(tm.mmd2_ustatistic(tm.gram_matrices(tm.Linear(), x, y)))
        9.0

    Raises:
      ValueError: for unequal n and m, or fewer than 2 examples; see `size`.
    """
    errors.check_type("grams", grams, Grams)
    n, m = grams.xy.shape
    if n is not None and m is not None and n != m:
        raise ValueError(f"The U-statistic needs n = m, not {n} and {m}.")
    xx, xy, yy = grams
    if n is None or m is None:
        n, m = tf.unstack(tf.shape(xy))
        equal = tf.debugging.assert_equal(n, m, "The U-statistic needs n = m.")
        xx = _after(equal, xx)
    return mean_off_diagonal(xx + yy - 2.0 * xy)


def mmd2_weighted(
    grams: Grams,
    x_weights: tf.Tensor,
    y_weights: tf.Tensor,
    biased: bool = True,
) -> tf.Tensor:
    """MMD**2 of weighted samples, a scalar.

    sum_ij u_i u_j k(x_i, x_j) + sum_ij v_i v_j k(y_i, y_j)
    - 2 sum_ij u_i v_j k(x_i, y_j),  u and v the weights over their sums

    This is `mmd2_biased` of samples that hold each row as often as its weight
    says. Without bias the first two sums are over i != j, and are divided by
    sum_{i != j} u_i u_j and sum_{i != j} v_i v_j: `mmd2_unbiased` where weights
    are equal.

        >>> x, y = [[0.0], [2.0]], [[3.0], [5.0]]
        >>> grams = tm.gram_matrices(tm.Linear(), x, y)
        >>> float(tm.mmd2_weighted(grams, [0.0, 1.0], [2.0, 0.0]))
        1.0

    Args:
      grams: of x [n, d] and y [m, d].
      x_weights: [n], >= 0. Means over rows that all have the weight 0 are
        taken to be 0, without bias also those over one row that has not.
      y_weights: [m], the same.
      biased: whether pairs i = i count.

    Raises:
      ValueError: for more or fewer weights than rows.
    """
    errors.check_type("grams", grams, Grams)
    switches.check(biased=biased)
    u, v = (
        tf.math.divide_no_nan(
            tf.cast(w, grams.xy.dtype),
            tf.cast(tf.reduce_sum(w), grams.xy.dtype),
        )
        for w in (x_weights, y_weights)
    )
    if not tf.TensorShape([*u.shape, *v.shape]).is_compatible_with(
        grams.xy.shape
    ):
        raise ValueError(
            f"Weights are {u.shape} and {v.shape}, of {grams.xy.shape[0]} and "
            f"{grams.xy.shape[1]} rows: need one for each row."
        )
    within = _weighted(grams.xx, u, biased) + _weighted(grams.yy, v, biased)
    return within - 2.0 * tf.tensordot(u, tf.linalg.matvec(grams.xy, v), 1)


def _weighted(gram: tf.Tensor, shares: tf.Tensor, biased: bool) -> tf.Tensor:
    """sum_ij s_i s_j K_ij of shares [n] whose sum is 1."""
    if biased:
        return tf.tensordot(shares, tf.linalg.matvec(gram, shares), 1)
    others = tf.linalg.matvec(without_diagonal(gram), shares)
    pairs = 1.0 - tf.reduce_sum(tf.square(shares))
    return tf.math.divide_no_nan(tf.tensordot(shares, others, 1), pairs)


def without_diagonal(gram: tf.Tensor) -> tf.Tensor:
    """A kernel matrix [n, n] with zeros on its diagonal."""
    # Better than to subtract the trace from the sum: where the diagonal is
    # large (polynomial kernels) that cancels.
    return tf.linalg.set_diag(gram, tf.zeros(tf.shape(gram)[:1], gram.dtype))


def mean_off_diagonal(gram: tf.Tensor) -> tf.Tensor:
    """Mean of a square matrix without its diagonal, a scalar."""
    n = tf.cast(size(gram, 2), gram.dtype)
    return tf.reduce_sum(without_diagonal(gram)) / (n * (n - 1.0))


def size(examples: tf.Tensor, least: int, axis: int = 0) -> tf.Tensor:
    """Length of an axis, by default the first one, as a float64 scalar.

    Raises:
      ValueError: for a length below `least`. Where a graph does not know the
        length, running it raises tf.errors.InvalidArgumentError with the same
        words; XLA leaves that check out.
    """
    static, count = examples.shape[axis], tf.shape(examples)[axis]
    if static is None:
        words = f"Need at least {least} examples."
        count = _after(
            tf.debugging.assert_greater_equal(count, least, words), count
        )
    elif static < least:
        raise ValueError(f"Need at least {least} examples, not {static}.")
    return tf.cast(count, tf.float64)


def not_empty(gram: tf.Tensor) -> tf.Tensor:
    """The matrices [..., n, m], of which none is without rows or columns.

    Raises:
      ValueError: for such ones; see `size`.
    """
    if gram.shape.rank is not None and 0 in gram.shape:
        raise ValueError(f"Need at least 1 example, not {gram.shape}.")
    if gram.shape.is_fully_defined():
        return gram
    words = "Need at least 1 example."
    return _after(tf.debugging.assert_positive(tf.size(gram), words), gram)


def _after(check: tf.Operation | None, tensor: tf.Tensor) -> tf.Tensor:
    """The tensor, there once a check has been made."""
    # Eagerly a check is made at once, and is None.
    with tf.control_dependencies([] if check is None else [check]):
        return tf.identity(tensor)


def leave_one_out_margins(grams: Grams) -> tf.Tensor:
    """By how much each real point is nearer to the others than to fake ones.

    m_i = w_i - (mean_j w_j + mean_j v_j) / 2

    w and v are the witness at real and at fake points, without the kernel of a
    point and itself, which would add k(x, x) / n. With phi the kernel's
    features and P, Q the empirical laws, 2 m_i is |phi(x_i) - E_Q phi|^2 -
    |phi(x_i) - E_P phi|^2 up to that: m_i > 0 where x_i is told right.

        >>> x, y = [[0.0], [1.0]], [[2.0], [4.0]]
        >>> grams = tm.gram_matrices(tm.Linear(), x, y)
        >>> leave_one_out_margins(grams).numpy()
        array([4., 1.], dtype=float32)

    Args:
      grams: of n >= 2 real and m >= 2 fake points.

    Returns:
      [n].
    """
    others = tf.cast(size(grams.xx, 2), grams.xx.dtype) - 1.0
    within = tf.reduce_sum(without_diagonal(grams.xx), axis=1) / others
    real = within - tf.reduce_mean(grams.xy, axis=1)
    fake = tf.reduce_mean(grams.xy) - mean_off_diagonal(grams.yy)
    return real - 0.5 * (tf.reduce_mean(real) + fake)


def witness(
    kernel: Kernel, points: tf.Tensor, real: tf.Tensor, fake: tf.Tensor
) -> tf.Tensor:
    """Witness function of the MMD at points [b, d]: [b].

    f(t) = mean_j k(t, x_j) - mean_j k(t, y_j), x real [n, d], y fake [m, d];
    not divided by its norm. Gretton et al. 2012, section 2.3.

    Raises:
      ValueError: for no row of `real` or of `fake`; see `size`.
    """
    for sample in (real, fake):
        size(sample, 1)
    return tf.reduce_mean(kernel(points, real), axis=1) - tf.reduce_mean(
        kernel(points, fake), axis=1
    )
