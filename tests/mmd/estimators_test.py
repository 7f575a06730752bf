"""MMD estimates and their variance."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from grams import CUBIC, GAUSSIAN, gauss, in_one_graph, numpy_grams

from tf_mmdgan import kernels, mmd

WITH_LINEAR = kernels.Gaussian() + 0.5 * kernels.Linear()


def published_zetas(xx, xy, yy):
    """As in the code of Binkowski et al. 2018, n = m."""
    m = len(xx)
    off = 1 - np.eye(m)
    a, b = (xx * off).sum(1), (yy * off).sum(1)
    r, c = xy.sum(1), xy.sum(0)
    a2, b2, c2 = (xx**2 * off).sum(), (yy**2 * off).sum(), (xy**2).sum()
    pairs, both = m * (m - 1), a.sum() ** 2 + b.sum() ** 2
    cross, total = r.sum(), a.sum() + b.sum()
    means = both / pairs**2 + 2 * cross**2 / m**4
    mixed = (a @ r + b @ c - total * cross / m) / (m * pairs)
    zeta1 = (a @ a - a2 + b @ b - b2) / (pairs * (m - 2))
    zeta1 += (r @ r + c @ c - 2 * c2) / (m * pairs) - means - 2 * mixed
    zeta2 = (a2 + b2) / pairs + 2 * c2 / m**2 - means - 4 * mixed
    return zeta1, zeta2


def test_gram_matrices_are_of_real_then_fake(rng):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    grams = mmd.gram_matrices(GAUSSIAN, x, y)
    for gram, expected in zip(grams, numpy_grams(x, y), strict=True):
        np.testing.assert_allclose(gram, expected, atol=1e-10)


@pytest.mark.parametrize("kernel", [GAUSSIAN, WITH_LINEAR])
def test_estimates_are_means_over_pairs(rng, kernel):
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(7, 3)) + 0.5
    weight = 0.5 if kernel is WITH_LINEAR else 0.0

    def k(u, v):
        return gauss(u, v) + weight * u @ v

    def mean(pairs):
        return np.mean([k(u, v) for u, v in pairs])

    def estimate(pairs, x, y):
        return mean(pairs(x)) + mean(pairs(y))

    grams = mmd.gram_matrices(kernel, x, y)
    cross = 2 * mean(itertools.product(x, y))
    everything = estimate(lambda s: itertools.product(s, s), x, y)
    distinct = estimate(lambda s: itertools.permutations(s, 2), x, y)
    biased, unbiased = mmd.mmd2_biased(grams), mmd.mmd2_unbiased(grams)
    np.testing.assert_allclose(biased, everything - cross, atol=1e-10)
    np.testing.assert_allclose(unbiased, distinct - cross, atol=1e-10)

    y = y[:5]
    cross = [k(x[i], y[j]) for i, j in itertools.permutations(range(5), 2)]
    distinct = estimate(lambda s: itertools.permutations(s, 2), x, y)
    got = mmd.mmd2_ustatistic(mmd.gram_matrices(kernel, x, y))
    np.testing.assert_allclose(got, distinct - 2 * np.mean(cross), atol=1e-10)


def test_biased_estimates_of_several_kernels_at_once(rng):
    x, y = rng.normal(size=(4, 3)), rng.normal(size=(6, 3)) + 1.0
    grams = [mmd.gram_matrices(k, x, y) for k in (GAUSSIAN, WITH_LINEAR)]
    stacked = mmd.Grams(
        *(tf.stack(parts) for parts in zip(*grams, strict=True))
    )
    expected = [mmd.mmd2_biased(each) for each in grams]
    np.testing.assert_allclose(mmd.mmd2_biased(stacked), expected)


def test_distance_kernel_gives_half_the_energy_distance(rng):
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(7, 3)) + 0.5
    xx, xy, yy = numpy_grams(x, y, lambda u, v: np.linalg.norm(u - v))
    energy = 2 * xy.mean() - xx.sum() / 20 - yy.sum() / 42
    grams = mmd.gram_matrices(kernels.Distance(), x, y)
    np.testing.assert_allclose(mmd.mmd2_unbiased(grams), energy / 2, atol=1e-10)


@pytest.mark.parametrize("estimate", [mmd.mmd2_unbiased, mmd.mmd2_ustatistic])
def test_estimates_have_no_bias(rng, estimate):
    """Against the closed form for two normal distributions."""
    sets, n = 4000, 5
    m = n if estimate is mmd.mmd2_ustatistic else 3
    x = rng.normal(size=(sets, n, 1))
    y = 0.7 + 1.5 * rng.normal(size=(sets, m, 1))

    def expected_gauss(shift, variance):
        return np.exp(-(shift**2) / (2 + 2 * variance)) / np.sqrt(1 + variance)

    within = expected_gauss(0, 2) + expected_gauss(0, 2 * 1.5**2)
    truth = within - 2 * expected_gauss(0.7, 1 + 1.5**2) + 0.5 * 0.7**2
    got = in_one_graph(
        lambda x, y: estimate(mmd.gram_matrices(WITH_LINEAR, x, y)), x, y
    )
    error = got.std(ddof=1) / np.sqrt(sets)
    assert abs(got.mean() - truth) < 3 * error


@pytest.mark.parametrize("kernel", [GAUSSIAN, CUBIC])
def test_plug_in_variance_is_the_published_one(rng, kernel):
    x, y = rng.normal(size=(12, 3)), 1.3 * rng.normal(size=(12, 3)) + 0.4
    grams = mmd.gram_matrices(kernel, x, y)
    zeta1, zeta2 = published_zetas(*(gram.numpy() for gram in grams))
    for size in (None, 2, 500):
        got = mmd.mmd2_variance(grams, sample_size=size, plug_in=True)
        size = size or 12
        factor = 2 / (size * (size - 1))
        expected = factor * (2 * (size - 2) * zeta1 + zeta2)
        np.testing.assert_allclose(got, expected, rtol=1e-10)


@pytest.mark.parametrize(("n", "m"), [(4, 4), (4, 6), (6, 4)])
def test_variance_has_no_bias(n, m):
    """Exactly: the mean over all samples of laws on two points each."""
    choices = np.array(list(itertools.product((0, 1), repeat=n + m)))
    x, y = 0.4 * choices[:, :n, None], 0.1 + 1.2 * choices[:, n:, None]

    def run(x, y):
        grams = mmd.gram_matrices(CUBIC, x, y)
        parts = mmd.variance_from_sums(mmd.sum_pairs(grams))
        return mmd.mmd2_unbiased(grams), mmd.mmd2_variance(grams), parts

    estimates, variances, parts = in_one_graph(run, x, y)
    np.testing.assert_allclose(variances.mean(), estimates.var(), rtol=1e-10)

    # The first part, from the means of the estimate given one of its points.
    given = [
        [estimates[bits == b].mean() for b in (0, 1)] for bits in choices.T
    ]
    first = np.var(given, axis=1).sum()
    np.testing.assert_allclose(parts.first.mean(), first, rtol=1e-10)
    np.testing.assert_allclose(parts.total, variances, rtol=1e-10)


@pytest.mark.parametrize(("n", "m"), [(40, 40), (25, 75)])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_variance_agrees_with_monte_carlo(rng, n, m, shift):
    """Shift 0 has only the second order part, shift 1 mostly the first."""
    sets = 1000
    x = rng.normal(size=(sets, n, 2))
    y = shift + rng.normal(size=(sets, m, 2)) * (1.0 + 0.5 * shift)

    def both(x, y):
        grams = mmd.gram_matrices(GAUSSIAN, x, y)
        return mmd.mmd2_unbiased(grams), mmd.mmd2_variance(grams)

    estimates, variances = in_one_graph(both, x, y)
    squares = (estimates - estimates.mean()) ** 2
    error = np.std(squares - variances) / np.sqrt(sets)
    assert abs(np.mean(variances - squares)) < 3 * error


def test_sums_are_those_of_the_matrices(rng):
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(9, 3)) + 0.5
    grams = mmd.gram_matrices(CUBIC, x, y)
    xx, xy, yy = (gram.numpy() for gram in grams)
    np.fill_diagonal(xx, 0.0)
    np.fill_diagonal(yy, 0.0)
    squares = [np.sum(gram**2) for gram in (xx, xy, yy)]
    expected = [xx.sum(1), xy.sum(1), xy.sum(0), yy.sum(1), *squares]
    sums = mmd.sum_pairs(grams)
    for got, want in zip(sums, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10)
    mmd2 = mmd.mmd2_unbiased(grams)
    np.testing.assert_allclose(mmd.unbiased_from_sums(sums), mmd2, rtol=1e-10)


def test_each_part_of_a_clipped_variance_is_at_least_zero():
    parts = [(2.0, 3.0), (-2.0, 3.0), (2.0, -3.0), (-2.0, -3.0)]
    variances = [mmd.Variance(*map(tf.constant, part)) for part in parts]
    assert [float(v.clipped) for v in variances] == [5.0, 3.0, 2.0, 0.0]
    assert [float(v.total) for v in variances] == [5.0, 1.0, -1.0, -5.0]


def test_ratio_divides_by_the_floored_deviation(rng):
    x, y = rng.normal(size=(19, 3)), rng.normal(size=(17, 3)) + 1.0
    grams = mmd.gram_matrices(GAUSSIAN, x, y)
    estimate = mmd.mmd2_unbiased(grams).numpy()
    variance = mmd.mmd2_variance(grams).numpy()
    assert 1e-12 < variance < 0.5  # neither part is clipped
    for settings, square in (({}, variance), ({"floor": 0.5}, 0.5)):
        got = mmd.mmd2_ratio(grams, **settings)
        np.testing.assert_allclose(got, estimate / np.sqrt(square), rtol=1e-10)


def test_ratio_stays_of_order_one_where_the_laws_are_alike(rng):
    """There the total is often negative, which a floor alone would magnify."""
    x, y = rng.normal(size=(2, 300, 40, 4))

    def run(x, y):
        grams = mmd.gram_matrices(CUBIC, x, y)
        return mmd.mmd2_ratio(grams), mmd.mmd2_variance(grams)

    ratios, variances = in_one_graph(run, x, y)
    assert np.mean(variances < 0.0) > 0.05
    assert np.abs(ratios).max() < 5.0


@pytest.mark.parametrize(
    "name", ["biased", "unbiased", "ustatistic", "variance", "ratio"]
)
def test_gradients_agree_with_finite_differences(rng, name):
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(5, 2)) + 1.0

    @tf.function
    def value(x):
        return getattr(mmd, f"mmd2_{name}")(
            mmd.gram_matrices(WITH_LINEAR, x, y)
        )

    with tf.GradientTape() as tape:
        point = tf.constant(x)
        tape.watch(point)
        result = value(point)
    gradient = tape.gradient(result, point)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = 1e-5
        difference = (value(x + shift) - value(x - shift)) / 2e-5
        got = gradient[index]
        np.testing.assert_allclose(got, difference, rtol=1e-6, atol=1e-8)


def test_float32_keeps_its_type_and_a_precise_variance(rng):
    x, y = rng.normal(size=(60, 4)), rng.normal(size=(60, 4)) + 0.1
    kernel = kernels.KERNELS["rbf_mix"]
    exact = mmd.gram_matrices(kernel, x, y)
    single = mmd.gram_matrices(kernel, np.float32(x), np.float32(y))
    for function, rtol in (
        (mmd.mmd2_unbiased, 1e-3),
        (mmd.mmd2_variance, 0.01),
    ):
        got = function(single)
        assert got.dtype == tf.float32
        np.testing.assert_allclose(got, function(exact), rtol=rtol)


def test_sizes_unknown_to_the_graph_are_computed(rng):
    x, y = rng.normal(size=(6, 2)), rng.normal(size=(8, 2))

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)] * 2)
    def values(x, y):
        grams = mmd.gram_matrices(GAUSSIAN, x, y)
        return mmd.mmd2_unbiased(grams), mmd.mmd2_variance(grams)

    grams = mmd.gram_matrices(GAUSSIAN, x, y)
    expected = mmd.mmd2_unbiased(grams), mmd.mmd2_variance(grams)
    np.testing.assert_allclose(values(x, y), expected, rtol=1e-10)


def test_inputs_are_checked_at_the_door():
    def grams(n, m):
        return mmd.gram_matrices(GAUSSIAN, np.ones((n, 2)), np.ones((m, 2)))

    with pytest.raises(ValueError, match="equal widths"):
        mmd.gram_matrices(GAUSSIAN, np.ones((3, 2)), np.ones((3, 4)))
    for n, m in ((1, 3), (3, 1)):
        with pytest.raises(ValueError, match="at least 2 examples"):
            mmd.mmd2_unbiased(grams(n, m))
    with pytest.raises(ValueError, match="n = m"):
        mmd.mmd2_ustatistic(grams(3, 4))
    for n, m in ((3, 4), (4, 3)):
        with pytest.raises(ValueError, match="at least 4 examples"):
            mmd.mmd2_variance(grams(n, m))
    single = mmd.PairSums(*[np.zeros(1)] * 4, 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="at least 2 examples"):
        mmd.unbiased_from_sums(single)
    with pytest.raises(ValueError, match="sample_size=1"):
        mmd.mmd2_variance(grams(4, 4), sample_size=1)
    with pytest.raises(ValueError, match="floor=0"):
        mmd.mmd2_ratio(grams(4, 4), floor=0.0)


def test_gram_matrices_take_the_name_of_a_kernel(rng):
    x, y = rng.normal(size=(5, 2)), rng.normal(size=(4, 2))
    for named, made in zip(
        mmd.gram_matrices("rbf", x, y),
        mmd.gram_matrices(kernels.KERNELS["rbf"], x, y),
        strict=True,
    ):
        np.testing.assert_array_equal(named, made)
    with pytest.raises(ValueError, match="need a name of a kernel"):
        mmd.gram_matrices(kernels.Gaussian, x, y)
