"""Discrepancies against NumPy, and their gradients."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd
from tf_mmdgan.kernels import bandwidths
from tf_mmdgan.mmd import constrained
from tf_mmdgan.objectives.discrepancies import (
    GradientConstrainedDiscrepancy,
    KernelDiscrepancy,
    RandomFeatureDiscrepancy,
    SlicedEnergy,
)
from tf_mmdgan.objectives.discrepancy import PlainDiscrepancy

SIGMAS = (0.7, 1.5)


def gram(x, y):
    squares = ((x[:, None] - y) ** 2).sum(axis=-1)
    return sum(np.exp(-squares / (2 * s**2)) for s in SIGMAS)


def samples(rng):
    return rng.normal(size=(5, 3)), rng.normal(size=(4, 3)) + 0.5


def test_root_of_the_biased_estimate(rng):
    x, y = samples(rng)
    found = KernelDiscrepancy(kernels.Gaussian(SIGMAS))(x, y)
    mmd2 = gram(x, x).mean() + gram(y, y).mean() - 2 * gram(x, y).mean()
    np.testing.assert_allclose(found, np.sqrt(mmd2), rtol=1e-10)


def test_unbiased_estimate_and_t_statistic(rng):
    x, y = samples(rng)
    kernel = kernels.Gaussian(SIGMAS)
    found = KernelDiscrepancy(kernel, "unbiased", root=False)(x, y)
    xx, yy = gram(x, x), gram(y, y)
    unbiased = (
        (xx.sum() - np.trace(xx)) / 20
        + (yy.sum() - np.trace(yy)) / 12
        - 2 * gram(x, y).mean()
    )
    np.testing.assert_allclose(found, unbiased, rtol=1e-10)
    found = KernelDiscrepancy(kernel, "ratio", root=False)(x, y)
    sums = mmd.sum_pairs(mmd.gram_matrices(kernel, x, y))
    variance = max(float(mmd.variance_from_sums(sums).clipped), 1e-8)
    np.testing.assert_allclose(found, unbiased / np.sqrt(variance), rtol=1e-8)


def test_bandwidths_are_multiples_of_the_median_distance(rng):
    x, y = samples(rng)
    scale = float(bandwidths.median_distance(x, y))
    relative = KernelDiscrepancy(
        kernels.Gaussian(SIGMAS), median_bandwidth=True
    )
    absolute = KernelDiscrepancy(
        kernels.Gaussian(tuple(scale * s for s in SIGMAS))
    )
    np.testing.assert_allclose(relative(x, y), absolute(x, y), rtol=1e-10)
    np.testing.assert_allclose(
        relative(9 * x, 9 * y), relative(x, y), rtol=1e-10
    )


def test_gradient_is_that_of_finite_differences(rng):
    x, y = samples(rng)
    discrepancy = KernelDiscrepancy(kernels.Gaussian(SIGMAS))
    variable = tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = discrepancy(x, variable)
    gradient = tape.gradient(value, variable).numpy()
    for index in np.ndindex(y.shape):
        step = np.zeros_like(y)
        step[index] = 1e-6
        slope = (discrepancy(x, y + step) - discrepancy(x, y - step)) / 2e-6
        np.testing.assert_allclose(gradient[index], slope, atol=1e-7)


def test_gradient_is_finite_where_samples_coincide(rng):
    x = tf.constant(rng.normal(size=(5, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = KernelDiscrepancy(kernels.Gaussian(SIGMAS))(
            tf.stop_gradient(x), x
        )
    assert np.isfinite(tape.gradient(value, x)).all()


def test_kernel_of_first_and_second_moments(rng):
    """<phi, phi'> of phi(x) = x, of x x^T: distances of means, of moments."""
    x, y = samples(rng)
    mean = x.mean(axis=0) - y.mean(axis=0)
    linear = KernelDiscrepancy(kernels.Linear(), root=False)
    np.testing.assert_allclose(linear(x, y), (mean**2).sum(), rtol=1e-10)
    square = kernels.Polynomial(degree=2, gamma=1.0, coef0=0.0)
    second = x.T @ x / len(x) - y.T @ y / len(y)
    found = KernelDiscrepancy(square, root=False)(x, y)
    np.testing.assert_allclose(found, (second**2).sum(), rtol=1e-10)


@pytest.mark.parametrize("estimator", ["unbiased", "ratio"])
def test_what_may_be_negative_has_no_root(estimator):
    with pytest.raises(errors.UsageError, match="has no root"):
        KernelDiscrepancy(kernels.Gaussian(), estimator)


@pytest.mark.parametrize("root", [False, True])
def test_gradient_constrained_at_the_real_sample(rng, root):
    """In median distances; no gradient passes through their median."""
    x, y = samples(rng)
    scale = bandwidths.median_distance(x, y).numpy()
    kernel = kernels.Gaussian(SIGMAS)
    square = constrained.gradient_constrained_mmd2(
        x / scale, y / scale, x / scale, kernel, 0.1, solver="direct"
    )
    found = GradientConstrainedDiscrepancy(
        kernel, 0.1, root, median_bandwidth=True, solver="direct"
    )(x, y)
    expected = float(square) ** (0.5 if root else 1.0)
    assert float(found) == pytest.approx(expected, rel=1e-10)


def over_seeds(discrepancy, x, y, count=40):
    values = [float(discrepancy(x, y, (7, i))) for i in range(count)]
    assert len(set(values)) == count
    return np.mean(values), np.std(values) / np.sqrt(count)


def test_sliced_energy_is_the_energy_distance_on_average_over_steps(rng):
    x, y = samples(rng)
    energy = KernelDiscrepancy(
        kernels.KERNELS["energy"], "unbiased", root=False
    )
    mean, error = over_seeds(SlicedEnergy(slices=64), x, y)
    assert abs(mean - float(energy(x, y))) < 4 * error
    more = over_seeds(SlicedEnergy(slices=640), x, y)[1]
    assert more < 0.5 * error


@pytest.mark.parametrize("median_bandwidth", [False, True])
def test_random_features_are_the_mmd_on_average_over_steps(
    rng, median_bandwidth
):
    x, y = samples(rng)
    kernel = kernels.Gaussian(SIGMAS)
    exact = KernelDiscrepancy(
        kernel, "unbiased", root=False, median_bandwidth=median_bandwidth
    )
    mean, error = over_seeds(
        RandomFeatureDiscrepancy(kernel, 64, median_bandwidth), x, y
    )
    assert abs(mean - float(exact(x, y))) < 4 * error


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: SlicedEnergy(0), "slices=0, need an integer >= 1"),
        (
            lambda: RandomFeatureDiscrepancy(kernels.Gaussian(), 0),
            "frequencies=0, need an integer >= 1",
        ),
        (
            lambda: RandomFeatureDiscrepancy(kernels.Distance()),
            "No random frequencies of Distance",
        ),
    ],
)
def test_impossible_random_discrepancies_are_refused(make, words):
    with pytest.raises(errors.UsageError, match=words):
        make()


def test_a_discrepancy_takes_lists_and_types_that_are_mixed():
    for made in (KernelDiscrepancy("linear"), SlicedEnergy(4)):
        expected = made(tf.zeros([2, 1]), tf.ones([3, 1]), (0, 1))
        found = made([[0], [0]], np.ones((3, 1)), (0, 1))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_images_are_no_features():
    with pytest.raises(ValueError, match=r"must be \[n, d\], or \[places"):
        SlicedEnergy(4)(*[tf.zeros([3, 2, 2, 1])] * 2)


def test_a_value_for_each_row_is_no_discrepancy():
    class OfEach(PlainDiscrepancy):
        def value(self, real, fake):
            return tf.reduce_sum(tf.square(fake - real), axis=1)

    with pytest.raises(errors.UsageError, match=r"OfEach returns .*mean over"):
        OfEach()(tf.zeros([2, 1]), tf.ones([2, 1]))


def test_a_seed_is_two_integers():
    x = tf.zeros([3, 2])
    with pytest.raises(ValueError, match="seed=3: need two integers"):
        SlicedEnergy(4)(x, x, seed=3)
