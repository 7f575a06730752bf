"""FID against its definition, its bias, and its extrapolation."""

import numpy as np
import pytest
import scipy.linalg

from tf_mmdgan import errors, metrics
from tf_mmdgan.metrics import Moments, fid


def published(real, fake):
    """The definition, by a general root of a matrix."""
    s1, s2 = (np.cov(x, rowvar=False) for x in (real, fake))
    root = scipy.linalg.sqrtm(s1 @ s2)
    squares = np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
    return squares + np.trace(s1 + s2 - 2.0 * root.real)


def sample(rng, n, d, shift=0.0):
    mixing = np.random.default_rng(1).normal(size=(d, d)) / np.sqrt(d)
    return (rng.normal(size=(n, d)) @ mixing + shift).astype(np.float32)


@pytest.mark.parametrize("n, m", [(200, 150), (150, 200)])
def test_fid_is_its_definition(rng, n, m):
    real, fake = sample(rng, n, 20), sample(rng, m, 20, 0.3)
    value = published(real.astype(np.float64), fake.astype(np.float64))
    assert fid.fid(real, fake) == pytest.approx(value, rel=1e-9)
    both = Moments.of(real), Moments.of(fake)
    assert metrics.frechet_distance(*both) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("n, m", [(12, 200), (200, 12), (12, 15), (15, 12)])
def test_fid_of_fewer_rows_than_features(rng, n, m):
    real, fake = sample(rng, n, 40), sample(rng, m, 40, 0.3)
    # The nuclear norm of the centred cross-product is Tr (S1 S2)^{1/2}.
    x, y = (z.astype(np.float64) - z.mean(axis=0) for z in (real, fake))
    nuclear = np.linalg.norm(x @ y.T, "nuc") / np.sqrt((n - 1) * (m - 1))
    squares = np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
    traces = np.sum(x**2) / (n - 1) + np.sum(y**2) / (m - 1)
    value = squares + traces - 2.0 * nuclear
    assert fid.fid(real, fake) == pytest.approx(value, rel=1e-5)
    both = Moments.of(real), Moments.of(fake)
    assert metrics.frechet_distance(*both) == pytest.approx(value, rel=1e-5)


def test_fid_of_gaussians_known_in_closed_form():
    first = Moments(np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    second = Moments(np.ones(3), np.diag([4.0, 4.0, 0.0]))
    assert metrics.frechet_distance(first, second) == pytest.approx(
        3 + 1 + 0 + 9
    )


def test_fid_of_a_set_with_itself_is_zero(rng):
    real = sample(rng, 300, 10)
    assert fid.fid(real, real) == pytest.approx(0.0, abs=1e-10)


def test_the_bias_of_fid_is_that_of_the_theory(rng):
    n, d = 400, 16
    values = [
        fid.fid(rng.normal(size=(n, d)), rng.normal(size=(n, d)))
        for _ in range(100)
    ]
    error = np.std(values) / 10.0
    expected = (d**2 + 5 * d) / (2 * n)
    assert np.mean(values) == pytest.approx(expected, abs=4 * error + 0.02)


def test_fid_infinity_takes_the_bias_of_the_fake_side_off(rng):
    d, real = 16, rng.normal(size=(20_000, 16))
    plain, infinite = [], []
    for seed in range(5):
        fake = rng.normal(size=(1000, d))
        plain.append(fid.fid(real, fake))
        infinite.append(fid.fid_infinity(real, fake, seed=seed))
    # Half of the theory's bias, of which little is left.
    assert np.mean(plain) == pytest.approx((d**2 + 5 * d) / 4000, rel=0.2)
    assert abs(np.mean(infinite)) < 0.25 * np.mean(plain)


def test_fid_infinity_is_the_intercept_of_a_line(rng):
    real, fake = sample(rng, 300, 5), sample(rng, 250, 5, 0.2)
    orders, values = np.random.default_rng(3), []
    sizes = np.linspace(25, 250, 15).astype(int)
    for size in sizes:
        some = fake[orders.permutation(250)[:size]]
        values.append(published(real.astype(float), some.astype(float)))
    intercept = np.polyfit(1.0 / sizes, values, 1)[1]
    found = fid.fid_infinity(real, fake, seed=3)
    assert found == pytest.approx(intercept, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_rounding_is_no_asymmetry_at_any_scale(rng, scale):
    good = Moments.of(sample(rng, 50, 4))
    largest = good.covariance.max()
    first, second = (
        Moments(good.mean, scale * (good.covariance + largest * part))
        for part in (1e-7 * np.eye(4, k=1), 0.1 * np.eye(4, k=1))
    )
    assert metrics.frechet_distance(first, first) < 1e-3 * scale
    with pytest.raises(errors.DataError, match="have no covariance"):
        metrics.frechet_distance(first, second)


def test_fid_infinity_depends_on_the_seed_alone(rng):
    real, fake = sample(rng, 100, 5), sample(rng, 100, 5, 0.2)
    first = fid.fid_infinity(real, fake, seed=3)
    assert fid.fid_infinity(real, fake, seed=3) == first
    assert fid.fid_infinity(real, fake, seed=4) != first


def test_bad_input_is_refused(rng):
    good = Moments.of(sample(rng, 50, 4))
    with pytest.raises(errors.DataError, match="width 4, fake moments 3"):
        metrics.frechet_distance(good, Moments.of(sample(rng, 50, 3)))
    with pytest.raises(errors.DataError, match=r"real .*\(4,\) and \(4, 3\)"):
        metrics.frechet_distance(
            Moments(good.mean, good.covariance[:, :3]), good
        )
    broken = Moments(good.mean, good.covariance * np.nan)
    for wrong in (-np.eye(4), np.eye(4) + 0.01 * np.eye(4, k=1)):
        with pytest.raises(errors.DataError, match="fake moments have no cov"):
            metrics.frechet_distance(good, Moments(np.zeros(4), wrong))
    with pytest.raises(errors.DataError, match="fake moments are NaN"):
        metrics.frechet_distance(good, broken)
    with pytest.raises(errors.DataError, match="at least 20"):
        fid.fid_infinity(sample(rng, 50, 4), sample(rng, 19, 4))
