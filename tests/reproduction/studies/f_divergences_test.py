import numpy as np

from tf_mmdgan.reproduction.studies import f_divergences


def test_moments_are_those_of_the_density():
    x = np.linspace(-12, 12, 4001)
    density = np.exp(f_divergences.target())
    mean = np.trapezoid(x * density, x)
    std = np.sqrt(np.trapezoid((x - mean) ** 2 * density, x))
    assert abs(np.trapezoid(density, x) - 1) < 1e-9
    np.testing.assert_allclose(f_divergences.moments(), (mean, std), atol=1e-9)


def test_kl_is_minimised_by_the_moments():
    found = f_divergences.fit("kl")
    mean, std = f_divergences.moments()
    np.testing.assert_allclose((found["mean"], found["std"]), (mean, std), 1e-3)
    assert abs(found["variational"] - found["divergence"]) < 1e-6


def test_reverse_kl_is_the_mean_log_ratio():
    x = np.linspace(-12, 12, 4001)
    log_q = -(((x + 1) / 0.9) ** 2) / 2 - np.log(0.9 * np.sqrt(2 * np.pi))
    expected = np.trapezoid(np.exp(log_q) * (log_q - f_divergences.target()), x)
    found = f_divergences.divergence("reverse_kl", -1.0, 0.9)
    assert abs(found - expected) < 1e-9
    bound = f_divergences.variational("reverse_kl", -1.0, 0.9)
    assert abs(bound - expected) < 1e-6
