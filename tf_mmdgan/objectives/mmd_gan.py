"""MMD GAN with a gradient penalty on the witness function.

Binkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs".
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from tf_mmdgan import distribution, mmd, penalties
from tf_mmdgan.distribution import Draw
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.objectives.protocol import Batch, Critic, Loss


@dataclasses.dataclass(frozen=True)
class MMDGAN:
    """The critic maximises MMD^2 of its features, the generator minimises it.

    critic:    -MMD^2_u(h(X), h(Y)) + gradient_penalty * P + feature_penalty * L
    generator:  MMD^2_u(h(X), h(Y))
    P = mean_i (||grad f(x_i)|| - 1)^2, f the witness function of the batch, at
    points x_i between real and generated images; L = the sum over layers,
    output included, of the mean squared activation on X plus that on Y.

    Binkowski et al. 2018, section 3. The MMD is that of the global batch.

    Attributes:
      kernel: on the critic's features.
      gradient_penalty: weight of P, >= 0.
      feature_penalty: weight of L, >= 0.
    """

    kernel: Kernel
    gradient_penalty: float
    feature_penalty: float

    fakes_per_real: ClassVar[int] = 1

    @property
    def needs_independent_examples(self) -> bool:
        """See `Objective.needs_independent_examples`."""
        return self.gradient_penalty > 0

    @staticmethod
    def published(kernel: str | None) -> Mapping[str, Any]:
        """Settings of Binkowski et al. 2018, section 5 and footnote 19."""
        if kernel == "distance":
            return {
                "kernel": kernel,
                "critic_output": 256,
                "gradient_penalty": 10.0,
                "feature_penalty": 1e-4,
            }
        return {
            "kernel": kernel or "rq_linear",
            "critic_output": 16,
            "gradient_penalty": 1.0,
            "feature_penalty": 1.0,
        }

    def critic_loss(
        self, critic: Critic, real: Batch, fakes: Sequence[Batch], draw: Draw
    ) -> Loss:
        """See `Objective.critic_loss`."""
        (fake,) = fakes
        output = critic.both(real, fake)
        x, y = map(distribution.gather, tf.split(output.features, 2))
        mmd2 = mmd.mmd2_unbiased(mmd.gram_matrices(self.kernel, x, y))

        value, terms = -mmd2, {"mmd2": mmd2}
        if self.gradient_penalty:
            penalty = self._witness_penalty(critic, real, fake, x, y, draw)
            value += self.gradient_penalty * penalty
            terms["gradient_penalty"] = penalty
        if self.feature_penalty:
            # The mean over both is half the sum of their means.
            penalty = 2.0 * penalties.feature_l2(
                [*output.activations, output.features]
            )
            value += self.feature_penalty * penalty
            terms["feature_penalty"] = penalty
        return Loss(value, terms)

    def generator_loss(
        self, critic: Critic, real: Batch, fakes: Sequence[Batch], draw: Draw
    ) -> Loss:
        """See `Objective.generator_loss`."""
        del draw
        (fake,) = fakes
        # Two calls: nothing is differentiated through the real images.
        x = distribution.gather(critic(real).features)
        y = distribution.gather(critic(fake).features)
        mmd2 = mmd.mmd2_unbiased(mmd.gram_matrices(self.kernel, x, y))
        return Loss(mmd2, {"mmd2": mmd2})

    def _witness_penalty(
        self,
        critic: Critic,
        real: Batch,
        fake: Batch,
        x: tf.Tensor,
        y: tf.Tensor,
        draw: Draw,
    ) -> tf.Tensor:
        weights = draw.uniform(
            distribution.INTERPOLATION, tf.shape(real.images)[0]
        )
        points = penalties.interpolate(real.images, fake.images, weights)

        def witness(images: tf.Tensor) -> tf.Tensor:
            features = critic(Batch(images, real.labels)).features
            return penalties.witness(self.kernel, features, x, y)

        norms = penalties.gradient_norms(witness, points)
        # The paper's images are in [0, 1]: a gradient there is twice ours.
        return penalties.two_sided(2.0 * norms)
