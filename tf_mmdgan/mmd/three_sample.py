"""The three-sample test: which of two sets is closer to a reference."""

import math
from typing import NamedTuple

import tensorflow as tf

from tf_mmdgan import errors, kernels, switches
from tf_mmdgan.mmd.estimators import size
from tf_mmdgan.mmd.variance import (
    CandidateSums,
    Variance,
    cross_pairs,
    dot,
    reduce_grams,
    side,
)


class ThreeSampleTest(NamedTuple):
    """Outcome of `three_sample_test`, scalars in float64."""

    difference: tf.Tensor  # MMD2(reference, new) - MMD2(reference, old)
    variance: tf.Tensor  # of the difference, not clipped
    statistic: tf.Tensor  # the difference in standard deviations
    p_value: tf.Tensor  # in [0, 1]; small: the new candidates are closer


def candidate_sums(
    kernel: kernels.Kernel | str, reference: tf.Tensor, candidate: tf.Tensor
) -> CandidateSums:
    """Sums over candidates [m, d] and a reference [n, d], for later tests.

    All of it is float64, whatever the type of the features: the tests take
    differences of these sums, in which what kernel values share cancels.

        >>> x, y = np.arange(6.0)[:, None], np.ones((6, 1))
        >>> sums = tm.candidate_sums(tm.Gaussian(), reference=x, candidate=y)
        >>> sums.within.numpy()
        array([5., 5., 5., 5., 5., 5.])

    Raises:
      ValueError: for what are no matrices of one width, n < 4, or m < 4.
    """
    kernel = kernels.KERNEL_FAMILY.get(kernel)
    x, y = (
        tf.cast(features, tf.float64)
        for features in kernels.as_matrices(reference, candidate)
    )
    if not x.shape[1:].is_compatible_with(y.shape[1:]):
        raise ValueError(f"Need rows of one width: {x.shape}, {y.shape}.")
    size(x, 4)
    size(y, 4)
    return reduce_grams(kernel(y, y), kernel(x, y))


def three_sample_test(
    new: CandidateSums,
    old: CandidateSums,
    floor: float = 1e-12,
    plug_in: bool = False,
) -> ThreeSampleTest:
    """Tests whether new candidates are closer to the reference than old ones.

    statistic = (MMD2(x, y) - MMD2(x, z)) / sqrt(max(V, floor))
    p = Phi(statistic)

    with reference x, new y and old z, unbiased estimates, and V from the first
    and second order parts of their difference, each at least 0 unless
    `plug_in`; here for sets of any sizes. Bounliphone et al. 2016, "A test of
    relative similarity for model selection in generative models",
    https://arxiv.org/abs/1511.04581.
    Binkowski et al. 2018, section 4.1, lower the learning rate by it; their
    code has a floor of 1e-5, which at 2,048 examples is more than V, and makes
    the test one of a fixed threshold.

        >>> x = np.random.default_rng(0).normal(size=(90, 1))
        >>> new = tm.candidate_sums(tm.Gaussian(), x[:30], x[30:60])
        >>> old = tm.candidate_sums(tm.Gaussian(), x[:30], x[60:] + 2.0)
        >>> float(tm.three_sample_test(new, old).p_value) < 0.01
        True

    Args:
      new: `candidate_sums` of the new candidates.
      old: those of the old candidates, for the same reference and kernel.
      floor: least variance to divide by, positive.
      plug_in: see `variance_from_sums`; for three sets of one size.

    Raises:
      ValueError: for no such sums, references of different sizes, sets of
        different sizes under `plug_in`, or a floor that is not positive.
    """
    _check_sizes(new, old, plug_in)
    n = size(new.reference, 4)
    m_y, m_z = size(new.within, 4), size(old.within, 4)
    y, z = side(new, plug_in), side(old, plug_in)
    # E_x mu_Y(x) mu_Z(x): the same reference points meet both sets.
    matched, means = dot(new.reference, old.reference), n * m_y * m_z
    product = y.cross_mean * z.cross_mean
    if not plug_in:
        product = (n * means * product - matched) / (means * (n - 1.0))
    reference = y.reference + z.reference - 2.0 * (matched / means - product)
    # Variances of sets of m rows, in units of those of n rows.
    first = y.witness * (n / m_y) + z.witness * (n / m_z) + reference
    pairs = n * (n - 1.0)
    within = y.within * (pairs / (m_y * (m_y - 1.0)))
    within += z.within * (pairs / (m_z * (m_z - 1.0)))
    cross = y.cross * (n / m_y) + z.cross * (n / m_z)
    second = 2.0 * within / pairs + 4.0 * cross / cross_pairs(n, n, plug_in)
    variance = Variance(4.0 * first / n, second)
    difference = y.within_mean - 2.0 * y.cross_mean
    difference -= z.within_mean - 2.0 * z.cross_mean
    statistic = difference / variance.deviation(floor, plug_in)
    # Phi by erfc keeps its relative precision far out in the tail.
    p_value = 0.5 * tf.math.erfc(-statistic / math.sqrt(2.0))
    return ThreeSampleTest(difference, variance.total, statistic, p_value)


def _check_sizes(new: CandidateSums, old: CandidateSums, plug_in: bool) -> None:
    """Refuses sums of different references; of different sizes if `plug_in`."""
    switches.check(plug_in=plug_in)
    for name, given in (("new", new), ("old", old)):
        errors.check_type(name, given, CandidateSums)
    alike = [new.reference, old.reference]
    if plug_in:
        alike += [new.within, old.within]
    sizes = {sums.shape[0] for sums in alike} - {None}
    if len(sizes) > 1:
        raise ValueError(f"Need sets of one size, not {sorted(sizes)}.")
