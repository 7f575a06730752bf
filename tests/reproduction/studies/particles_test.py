import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import particles


def kernel_sum(u, v):
    return np.exp(-((u[:, None] - v[None]) ** 2).sum(-1)).sum()


def critic_loss(real, fake, loss):
    within = kernel_sum(real, real), kernel_sum(fake, fake)
    if loss == "repulsive":
        return within[0] - within[1]
    return 2 * kernel_sum(real, fake) - sum(within)


def numerical(function, points):
    result = np.zeros_like(points)
    for index in np.ndindex(points.shape):
        step = np.zeros_like(points)
        step[index] = 1e-6
        change = function(points + step) - function(points - step)
        result[index] = change / 2e-6
    return result


@pytest.mark.parametrize("loss", particles.LOSSES)
def test_all_particles_descend_the_critics_loss(loss):
    real, fake = np.random.default_rng(0).normal(size=(2, 3, 2))
    found = particles.critic_gradients(real, fake, loss)
    expected = (
        -numerical(lambda r: critic_loss(r, fake, loss), real),
        -numerical(lambda f: critic_loss(real, f, loss), fake),
    )
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_generated_particles_descend_the_generators_loss():
    real, fake = np.random.default_rng(0).normal(size=(2, 3, 2))
    expected = -numerical(
        lambda f: kernel_sum(f, f) - 2 * kernel_sum(real, f), fake
    )
    found = particles.generator_gradient(real, fake)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_measures():
    points = np.array([[0.0, 0], [2, 0]])
    assert particles.spread(points) == 1.0
    assert particles.unmatched(points, points[:1]) == 1.0
