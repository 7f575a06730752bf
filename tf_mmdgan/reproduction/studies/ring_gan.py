"""One small GAN on the ring of eight Gaussians, with its weights given.

What is here is of one run; `ring_gans` maps it over many.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tf_mmdgan.distribute import Purpose, Update
from tf_mmdgan.kernels import Gaussian
from tf_mmdgan.networks import subspaces
from tf_mmdgan.objectives import (
    GAN,
    MMDGAN,
    WGAN,
    Batch,
    CriticOutput,
    GradientPenalty,
    Objective,
    Scale,
    ScaledMMD,
)
from tf_mmdgan.objectives.criterion import concatenate

SLOPE = 0.2  # of the critic's units below zero


# The penalty's weight for points in the plane is that of the code of Gulrajani
# et al. 2017; the scale that of the code of Arbel et al. 2018.
OBJECTIVES: dict[str, Objective] = {
    "gan": Objective(GAN("non_saturating")),
    "wgan": Objective(WGAN()),
    "wgan_gp": Objective(WGAN(), [GradientPenalty(0.1)]),
    "mmd_gp": Objective(MMDGAN(Gaussian()), [GradientPenalty(0.1)]),
    "smmd": Objective(ScaledMMD(Gaussian(), scale=Scale("code"))),
}


@dataclasses.dataclass(frozen=True)
class Group:
    """What is common to the runs of a group.

    Attributes:
      objective: of `OBJECTIVES`.
      critic_steps: before each step of the generator.
      generator_width: of its two hidden layers.
      critic_width: of its two hidden layers.
      critic_output: number of features.
      spectral_norm: whether the critic's layers have norm 1.
      learnable_scale: whether that norm is learnt, beginning at 1.
      weight_clip: bound on the critic's weights; None: no bound.
      latent_size: width of the normal noise.
      batch_size: of both kinds of points.
    """

    objective: str
    critic_steps: int = 5
    generator_width: int = 64
    critic_width: int = 64
    critic_output: int = 1
    spectral_norm: bool = False
    learnable_scale: bool = False
    weight_clip: float | None = None
    latent_size: int = 8
    batch_size: int = 64


class RingWeights(NamedTuple):
    """Weights of one run; or variables of all runs, with a leading axis."""

    generator: Sequence[Any]  # kernels [in, out] and biases [1, out], in turn
    critic: Sequence[Any]  # likewise
    scales: Sequence[Any]  # norms of the critic's normalised layers, [1, 1]
    left: Sequence[Any]  # u of each, [1, out], see `subspaces.power_steps`
    right: Sequence[Any]  # v of each, [1, in]


class Draws(NamedTuple):
    """Random numbers of one update of one run."""

    real: tf.Tensor  # [b, 2], points of the ring
    noise: tf.Tensor  # [b, latent_size]
    mix: tf.Tensor  # [b], in [0, 1)


@dataclasses.dataclass(frozen=True)
class _DrawnUpdate(Update):
    """An update that has its random numbers from `Draws`."""

    mix: tf.Tensor = dataclasses.field(kw_only=True)

    def uniform(self, purpose: Purpose, count: int) -> tf.Tensor:
        """See `Update.uniform`."""
        del purpose, count
        return self.mix


class _Critic:
    """One run's critic as an objective sees it: `objectives.Critic`."""

    multiplier: keras.Variable  # of no objective here
    frequency_scales: None = None
    denoiser: None = None
    adaptation: None = None

    def __init__(self, group: Group, state: RingWeights):
        self._kernels = critic_kernels(group, state)
        self._biases = state.critic[1::2]

    def __call__(self, batch: Batch) -> CriticOutput:
        points = apply_layers(batch.images, self._kernels, self._biases, SLOPE)
        return CriticOutput(points, [])

    def joint(self, *batches: Batch) -> CriticOutput:
        return self(concatenate(*batches))

    def clip_weights(self, bound: float) -> None:
        raise NotImplementedError("Runs.train clips those of all runs.")


def critic_kernels(group: Group, state: RingWeights) -> list[tf.Tensor]:
    """One run's critic: the matrices of its layers as they act, [in, out]."""
    kernels = state.critic[::2]
    if not group.spectral_norm:
        return list(kernels)
    return [
        scale * kernel / subspaces.largest_singular_value(Dense(kernel), u, v)
        for kernel, scale, u, v in zip(
            kernels, state.scales, state.left, state.right, strict=True
        )
    ]


class Dense(NamedTuple):
    """x -> x kernel of rows, a `subspaces.LinearMap`."""

    kernel: tf.Tensor

    def __call__(self, x: tf.Tensor, adjoint: bool = False) -> tf.Tensor:
        """The rows mapped, or mapped by the transpose."""
        return tf.matmul(x, self.kernel, transpose_b=adjoint)


def generate(state: RingWeights, noise: tf.Tensor) -> tf.Tensor:
    """The generator's points, of one run or of all with a leading axis."""
    return apply_layers(noise, state.generator[::2], state.generator[1::2], 0.0)


def apply_layers(
    points: tf.Tensor,
    kernels: Sequence[tf.Tensor],
    biases: Sequence[tf.Tensor],
    slope: float,
) -> tf.Tensor:
    """A network's outputs, of one run or of all with a leading axis."""
    for i, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        points = tf.matmul(points, kernel) + bias
        if i < len(kernels) - 1:
            points = tf.maximum(points, slope * points)
    return points


def gradients_of(
    group: Group, of_critic: bool, state: RingWeights, draws: Draws
) -> list[tf.Tensor]:
    """One run's gradients with respect to the weights of one of its players."""
    objective = OBJECTIVES[group.objective]
    update = _DrawnUpdate(0, tf.constant(0, tf.int64), mix=draws.mix)
    trained = trained_weights(group, of_critic, state)
    with tf.GradientTape() as tape:
        tape.watch(trained)
        critic, real = _Critic(group, state), Batch(draws.real)
        fake = Batch(generate(state, draws.noise))
        loss = objective.critic_loss if of_critic else objective.generator_loss
        value = loss(critic, real, [fake], update).value
    return tape.gradient(value, trained)


def trained_weights(
    group: Group, of_critic: bool, state: RingWeights
) -> list[Any]:
    """What the optimizer of one of the players moves."""
    if not of_critic:
        return list(state.generator)
    scales = state.scales if group.learnable_scale else []
    return [*state.critic, *scales]
