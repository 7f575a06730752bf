"""Features that single precision would spoil, in silence."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import (
    checks,
    gaussian_mmd,
    neighbors,
    parzen,
    precision,
    tfgan,
)
from tf_mmdgan.metrics.kid import KERNEL, kid


def ring(seed, count=3000, dtype=np.float32):
    """Eight narrow modes on a circle of radius 2."""
    rng = np.random.default_rng(seed)
    angles = 2.0 * np.pi * rng.integers(8, size=count) / 8
    centres = 2.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return (centres + 0.02 * rng.normal(size=(count, 2))).astype(dtype)


def far(rng, count=400, width=64):
    return (1000.0 + 0.01 * rng.normal(size=(count, width))).astype(np.float32)


def test_neighbours_on_a_ring_are_those_of_double_precision():
    real, fake = ring(0), ring(1)
    found = neighbors.prdc(real, fake)
    # Right at 10,000 points: .997, .998, .98, .96.
    assert found.precision > 0.99 and found.recall > 0.99
    assert found.density == pytest.approx(1.0, abs=0.05)
    assert found.coverage == pytest.approx(0.965, abs=0.015)
    of_real, of_fake = neighbors.nearest_neighbor_accuracy(real, fake)
    assert (of_real + of_fake) / 2.0 == pytest.approx(0.5, abs=0.03)


def test_near_pairs_are_computed_anew_in_parts(rng, monkeypatch):
    monkeypatch.setattr(precision, "_PAIRS_AT_A_TIME", 15)
    modes = 1e6 * np.repeat(np.eye(4), 5, axis=0)
    x, y = (modes + 0.01 * rng.normal(size=(20, 4)) for _ in range(2))
    expected = np.square(x[:, None] - y).sum(axis=2)
    found = precision.squared_distances(x, y)  # 100 near pairs, 3 at a time
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_point_far_from_all_makes_no_others_near(rng, monkeypatch):
    x, y = rng.normal(size=(2, 50, 3))
    y[7] = 1e5
    expected = np.square(x[:, None] - y).sum(axis=2)
    taken = []
    square = np.square
    monkeypatch.setattr(
        precision.np, "square", lambda z: taken.append(len(z)) or square(z)
    )
    found = precision.squared_distances(x, y)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert taken == [50, 50]  # norms alone


@pytest.mark.parametrize("distance", [1e3, 1e6, 1e8])
def test_squared_distances_are_exact_however_far_the_modes_lie(rng, distance):
    modes = distance * rng.integers(-1, 2, size=(60, 5))
    x = modes + 0.01 * rng.normal(size=(60, 5))
    expected = np.square(x[:, None] - x).sum(axis=2)
    found = precision.squared_distances(x, x)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_equal_distances_are_equal_whatever_the_rounding():
    # Each point of a grid has its nearest neighbours at a distance of .1, in
    # its own set and, moved by one step, in the other.
    real = 0.1 * np.stack(np.meshgrid(range(12), range(12)), 2).reshape(-1, 2)
    fake = real + np.array([0.0, 0.05])
    value = neighbors.prdc(real, real + np.array([0.1, 0.0]), nearest_k=1)
    assert value.density == pytest.approx(132 / 144)  # the copies alone
    assert neighbors.prdc(real, fake, nearest_k=1).coverage == 1.0


def test_three_estimators_agree_far_from_zero(rng):
    real, fake = far(rng), far(rng)
    double = real.astype(np.float64), fake.astype(np.float64)
    right = kid(*double, "exact")
    for estimator, settings in (
        ("exact", {}),
        ("blocks", {"max_block_size": 200}),
        ("subsets", {"subset_size": 200}),
    ):
        single = kid(real, fake, estimator, **settings)
        assert repr(single) == repr(kid(*double, estimator, **settings))
        assert abs(single.mean - right.mean) < 3.0 * right.standard_error


def test_usual_features_stay_in_single_precision(rng):
    usual = np.maximum(rng.normal(0.4, 0.5, size=(300, 2048)), 0.0)
    usual = usual.astype(np.float32)
    assert precision.choose_type(KERNEL, usual, usual) is np.float32
    assert precision.choose_type(KERNEL, 50 + usual, 50 + usual) is np.float64


def test_what_no_type_can_hold_is_said(rng):
    spoilt = 1e9 + rng.normal(size=(50, 8))
    with pytest.warns(UserWarning, match="float64 is too short .* not trust"):
        kid(spoilt, spoilt, "exact")
    single = far(rng)
    with pytest.warns(UserWarning, match="float32 is too short"):
        kid(single, single, "exact", dtype="float32")
    huge = (1e7 * rng.normal(size=(50, 8))).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(kid(huge, huge[::-1], "exact").mean)
    with pytest.raises(errors.DataError, match=r"too large for float32.*64"):
        kid(huge, huge, "exact", dtype="float32")
    with pytest.raises(errors.DataError, match="too large for float64"):
        kid(1e60 * huge.astype(np.float64), huge, "exact")


def with_an_outlier(rng, size=1e6):
    """Rows of which one that equal steps pass over lies far from the others."""
    x, y = rng.normal(size=(2, 300, 8)).astype(np.float32)
    x[1] = size
    return x, y


def test_a_point_far_from_all_spoils_no_estimator_in_silence(rng):
    x, y = with_an_outlier(rng)
    u, v = np.longdouble(x), np.longdouble(y)
    xx, xy, yy = ((a @ b.T / 8 + 1) ** 3 for a, b in ((u, u), (u, v), (v, v)))
    off, pairs = 1 - np.eye(300), 300 * 299
    right = float(((xx + yy) * off).sum() / pairs - 2 * xy.mean())
    exact = kid(x, y, "exact")
    assert exact.mean == pytest.approx(right, rel=1e-5)
    assert exact.standard_error > 0.0
    assert kid(x, y, "blocks").mean == pytest.approx(right, rel=1e-9)
    alike = gaussian_mmd.gaussian_mmd(x, y, 4.0)
    assert abs(alike.mmd2) < 4.0 * alike.standard_error
    with pytest.warns(UserWarning, match="float64 is too short .* not trust"):
        tfgan.kid_and_std(x, y)  # which sums up the diagonals


def test_values_too_large_for_their_squares_are_refused(rng):
    huge = (1e30 * rng.normal(size=(300, 8))).astype(np.float32)
    for estimator in ("exact", "blocks", "subsets"):
        with pytest.raises(errors.DataError, match="too large for float64"):
            kid(huge, huge[::-1], estimator, subset_size=100)


def test_bfloat16_is_scored_as_its_numbers(rng):
    half = tf.cast(rng.normal(size=(20, 3)), tf.bfloat16)
    wide = tf.cast(half, tf.float32).numpy()
    assert repr(kid(half, half[:9], "exact")) == repr(
        kid(wide, wide[:9], "exact")
    )


def test_integers_keep_their_digits(rng):
    levels = 2**26 + rng.integers(0, 4, size=(40, 3))
    real, fake = checks.check(levels, levels[:20])
    np.testing.assert_array_equal(real, levels)
    assert fake.dtype == np.float64
    small = checks.check(levels - 2**26, levels - 2**26)[0]
    assert small.dtype == np.float32
    with pytest.raises(errors.DataError, match=r"beyond 2\^53"):
        checks.check(levels + 2**54, levels)
    assert checks.check(real.astype(np.longdouble), real)[0].dtype == np.float64


def test_integers_of_32_bits_keep_their_digits():
    kept = precision.as_floats(np.array([[2**24 + 1, 0]], np.int32), "x")
    assert kept.tolist() == [[2**24 + 1, 0]] and kept.dtype == np.float64
    single = precision.as_floats(np.array([[2**24, 0]], np.int32), "x")
    assert single.dtype == np.float32
    assert precision.as_floats(single, "x").dtype == np.float32


def test_a_gaussian_and_a_parzen_window_see_narrow_clusters(rng):
    clusters = 1e4 * rng.integers(0, 2, size=(300, 1))
    points = (clusters + rng.normal(size=(300, 4))).astype(np.float32)
    points[1::2] += 0.5
    double = points.astype(np.float64)
    for single, right in (
        (
            gaussian_mmd.gaussian_mmd(points[::2], points[1::2], 0.5),
            gaussian_mmd.gaussian_mmd(double[::2], double[1::2], 0.5),
        ),
        (
            parzen.log_densities(points[::2], points[1::2], [0.5]).mean(),
            parzen.log_densities(double[::2], double[1::2], [0.5]).mean(),
        ),
    ):
        assert single == pytest.approx(right, rel=1e-6)


def test_an_empty_batch_has_a_type():
    assert precision.as_floats(np.zeros((0, 3), int), "x").dtype == np.float32
    assert precision.squared_distances(
        np.zeros((2, 3)), np.zeros((0, 3))
    ).shape == (2, 0)


def test_a_kernel_of_distances_is_measured_too(rng):
    near = (100.0 * rng.integers(0, 2, size=(200, 1))).astype(np.float32)
    near = near + 1e-4 * rng.normal(size=(200, 3)).astype(np.float32)
    narrow = kernels.Gaussian((1e-4,))
    assert precision.choose_type(narrow, near, near) is np.float64
