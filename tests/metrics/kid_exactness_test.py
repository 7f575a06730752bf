"""KID to the last digits: against NumPy, TF-GAN, torch-fidelity, simulation."""

import math

import numpy as np
import pytest

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import kernel_sums, tfgan
from tf_mmdgan.metrics.kid import kid


def features(rng, n, d=256, scale=0.8):
    """Like Inception's: not negative, with a large common mean."""
    return rng.gamma(0.5, scale, (n, d)).astype(np.float32)


def all_pairs(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    xx, xy, yy = (
        (a @ b.T / x.shape[1] + 1.0) ** 3 for a, b in ((x, x), (x, y), (y, y))
    )
    n, m = xy.shape
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1))
    within += (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return within - 2.0 * xy.mean()


def test_exact_is_the_float64_formula(rng):
    real, fake = features(rng, 2000), features(rng, 2000, scale=0.81)
    expected = all_pairs(real, fake)
    double = kid(real, fake, "exact", dtype="float64")
    assert double.mean == pytest.approx(expected, rel=1e-9)
    single = kid(real, fake, "exact")
    assert single.mean == pytest.approx(expected, abs=1e-7)
    assert single.standard_error == pytest.approx(
        double.standard_error, rel=1e-4
    )


def test_blocks_are_those_of_tfgan(rng):
    real, fake = features(rng, 700, 64), features(rng, 530, 64, 0.9)
    value = kid(real, fake, "blocks", max_block_size=150)
    expected = tfgan.kid_and_std(real, fake, max_block_size=150)
    found = value.mean, value.standard_error
    assert found == pytest.approx(expected, rel=1e-9)


def test_subsets_are_those_of_torch_fidelity():
    real = np.abs(np.random.RandomState(7).randn(300, 64)).astype(np.float32)
    fake = np.abs(np.random.RandomState(8).randn(250, 64) * 1.1)
    settings = {"num_subsets": 20, "subset_size": 100, "seed": 2020}
    value = kid(real, fake.astype(np.float32), "subsets", **settings)
    # torch_fidelity.metric_kid.kid_features_to_metric of version 0.4.0.
    assert value.mean == pytest.approx(0.13394088745, abs=1e-6)
    assert value.subset_std == pytest.approx(0.03806920170, abs=1e-6)
    rng = np.random.RandomState(2020)
    values = []
    for _ in range(20):
        x = real[rng.choice(300, 100, replace=False)]
        y = fake[rng.choice(250, 100, replace=False)]
        values.append(all_pairs(x, y))
    assert value.mean == pytest.approx(np.mean(values), abs=1e-7)


@pytest.mark.parametrize("n, m", [(50, 50), (80, 40)])
def test_the_standard_error_is_the_deviation_of_repetitions(rng, n, m):
    means, variances = [], []
    for _ in range(50):
        real = rng.normal(size=(100, n, 4))
        fake = rng.normal(size=(100, m, 4)) + 0.7
        means.append(batched_kid(real, fake))
        value = kid(real[0], fake[0], "exact")
        assert value.mean == pytest.approx(means[-1][0], rel=1e-9)
        variances.append(value.standard_error**2)
    deviation = np.std(means)
    # Of 5,000 repetitions; the analytic one is a mean over 50 of them.
    assert math.sqrt(np.mean(variances)) == pytest.approx(deviation, rel=0.05)


def batched_kid(real, fake):
    """KID of each of [r, n, d] and [r, m, d]: [r]."""

    def grams(x, y):
        return (x @ y.transpose(0, 2, 1) / x.shape[2] + 1.0) ** 3

    def within(x):
        gram = grams(x, x)
        off = gram.sum((1, 2)) - np.einsum("rii->r", gram)
        return off / (x.shape[1] * (x.shape[1] - 1))

    return within(real) + within(fake) - 2.0 * grams(real, fake).mean((1, 2))


def test_the_confidence_interval_is_that_of_a_normal_law(rng):
    real, fake = features(rng, 50, 8), features(rng, 40, 8)
    value = kid(real, fake, "exact")
    reach = 1.959964 * value.standard_error
    assert value.confidence_interval() == pytest.approx(
        (value.mean - reach, value.mean + reach), rel=1e-6
    )
    assert value.confidence_interval(0.5)[1] < value.mean + reach / 2
    blocks = kid(real, fake, "blocks", max_block_size=20)
    assert all(map(math.isnan, blocks.confidence_interval()))
    with pytest.raises(errors.UsageError, match="level=95"):
        value.confidence_interval(95)


@pytest.mark.parametrize("num_parts", [2, 5])
def test_sums_over_parts_of_the_tiles_merge_into_the_whole(rng, num_parts):
    x, y = rng.normal(size=(23, 5)), rng.normal(size=(31, 5)) + 0.3
    kernel = kernels.RationalQuadratic() + kernels.Linear()
    merged = None
    for part in range(num_parts):
        sums = kernel_sums.partial_sums(kernel, x, y, 6, part, num_parts)
        merged = kernel_sums.merge(merged, sums) if merged else sums
    whole = kernel_sums.partial_sums(kernel, x, y, 50)
    grams = [kernel(a, b).numpy() for a, b in ((x, x), (x, y), (y, y))]
    for gram in grams[::2]:
        np.fill_diagonal(gram, 0.0)
    xx, xy, yy = grams
    expected = (
        xx.sum(1), xy.sum(1), xy.sum(0), yy.sum(1),
        (xx**2).sum(), (xy**2).sum(), (yy**2).sum(),
    )  # fmt: skip
    for found in (merged, whole):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11)


def test_devices_share_the_tiles(rng):
    x, y = rng.normal(size=(30, 5)), rng.normal(size=(20, 5)) + 0.3
    kernel = kernels.Polynomial()
    shared = kernel_sums.all_pair_sums(kernel, x, y, 8, ["CPU:0", "CPU:1"])
    alone = kernel_sums.all_pair_sums(kernel, x, y)
    for a, b in zip(shared, alone, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_a_block_may_be_larger_than_any_set(rng):
    real, fake = features(rng, 40, 8), features(rng, 30, 8, 0.9)
    whole = tfgan.kid_and_std(real, fake, max_block_size=40)[0]
    assert tfgan.kid_and_std(real, fake, max_block_size=2**40)[0] == whole
    assert whole == pytest.approx(all_pairs(real, fake), rel=1e-9)
