import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import gradient_bias


def test_the_population_value_is_an_integral():
    d = np.linspace(-15, 15, 20_001)

    def mean_kernel(shift):
        """E k for a difference of law N(shift, 2)."""
        density = np.exp(-((d - shift) ** 2) / 4) / np.sqrt(4 * np.pi)
        return np.trapezoid(density * np.exp(-(d**2) / 2), d)

    value, slope = gradient_bias.population()
    assert abs(value - 2 * (mean_kernel(0) - mean_kernel(1))) < 1e-9
    above, below = (gradient_bias.population(1 + h)[0] for h in (1e-6, -1e-6))
    assert abs(slope - (above - below) / 2e-6) < 1e-8


def test_the_expected_estimate_is_that_of_simulated_critics():
    theta = np.array([-0.5, 0.0, 0.2])
    expected = gradient_bias.expected_estimate(theta, 4)
    found = gradient_bias.simulated_estimate(
        theta, 4, 100_000, np.random.default_rng(0)
    )
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert (expected <= np.abs(theta)).all()


@pytest.mark.parametrize("degree, error", [(1, 0.25), (2, 0.0625)])
def test_best_polynomials_of_low_degree(degree, error):
    found = gradient_bias.polynomial_error(degree, points=201)
    assert abs(found - error) < 1e-4


def test_minibatch_gradients_are_those_of_single_batches():
    found = gradient_bias.minibatch_gradients(3, seed=5)
    noise = np.random.default_rng(5).normal(size=(3, 2, 4, 1))[1, ..., 0]

    def unbiased(shift):
        x, y = noise[0], noise[1] + shift
        xx, xy, yy = (
            np.exp(-((u[:, None] - v) ** 2) / 2)
            for u, v in ((x, x), (x, y), (y, y))
        )
        within = (xx.sum() + yy.sum() - 8) / 12
        return within - 2 * xy.mean()

    slope = (unbiased(1 + 1e-5) - unbiased(1 - 1e-5)) / 2e-5
    assert abs(found["unbiased"][1] - slope) < 1e-8
