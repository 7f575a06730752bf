import numpy as np
import pytest
import smooth
import tensorflow as tf
from scipy import special

from tf_mmdgan.objectives import (
    FGAN,
    GAN,
    Batch,
    CriticOutput,
    InstanceNoise,
    NoisePenalty,
    Objective,
)
from tf_mmdgan.objectives.f_divergences import DIVERGENCES


class FixedNoise:
    """An update whose noise is given."""

    number = step = tf.constant(0, tf.int64)

    def __init__(self, noise):
        self.noise = noise

    def normal(self, purpose, count, shape, index=0):
        return tf.constant(np.reshape(self.noise, [-1, *shape]))

    def gather(self, rows):
        return rows


class LogitOfNormals(smooth.LinearCritic):
    """log p - log q for p = N(0, 1) and q = N(1, 1.2^2), through `inverse`."""

    def __call__(self, batch):
        t = batch.images
        logit = 0.5 * ((t - 1) ** 2 / 1.44 - t**2) + np.log(1.2)
        return CriticOutput(self.weights(logit), [])


def normal_quantiles(count):
    nodes = special.ndtri((np.arange(count) + 0.5) / count)
    return nodes / nodes.std()


# The critic's best output by the logarithm of the density ratio.
BEST = {
    "gan": (GAN("minimax"), lambda logit: logit),
    "f_gan gan": (FGAN(DIVERGENCES["gan"]), lambda logit: logit),
    "jensen_shannon": (
        FGAN(DIVERGENCES["jensen_shannon"]),
        lambda logit: logit,
    ),
    "squared_hellinger": (
        FGAN(DIVERGENCES["squared_hellinger"]),
        lambda logit: 0.5 * logit,
    ),
}


@pytest.mark.parametrize("variance", [0.01, 0.05])
@pytest.mark.parametrize("name", BEST)
def test_noise_penalty_is_the_limit_of_instance_noise(name, variance):
    """What noise adds to the loss of the best critic, by quadrature."""
    criterion, output = BEST[name]
    points, noise = normal_quantiles(800), normal_quantiles(40)
    real = np.repeat(points, len(noise))[:, None]
    fake = 1.2 * real + 1
    update = FixedNoise(np.tile(noise, len(points)))

    def loss(**parts):
        return Objective(criterion, **parts).critic_loss(
            LogitOfNormals(output),
            Batch(tf.constant(real)),
            [Batch(tf.constant(fake))],
            update,
        )

    plain = loss().value
    noisy = loss(instance_noise=InstanceNoise(variance**0.5)).value
    penalised = loss(regularizers=[NoisePenalty(variance)])
    added = float(penalised.value - plain)
    assert float(noisy - plain) == pytest.approx(added, rel=0.01)
    if name == "gan":
        omega = 2 * float(penalised.terms["noise_penalty"])
        assert omega == pytest.approx(0.30707, rel=0.002)
