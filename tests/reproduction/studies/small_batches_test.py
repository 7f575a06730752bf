import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import small_batches


def test_population_gradients_are_derivatives():
    def values(s):
        return (1 + 2 * s**2) ** -0.5, (2 + s**2) ** -0.5

    above, below = np.array([values(0.8 + h) for h in (1e-6, -1e-6)])
    np.testing.assert_allclose(
        small_batches.population_gradient(), (above - below) / 2e-6, atol=1e-8
    )


@pytest.mark.parametrize("estimator", ["U", "V"])
def test_one_batch_is_differentiated_right(estimator):
    found = small_batches.simulated_gradients(3, 2, np.random.default_rng(4))
    x, z = np.random.default_rng(4).normal(size=(2, 2, 3))[:, 0]

    def estimate(scale):
        y = scale * z
        within = np.exp(-((y[:, None] - y) ** 2) / 2).sum()
        cross = np.exp(-((y[:, None] - x) ** 2) / 2).mean()
        pairs = (within - 3) / 6 if estimator == "U" else within / 9
        return pairs - 2 * cross

    slope = (estimate(0.8 + 1e-6) - estimate(0.8 - 1e-6)) / 2e-6
    assert abs(found[estimator][0] - slope) < 1e-8
