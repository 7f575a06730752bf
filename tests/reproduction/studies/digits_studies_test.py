"""Formulas of the studies that score digits."""

import numpy as np

from tf_mmdgan.reproduction.studies import (
    inception_and_fid_failures as failures,
)
from tf_mmdgan.reproduction.studies import white_noise_likelihood as noise


def test_the_gaussian_has_the_very_moments():
    rng = np.random.default_rng(0)
    features = rng.exponential(size=(50, 3)) @ rng.normal(size=(3, 3))
    fake = failures.gaussian_with_moments_of(features, rng)
    np.testing.assert_allclose(fake.mean(0), features.mean(0), atol=1e-12)
    covariances = np.cov(fake.T), np.cov(features.T)
    np.testing.assert_allclose(*covariances, atol=1e-12)


def test_a_mixture_with_noise_loses_at_most_the_share():
    log_model = np.array([-2.0, -400.0, 5.0])
    found = noise.log_mixture(log_model, -3.0, 0.9)
    expected = np.log(0.1 * np.exp(log_model) + 0.9 * np.exp(-3.0))
    np.testing.assert_allclose(found, expected)
    assert (log_model - found <= np.log(10) + 1e-12).all()
