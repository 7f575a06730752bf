import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import instance_noise


def test_the_penalty_of_the_gan_is_that_of_its_logits():
    """E_P (1 - D)^2 |a'|^2 + E_Q D^2 |a'|^2, Roth et al. 2017."""
    x = np.linspace(-10, 12, 200_001)
    p = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    q = np.exp(-((x - 1) ** 2) / 2.88) / np.sqrt(2.88 * np.pi)
    share, slope = p / (p + q), (x - 1) / 1.44 - x
    values = (p * (1 - share) ** 2 + q * share**2) * slope**2
    expected = np.trapezoid(values, x)
    assert abs(instance_noise.penalty("gan") - expected) < 1e-6


def test_kl_is_that_of_gaussians():
    for noise in (0.0, 0.2):
        p, q = 1 + noise, 1.44 + noise
        expected = 0.5 * (np.log(q / p) + (p + 1) / q - 1)
        assert abs(instance_noise.divergence("kl", noise) - expected) < 1e-9


@pytest.mark.parametrize("name", instance_noise.NAMES)
def test_little_noise_changes_the_divergence_by_the_penalty(name):
    change = instance_noise.divergence(name, 1e-4)
    change -= instance_noise.divergence(name)
    ratio = change / (-0.5e-4 * instance_noise.penalty(name))
    assert abs(ratio - 1) < 3e-3
