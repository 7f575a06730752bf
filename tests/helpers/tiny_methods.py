"""A model of each kind that training on many devices must not change."""

import keras
import tiny

from tf_mmdgan import kernels
from tf_mmdgan.models import RatioMatchingModel
from tf_mmdgan.networks import layers
from tf_mmdgan.objectives import (
    WGAN,
    CramerGAN,
    GradientPenalty,
    Objective,
    ScaledMMD,
)
from tf_mmdgan.objectives.density_ratio import RatioMatching


def _adversarial(objective, scale=None, **settings):
    def make(dtype, optimizer, rate):
        made = objective()

        def scaled(rate):
            inner = optimizer(rate)
            return keras.optimizers.LossScaleOptimizer(inner, scale)

        return tiny.model(
            rate,
            dtype,
            batch_norm=True,
            norm=layers.BatchNormalization,
            optimizer=scaled if scale else optimizer,
            objective=made,
            outputs=1 if made.criterion.single_output else 2,
            critic_steps=1,
            **settings,
        )

    return make


def _gram(dtype, optimizer, rate):
    keras.utils.set_random_seed(1)
    made = RatioMatchingModel(
        tiny.generator(dtype, True, layers.BatchNormalization),
        tiny.critic(dtype),
        tiny.LATENTS,
        RatioMatching((1.0, 2.0), 0.1),
        seed=5,
    )
    made.compile(optimizer(rate), optimizer(rate), jit_compile=False)
    return made


# Functions, because some objectives start TensorFlow, whose devices are still
# to be told where this is imported.
METHODS = {
    "mmd": _adversarial(lambda: tiny.PENALISED_MMD),
    "mmd_clipped": _adversarial(lambda: tiny.PENALISED_MMD, clip_norm=0.05),
    "mmd_loss_scaled": _adversarial(lambda: tiny.PENALISED_MMD, scale=64.0),
    "smmd": _adversarial(lambda: Objective(ScaledMMD(kernels.Gaussian()))),
    "wgan_gp": _adversarial(lambda: Objective(WGAN(), [GradientPenalty(10.0)])),
    "cramer": _adversarial(
        lambda: Objective(CramerGAN("energy"), [GradientPenalty(10.0)])
    ),
    "gram": _gram,
}


def model(name, dtype, optimizer=keras.optimizers.Adam, rate=0.001):
    """A compiled model, with batch normalisation in its generator."""
    return METHODS[name](dtype, optimizer, rate)
