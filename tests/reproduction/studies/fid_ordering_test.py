import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import fid_ordering


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_moments_after_a_relu_are_those_of_samples(mean):
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, 3))
    covariance = mixing @ mixing.T + 0.2 * np.eye(3)
    factor = np.linalg.cholesky(covariance)
    samples = np.maximum(rng.normal(size=(400_000, 3)) @ factor.T + mean, 0)
    found = fid_ordering.relu_moments(mean, covariance)
    np.testing.assert_allclose(found.mean, samples.mean(0), rtol=0.01)
    expected = np.cov(samples, rowvar=False)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(
        found.covariance / scale, expected / scale, atol=0.01
    )


def test_more_samples_come_closer_to_the_truth():
    true, *found = fid_ordering.fid_curve(16, "P2", [40, 400, 6000], seed=0)
    errors = np.abs(np.array(found) - true)
    assert (np.diff(errors) < 0).all() and errors[-1] < 0.05 * true


def test_the_claim_fails_for_other_numbers():
    numbers = {
        "P1": {"true": 2.0, "fid": [3.0, 2.5]},
        "P2": {"true": 1.0, "fid": [3.5, 2.6]},
    }
    assert fid_ordering.holds(numbers)
    same = numbers | {"P1": {"true": 0.9, "fid": [3.0, 2.5]}}
    assert not fid_ordering.holds(same)
    right = numbers | {"P2": {"true": 1.0, "fid": [3.5, 2.4]}}
    assert not fid_ordering.holds(right)
