"""MMDs by characteristic functions: against kernels, and in expectation."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels, mmd

KNOWN = [
    kernels.Gaussian(0.8),
    kernels.Gaussian((0.8, 2.0, 0.5)),
    kernels.RationalQuadratic((0.5, 2.0)),
    kernels.Laplace(1.3),
    kernels.Matern(1.5, 0.9),
    kernels.Matern(2.5, 1.4),
    kernels.LaplaceL1(1.3),
]
SEED = (3, 5)


def samples(rng):
    return rng.normal(size=(9, 3)), rng.normal(size=(7, 3)) + 0.5


class Cosines(kernels.Kernel):
    """mean_t cos <t, u - v>"""

    def __init__(self, frequencies):
        self.frequencies = frequencies

    def _matrix(self, x, y):
        differences = np.asarray(x)[:, None] - np.asarray(y)
        return tf.constant(
            np.cos(differences @ np.transpose(self.frequencies)).mean(axis=-1)
        )


@pytest.mark.parametrize("unbiased", [False, True])
def test_it_is_the_mmd_of_the_mean_cosine(rng, unbiased):
    x, y = samples(rng)
    frequencies = rng.normal(size=(6, 3))
    found = mmd.characteristic_mmd2(x, y, frequencies, unbiased)
    grams = mmd.gram_matrices(Cosines(frequencies), x, y)
    estimate = mmd.mmd2_unbiased if unbiased else mmd.mmd2_biased
    np.testing.assert_allclose(found, estimate(grams), rtol=1e-9)


@pytest.mark.parametrize("kernel", KNOWN, ids=str)
def test_mean_cosine_is_the_kernel(rng, kernel):
    count = 60_000
    frequencies, total = mmd.random_frequencies(kernel, SEED, count, 3)
    assert frequencies.shape == (count, 3)
    for difference in rng.normal(size=(4, 3)):
        cosines = total * np.cos(frequencies @ difference[:, None])
        origin = np.zeros([1, 3])
        expected = kernel(difference[None], origin).numpy()[0, 0]
        error = cosines.std() / np.sqrt(count)
        assert abs(cosines.mean() - expected) < 4.5 * error


def test_frequencies_are_a_function_of_the_seed():
    first, again, other = (
        mmd.random_frequencies(KNOWN[3], seed, 5, 2)[0].numpy()
        for seed in (SEED, SEED, (3, 6))
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_a_normal_number_of_zero_has_a_frequency(monkeypatch):
    drawn = tf.random.stateless_normal

    def with_zeros(shape, seed, **settings):
        return drawn(shape, seed, **settings) * [0.0, 1.0, 1.0]

    monkeypatch.setattr(tf.random, "stateless_normal", with_zeros)
    for kernel in KNOWN:
        frequencies, _ = mmd.random_frequencies(kernel, SEED, 4, 3)
        assert np.isfinite(frequencies).all()


def test_gradient_is_that_of_finite_differences(rng):
    x, y = samples(rng)
    frequencies = rng.normal(size=(6, 3))
    variable = tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = mmd.characteristic_mmd2(x, variable, frequencies)
    gradient = tape.gradient(value, variable).numpy()
    for index in np.ndindex(y.shape):
        step = np.zeros_like(y)
        step[index] = 1e-6
        ahead, behind = (
            mmd.characteristic_mmd2(x, y + s, frequencies)
            for s in (step, -step)
        )
        slope = (ahead - behind) / 2e-6
        np.testing.assert_allclose(gradient[index], slope, atol=1e-8)


@pytest.mark.parametrize(
    "kernel", [kernels.Linear(), kernels.Gaussian() + kernels.Laplace()]
)
def test_kernels_without_a_known_law_are_refused(kernel):
    with pytest.raises(errors.UsageError, match="No random frequencies of"):
        mmd.random_frequencies(kernel, SEED, 5, 2)


def test_features_are_checked_at_the_door(rng):
    x, y = samples(rng)
    with pytest.raises(ValueError, match="unequal widths"):
        mmd.characteristic_mmd2(x, y, np.ones([4, 2]))
    with pytest.raises(ValueError, match="at least 2"):
        mmd.characteristic_mmd2(x[:1], y, np.ones([4, 3]))


def test_no_rows_have_no_mean_where_sizes_are_unknown(rng):
    x, y = (np.float32(rows) for rows in samples(rng))

    @tf.function(input_signature=[tf.TensorSpec([None, 3])] * 2)
    def biased(x, y):
        return mmd.characteristic_mmd2(x, y, tf.ones([4, 3]), unbiased=False)

    assert biased(x, y) >= 0.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 1"):
        biased(x[:0], y)


def test_a_kernel_may_be_a_name():
    named, _ = mmd.random_frequencies("rbf", (0, 1), 8, 2)
    found, _ = mmd.random_frequencies(kernels.Gaussian(), (0, 1), 8, 2)
    np.testing.assert_array_equal(named, found)
    with pytest.raises(errors.UsageError, match="count=0, need an integer"):
        mmd.random_frequencies("rbf", (0, 1), 0, 2)
