"""Criteria divided by the critic's size and slope.

Arbel, Sutherland, Binkowski, Gretton 2018, "On gradient regularizers for MMD
GANs", https://arxiv.org/abs/1805.11565
"""

import dataclasses
from typing import ClassVar, Literal

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Purpose
from tf_mmdgan.kernels import Kernel, Linear
from tf_mmdgan.mmd.constrained.scale import scaled_mmd_square, scaled_mmd_terms
from tf_mmdgan.objectives import gradients
from tf_mmdgan.objectives.criterion import Batch, Comparison, Loss
from tf_mmdgan.objectives.mmd_gan import MMDGAN
from tf_mmdgan.objectives.wasserstein import WGAN

# Of the published code, by pixels in [0, 1].
_COEFFICIENT = 10.0
_CHOICES = {
    "form": ("code", "paper"),
    "measure": ("real", "mixture", "noise"),
    "jacobian": ("exact", "hutchinson"),
}


@dataclasses.dataclass(frozen=True)
class Scale:
    """sigma^2 of the Scaled MMD for the critic of an update.

        >>> tm.Scale("paper", offset=1.0, measure="mixture")
        Scale(form='paper', offset=1.0, measure='mixture', jacobian='exact')

    Attributes:
      form: "code", that of the published code, 1 / (10 E ||J||^2 + 1), which
        leaves k(x, x) and the kernel's constant out, but has E f^2 beside
        ||J||^2 for the linear kernel; or "paper", its section 3.
      offset: lambda of the paper's form, > 0; None: 1.
      measure: images at which the critic's slope is taken: "real" ones, as in
        the paper's experiments; "mixture", one half of real, one half of
        generated images; "noise", images of independent N(0, 10^2) pixels on
        the scale of [0, 1].
      jacobian: "exact", one backward pass per output of the critic;
        "hutchinson", an unbiased estimate in one pass for all.
    """

    form: Literal["code", "paper"] = "code"
    offset: float | None = None
    measure: Literal["real", "mixture", "noise"] = "real"
    jacobian: Literal["exact", "hutchinson"] = "exact"

    def __post_init__(self):
        for name, known in _CHOICES.items():
            errors.pick(dict.fromkeys(known), getattr(self, name), name)
        if self.offset is not None:
            errors.check_above(0.0, offset=self.offset)
        if self.form == "code" and self.offset is not None:
            raise errors.UsageError(
                f"offset={self.offset}: the form code has no lambda; the form "
                "paper has.",
                setting="scale_offset",
            )

    def check(self, kernel: Kernel) -> None:
        """Refuses kernels for which this scale is not defined.

        Raises:
          UsageError: naming the reason.
        """
        # Known without arithmetic, which would start TensorFlow where published
        # settings are made, and its devices could not be chosen any more.
        if kernel.derivative_constant is not None:
            return
        probe, full = tf.zeros([1, 2]), self.jacobian == "exact"
        squares = tf.zeros([1, 2, 2] if full else [1])
        try:
            kernel.derivative_trace(probe, squares)
        except ValueError as error:
            remedy = "" if full else " With an exact Jacobian it may have one."
            raise errors.UsageError(
                f"The kernel has no Scaled MMD: {error}{remedy}",
                setting="kernel",
            ) from None

    def square(self, kernel: Kernel, seen: Comparison) -> tf.Tensor:
        """sigma^2, a scalar, over the batch that the loss is of."""
        batch = self._points(seen)
        features = seen.features_at(batch)
        if self.jacobian == "exact":
            h, squares = gradients.jacobian_products(features, batch.images)
        else:
            width = seen.fake_features[0].shape[1]
            signs = seen.update.signs(
                Purpose.PROBES, tf.shape(batch.images)[0], width
            )
            h, squares = gradients.estimated_jacobian_squares(
                features, batch.images, signs
            )
        if self.form == "code":
            if self.jacobian == "exact":
                squares = tf.linalg.trace(squares)
            if isinstance(kernel, Linear):
                squares += kernel.diagonal(h)
            (squares,) = seen.update.gather([squares])
            return 1.0 / (_COEFFICIENT * tf.reduce_mean(squares) + 1.0)
        (terms,) = seen.update.gather([scaled_mmd_terms(kernel, h, squares)])
        offset = 1.0 if self.offset is None else self.offset
        return scaled_mmd_square(terms, offset)

    def _points(self, seen: Comparison) -> Batch:
        if self.measure == "real":
            return seen.real
        if self.measure == "noise":
            images = seen.real.images
            noise = 10.0 * seen.update.normal(
                Purpose.MEASURE, tf.shape(images)[0], images.shape[1:]
            )
            unit = gradients.pixel_unit(images)
            noise = tf.cast(unit * noise - (unit - 1.0), images.dtype)
            return seen.real._replace(images=noise)
        coins = seen.update.uniform(
            Purpose.MEASURE, tf.shape(seen.real.images)[0]
        )
        # A pair of real and generated image has one label.
        half = gradients.interpolate(
            seen.real.images, seen.fakes[0].images, tf.floor(2.0 * coins)
        )
        return seen.real._replace(images=half)


DEFAULT_SCALE = Scale()


@dataclasses.dataclass(frozen=True)
class ScaledMMD(MMDGAN):
    """MMD GAN whose distance is scaled by the critic's slope.

    critic: -sigma^2 MMD^2_u,  generator: sigma^2 MMD^2_u

    The critic's gradient passes through sigma; for the generator sigma is a
    constant. Arbel et al. 2018, section 3.

        >>> criterion = tm.ScaledMMD("rbf", scale=tm.Scale("paper"))
        >>> criterion.scale.form
        'paper'

    Attributes:
      kernel: on the critic's features, differentiable at coinciding points.
      scale: how sigma is computed.
    """

    scale: Scale = DEFAULT_SCALE

    needs_independent_examples: ClassVar[bool] = True

    def __post_init__(self):
        super().__post_init__()
        errors.check_type("scale", self.scale, Scale)
        self.scale.check(self.kernel)

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        mmd2 = self._mmd2(seen)
        square = self.scale.square(self.kernel, seen)
        scaled = square * mmd2
        terms = {"mmd2": mmd2, "smmd2": scaled, "scale": square}
        return Loss(-scaled, terms)

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        mmd2 = self._mmd2(seen)
        square = tf.stop_gradient(self.scale.square(self.kernel, seen))
        return Loss(square * mmd2, {"mmd2": mmd2, "scale": square})


@dataclasses.dataclass(frozen=True)
class ScaledWGAN(WGAN):
    """WGAN scaled by the critic's values and slope, the linear kernel's sigma.

    critic: -sigma (E f(X) - E f(Y)),  generator: -sigma E f(Y)
    sigma^-2 = lambda + E_mu[f^2 + |grad f|^2]

    Arbel et al. 2018, section 3 and the experiments with SN-SWGAN.

        >>> tm.ScaledWGAN(tm.Scale(jacobian="hutchinson")).single_output
        True
    """

    scale: Scale = DEFAULT_SCALE

    needs_independent_examples: ClassVar[bool] = True

    def __post_init__(self):
        errors.check_type("scale", self.scale, Scale)

    def critic_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.critic_loss`."""
        loss = super().critic_loss(seen)
        root = tf.sqrt(self.scale.square(Linear(), seen))
        return Loss(root * loss.value, {**loss.terms, "scale": root})

    def generator_loss(self, seen: Comparison) -> Loss:
        """See `Criterion.generator_loss`."""
        loss = super().generator_loss(seen)
        root = tf.stop_gradient(tf.sqrt(self.scale.square(Linear(), seen)))
        return Loss(root * loss.value, {**loss.terms, "scale": root})
