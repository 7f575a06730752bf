"""Parzen windows against the formula, and against the true law."""

import numpy as np
import pytest

from tf_mmdgan import errors
from tf_mmdgan.metrics import METRICS, parzen


def test_log_densities_are_those_of_a_mixture_of_gaussians(rng):
    x, y = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + 100.0
    y[:2] = x[:2]
    sigmas = (0.5, 2.0)
    expected = np.empty((2, 7))
    for row, sigma in enumerate(sigmas):
        for i in range(7):
            exponents = -((x[i] - y) ** 2).sum(axis=1) / (2 * sigma**2)
            volume = (2 * np.pi * sigma**2) ** 1.5
            expected[row, i] = np.log(np.exp(exponents).mean() / volume)
    found = parzen.log_densities(x[:2], y, sigmas)
    np.testing.assert_allclose(found, expected[:, :2], rtol=1e-7)


def test_blocks_change_nothing(rng, monkeypatch):
    x, y = rng.normal(size=(9, 2)), rng.normal(size=(6, 2))
    whole = parzen.log_densities(x, y, [0.7])
    monkeypatch.setattr(parzen, "_BLOCK", 4)
    np.testing.assert_allclose(parzen.log_densities(x, y, [0.7]), whole)


def test_the_law_itself_comes_near_its_entropy(rng):
    test, validation, samples = (
        rng.normal(size=(n, 2)) for n in (500, 500, 4000)
    )
    value = parzen.parzen(test, validation, samples)
    entropy = np.log(2 * np.pi * np.e)
    assert abs(value.log_likelihood + entropy) < 4 * value.standard_error
    assert value.standard_error == pytest.approx(1 / np.sqrt(500), rel=0.2)
    wider = parzen.parzen(test, validation, 3.0 * samples)
    assert wider.log_likelihood < value.log_likelihood - 0.3


def test_bandwidth_is_the_one_that_is_best_on_the_validation_points(rng):
    test, validation, samples = (rng.normal(size=(n, 3)) for n in (40, 50, 60))
    sigmas = (0.1, 0.4, 1.6)
    value = parzen.parzen(test, validation, samples, sigmas)
    means = parzen.log_densities(validation, samples, sigmas).mean(axis=1)
    assert value.sigma == sigmas[means.argmax()]
    expected = parzen.log_densities(test, samples, [value.sigma])[0]
    assert value.log_likelihood == expected.mean()


def test_bandwidths_of_sorted_samples_are_those_of_all(rng, monkeypatch):
    monkeypatch.setattr(parzen, "_BLOCK", 50)
    places = np.array([0.0, 1e3, 2e3])
    samples, some = (
        np.repeat(places, n)[:, None] + rng.normal(size=(3 * n, 1))
        for n in (100, 10)
    )
    # The median is of pairs of two kinds, and no half octave below it is as
    # small as the distances within a kind.
    found = parzen.parzen(some, some + 0.1, samples)
    assert found.sigma > 5.0


def test_metric_takes_half_of_the_real_rows_for_the_bandwidth(rng):
    real, fake = rng.normal(size=(60, 2)), rng.normal(size=(50, 2))
    numbers = METRICS["parzen"](real, fake)
    value = parzen.parzen(real[::2], real[1::2], fake)
    assert numbers["parzen_log_likelihood"] == value.log_likelihood
    assert numbers["parzen_sigma"] == value.sigma


def test_bad_input(rng):
    rows = rng.normal(size=(5, 2))
    with pytest.raises(errors.UsageError, match="sigmas"):
        parzen.log_densities(rows, rows, [0.0])
    with pytest.raises(errors.DataError, match="samples are equal"):
        parzen.parzen(rows, rows, np.ones((5, 2)))
