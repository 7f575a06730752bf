"""Precision, recall, density, coverage and two-sample accuracy."""

import numpy as np
import pytest
import scipy.spatial.distance

from tf_mmdgan import errors, metrics
from tf_mmdgan.metrics import checks, neighbors


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    monkeypatch.setattr(neighbors, "TILE_SIZE", 7)


def sets(rng, n=40, m=33, d=5, shift=0.5):
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


def distances(x, y):
    return scipy.spatial.distance.cdist(x, y)


def radii(x, k):
    return np.sort(distances(x, x), axis=1)[:, k]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_prdc_is_its_definition(rng, k):
    real, fake = sets(rng)
    cross = distances(real, fake)
    inside_real = cross < radii(real, k)[:, None]
    inside_fake = cross < radii(fake, k)[None, :]
    value = neighbors.prdc(real, fake, k)
    assert value.precision == inside_real.any(axis=0).mean()
    assert value.recall == inside_fake.any(axis=1).mean()
    assert value.density == pytest.approx(inside_real.sum() / (k * len(fake)))
    nearest = cross.min(axis=1)
    assert value.coverage == (nearest < radii(real, k)).mean()
    assert 0.0 < value.coverage < 1.0


def test_prdc_of_sets_apart_and_of_equal_laws(rng):
    real, fake = sets(rng, 300, 300, shift=50.0)
    assert neighbors.prdc(real, fake) == (0.0, 0.0, 0.0, 0.0)
    real, fake = sets(rng, 600, 600, shift=0.0)
    value = neighbors.prdc(real, fake)
    assert value.density == pytest.approx(1.0, abs=0.1)
    # 1 - (n! ratio) of Naeem et al., section 3.3, for k = 5: 31 / 32.
    assert value.coverage == pytest.approx(31 / 32, abs=0.03)


def test_dropped_modes_cost_recall_and_bad_samples_precision(rng):
    modes = np.repeat([[0.0, 0.0], [20.0, 0.0]], 150, axis=0)
    real = modes + rng.normal(size=modes.shape)
    one = rng.normal(size=(300, 2))
    value = neighbors.prdc(real, one)
    assert value.precision > 0.9 and value.recall < 0.55
    value = neighbors.prdc(one, real)
    assert value.precision < 0.55 and value.recall > 0.9


def naive_accuracy(real, fake):
    pooled = np.concatenate([real, fake])
    labels = np.repeat([0, 1], [len(real), len(fake)])
    square = distances(pooled, pooled)
    np.fill_diagonal(square, np.inf)
    right = labels[square.argmin(axis=1)] == labels
    return right[labels == 0].mean(), right[labels == 1].mean()


@pytest.mark.parametrize("shift", [0.0, 0.4, 30.0])
def test_nearest_neighbor_accuracy_is_leave_one_out(rng, shift):
    real, fake = sets(rng, 37, 37, shift=shift)
    got = neighbors.nearest_neighbor_accuracy(real, fake)
    assert got == pytest.approx(naive_accuracy(real, fake))


def test_of_unequal_sets_as_many_rows_count_by_lot(rng):
    real, fake = sets(rng, 37, 20)
    got = neighbors.nearest_neighbor_accuracy(real, fake)
    some = checks.some_rows(real, 20)
    assert got == neighbors.nearest_neighbor_accuracy(some, fake)
    assert got == pytest.approx(naive_accuracy(some, fake))


def test_sorted_rows_of_one_law_are_not_told_apart(rng):
    """The first rows of the real ones are all of one class."""
    centres = 20.0 * np.repeat(np.eye(3), 200, axis=0)
    real = centres + rng.normal(size=(600, 3))
    fake = centres[::4] + rng.normal(size=(150, 3))
    of_real, of_fake = neighbors.nearest_neighbor_accuracy(real, fake)
    assert abs(of_real - 0.5) < 0.15 and abs(of_fake - 0.5) < 0.15


@pytest.mark.parametrize("k", [1, 2, 9, 399])
def test_the_k_th_nearest_of_many(rng, k):
    x = rng.normal(size=(400, 2))
    found = neighbors.neighbor_squares(x, k)
    np.testing.assert_allclose(np.sqrt(found), radii(x, k), rtol=1e-9)


def test_copies_of_the_real_samples_have_accuracy_zero(rng):
    real, _ = sets(rng)
    assert neighbors.nearest_neighbor_accuracy(real, real) == (0.0, 0.0)


def test_k_out_of_range_is_refused(rng):
    real, fake = sets(rng, 10, 6)
    with pytest.raises(errors.UsageError, match="nearest_k=6: need 1 to 5"):
        neighbors.prdc(real, fake, 6)
    with pytest.raises(errors.UsageError, match="nearest_k=0"):
        neighbors.prdc(real, fake, 0)


def test_nearest_rows_come_in_order(rng):
    x, y = sets(rng, 11, 30)
    expected = np.argsort(distances(x, y), axis=1)[:, :4]
    np.testing.assert_array_equal(metrics.nearest(x, y, 4), expected)


@pytest.mark.parametrize("k", [1, 3])
def test_realism_is_its_definition(rng, k):
    real, fake = sets(rng)
    fake[4] = real[7]
    reach = radii(real, k)
    kept = reach <= np.median(reach)
    with np.errstate(divide="ignore"):
        ratios = reach[kept, None] / distances(real[kept], fake)
    found = neighbors.realism(real, fake, k)
    np.testing.assert_allclose(found, ratios.max(axis=0), rtol=1e-12)
    assert np.isinf(found[4]) == kept[7]


def test_samples_farther_out_are_less_real(rng):
    real = rng.normal(size=(200, 3))
    fake = np.outer([0.0, 2.0, 5.0, 20.0], np.ones(3))
    found = neighbors.realism(real, fake)
    assert np.all(np.diff(found) < 0.0) and found[0] > 1.0 > found[3]
    with pytest.raises(errors.UsageError, match="need 1 to 199"):
        neighbors.realism(real, fake, 200)
