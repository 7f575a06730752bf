"""Terms that may be added to the critic's loss of any criterion.

Each is a frozen value, whose `penalty` is called in replica context. Gradient
penalties bound the slope of the criterion's witness, the function by which the
criterion tells real from generated images.
"""

import abc
import dataclasses
from collections.abc import Sequence
from typing import ClassVar, Literal, Protocol, runtime_checkable

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Purpose
from tf_mmdgan.objectives import gradients
from tf_mmdgan.objectives.annealing import CONSTANT, Annealing
from tf_mmdgan.objectives.criterion import (
    Batch,
    Comparison,
    Criterion,
    Side,
    present,
)
from tf_mmdgan.objectives.critic_form import CriticForm


class Regularizer(abc.ABC):
    """A term of the critic's loss; yours is a frozen dataclass too.

        >>> @dataclasses.dataclass(frozen=True)
        ... class OutputPenalty(tm.Regularizer):
        ...     weight: float
        ...
        ...     def penalty(self, criterion, seen):
        ...         return tf.reduce_mean(tf.square(seen.x))
        >>> tm.Objective(tm.WGAN(), [OutputPenalty(0.1)]).regularizers
        (OutputPenalty(weight=0.1),)

    Attributes:
      weight: what the term is multiplied by.
      needs_independent_examples: as in `Criterion`.
      takes_deviation: whether, although it needs independent examples, it
        goes together with a `MinibatchDeviation`.
      is_mean_of_examples: whether the term is a mean over the examples of the
        batch, each of which may be compared with all features `seen.x` and
        `seen.ys`: then it is the mean of what parts of the batch have.
    """

    weight: float
    needs_independent_examples: ClassVar[bool] = False
    takes_deviation: ClassVar[bool] = False
    is_mean_of_examples: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What the term is called in the logs; by default as its class."""
        return type(self).__name__

    def check(  # noqa: B027
        self, criterion: Criterion, critic: CriticForm
    ) -> None:
        """Refuses criteria and critics that the term is not for: none.

        Raises:
          UsageError: with the reason.
        """

    @abc.abstractmethod
    def penalty(self, criterion: Criterion, seen: Comparison) -> tf.Tensor:
        """The term before its weight, a scalar."""


_FUNCTIONS = dict.fromkeys(("witness", "critic", "outputs"))
_SIDES = {"real": "r1", "fake": "r2"}
_AXES = {"image": None, "rows": [1], "channels": [3]}


@dataclasses.dataclass(frozen=True)
class GradientPenalty(Regularizer):
    """mean_i (||grad f(x_i)|| - 1)^2 at points between real and fake images.

    f is the criterion's witness. For an MMD that is its witness function, and
    this is the penalty of Binkowski et al. 2018; for a critic with one output
    it is that output, and this is the penalty of Gulrajani et al. 2017.
    Gradients are with respect to pixels in [0, 1], and norms are over the whole
    image.

        >>> objective = tm.Objective(tm.WGAN(), tm.GradientPenalty(10.0))
        >>> objective.regularizers[0].function
        'witness'

    Attributes:
      weight: lambda, >= 0.
      function: "witness", or "critic" for the critic's single output itself,
        or "outputs" for the sum of its outputs, as Ansari et al. 2020 have it.
      norm: over the "image"; or, as published codes have it, over its "rows"
        or its "channels" alone, and then averaged over the rest.
      epsilon: under the root, see `gradients.gradient_norms`.
    """

    weight: float
    function: Literal["witness", "critic", "outputs"] = "witness"
    norm: Literal["image", "rows", "channels"] = "image"
    epsilon: float = 1e-12

    name: ClassVar[str] = "gradient_penalty"
    needs_independent_examples: ClassVar[bool] = True
    is_mean_of_examples: ClassVar[bool] = True

    def __post_init__(self):
        errors.check_at_least(0.0, weight=self.weight, epsilon=self.epsilon)
        errors.pick(_FUNCTIONS, self.function, "penalised function")
        errors.pick(_AXES, self.norm, "norm")

    def check(self, criterion: Criterion, critic: CriticForm) -> None:
        """See `Regularizer.check`."""
        del criterion
        if self.function == "critic" and critic.output_width != 1:
            raise errors.UsageError(
                "The function critic is a single output, not "
                f"{critic.output_width}: penalise the witness, or give the "
                "critic one output.",
                setting="penalized_function",
            )

    def penalty(self, criterion: Criterion, seen: Comparison) -> tf.Tensor:
        """See `Regularizer.penalty`."""
        real, fake = seen.real.images, seen.fakes[0].images
        weights = seen.update.uniform(Purpose.INTERPOLATION, tf.shape(real)[0])
        points = gradients.interpolate(real, fake, weights)
        features = seen.features_at(seen.real)

        def function(images: tf.Tensor) -> tf.Tensor:
            if self.function != "witness":
                return tf.reduce_sum(features(images), axis=1)
            return criterion.witness(features(images), seen)

        axes = _AXES[self.norm]
        if axes is not None and points.shape.rank != 4:
            raise errors.UsageError(
                f"The gradient's norm over {self.norm} is for images, not for "
                f"arrays of shape {points.shape[1:]}."
            )
        norms = gradients.gradient_norms(function, points, axes, self.epsilon)
        return two_sided(norms)


@dataclasses.dataclass(frozen=True)
class ZeroCentredPenalty(Regularizer):
    """E ||grad f||^2 / 2 on one side's images: R1 on real, R2 on generated.

    f is the criterion's witness, and gradients are with respect to pixels in
    [0, 1]. Mescheder, Geiger, Nowozin 2018, "Which training methods for GANs do
    actually converge?", eqs. 9 and 10; their code multiplies E ||grad f||^2 by
    the weight, without the 1/2.

    The gradient is that of the sum of f over the batch. Beside a
    `MinibatchDeviation`, by which f of an image depends on others, it has these
    cross terms too, as in the code of StyleGAN2.

        >>> tm.ZeroCentredPenalty(10.0, "fake").name
        'r2'

    Attributes:
      weight: gamma, >= 0.
      side: "real" for R1, "fake" for R2.
    """

    weight: float
    side: Side

    needs_independent_examples: ClassVar[bool] = True
    takes_deviation: ClassVar[bool] = True
    is_mean_of_examples: ClassVar[bool] = True

    def __post_init__(self):
        errors.check_at_least(0.0, weight=self.weight)
        errors.pick(_SIDES, self.side, "side")

    @property
    def name(self) -> str:
        """r1 or r2."""
        return _SIDES[self.side]

    def penalty(self, criterion: Criterion, seen: Comparison) -> tf.Tensor:
        """See `Regularizer.penalty`."""
        batch = seen.real if self.side == "real" else seen.fakes[0]
        return 0.5 * tf.reduce_mean(witness_squares(criterion, seen, batch))


@runtime_checkable
class NoiseLimited(Protocol):
    """A criterion whose loss under a little instance noise is known.

    To first order in the noise's variance it is the loss without noise and a
    weighted mean of squared slopes of the critic.
    """

    def noise_curvatures(
        self, real: tf.Tensor, fake: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Weights of the squared slopes at real and generated images, [b] each.

        Args:
          real: the critic's output for real images, [b].
          fake: that for generated images, [b].
        """


@dataclasses.dataclass(frozen=True)
class NoisePenalty(Regularizer):
    """What a little instance noise does to the loss: weight / 2 Omega_f.

    Omega_f = E[w_x(f(X)) ||grad f(X)||^2] + E[w_y(f(Y)) ||grad f(Y)||^2]

    with the criterion's curvatures w. For a GAN with D = sigmoid(f) they are
    (1 - D)^2 and D^2. The weight is the variance of the noise, on images in
    [0, 1], and may fall over the run. Roth, Lucchi, Nowozin, Hofmann 2017,
    "Stabilizing training of generative adversarial networks through
    regularization", eqs. 15 and 24.

        >>> tm.NoisePenalty(0.1, tm.Annealing(1000)).weight
        0.1

    Attributes:
      weight: the variance gamma at the start, >= 0.
      annealing: how the variance falls, to a hundredth.
    """

    weight: float
    annealing: Annealing = CONSTANT

    name: ClassVar[str] = "noise_penalty"
    needs_independent_examples: ClassVar[bool] = True
    is_mean_of_examples: ClassVar[bool] = True

    def __post_init__(self):
        errors.check_at_least(0.0, weight=self.weight)
        errors.check_type("annealing", self.annealing, Annealing)

    def check(self, criterion: Criterion, critic: CriticForm) -> None:
        """See `Regularizer.check`."""
        del critic
        _with_curvatures(criterion)

    def penalty(self, criterion: Criterion, seen: Comparison) -> tf.Tensor:
        """See `Regularizer.penalty`."""
        curvatures = _with_curvatures(criterion).noise_curvatures(
            present(seen.real_features, "real_features")[:, 0],
            seen.fake_features[0][:, 0],
        )
        omega = sum(
            tf.reduce_mean(weights * witness_squares(criterion, seen, batch))
            for weights, batch in zip(
                curvatures, (seen.real, seen.fakes[0]), strict=True
            )
        )
        factor = tf.cast(self.annealing.factor(seen.update.step), omega.dtype)
        return 0.5 * factor**2 * omega


def _with_curvatures(criterion: object) -> NoiseLimited:
    if isinstance(criterion, NoiseLimited):
        return criterion
    raise errors.UsageError(
        "The noise penalty is the small-noise limit of GANs and f-GANs; "
        f"{type(criterion).__name__} has none. Use instance noise, or R1.",
        setting="noise_penalty",
    )


@dataclasses.dataclass(frozen=True)
class FeaturePenalty(Regularizer):
    """Sum over layers, output included, of the mean squared activation.

    The sums for real and for generated images are added. Binkowski et al. 2018,
    footnote 19.

        >>> objective = tm.Objective(tm.MMDGAN("rbf"), tm.FeaturePenalty(1.0))
        >>> objective.regularizers
        (FeaturePenalty(weight=1.0),)

    Attributes:
      weight: >= 0.
    """

    weight: float

    name: ClassVar[str] = "feature_penalty"
    is_mean_of_examples: ClassVar[bool] = True

    def __post_init__(self):
        errors.check_at_least(0.0, weight=self.weight)

    def check(self, criterion: Criterion, critic: CriticForm) -> None:
        """See `Regularizer.check`."""
        del criterion
        if not critic.activations:
            raise errors.UsageError(
                "The feature penalty is on hidden layers too: a critic returns "
                'them as {"features": [b, d], "activations": [...]}.',
                setting="feature_penalty",
            )

    def penalty(self, criterion: Criterion, seen: Comparison) -> tf.Tensor:
        """See `Regularizer.penalty`."""
        del criterion
        output = present(seen.output, "output")
        layers = [*output.activations, output.features]
        # Times the number of batches, for their means are added, and this one
        # is over the rows of all of them.
        return (1.0 + len(seen.fakes)) * feature_l2(layers)


def witness_squares(
    criterion: Criterion, seen: Comparison, batch: Batch
) -> tf.Tensor:
    """||grad f||^2 of the witness f at each image of a batch: [b].

    Gradients are with respect to pixels in [0, 1].
    """
    features = seen.features_at(batch)
    return gradients.gradient_squares(
        lambda images: criterion.witness(features(images), seen), batch.images
    )


def two_sided(norms: tf.Tensor) -> tf.Tensor:
    """mean((norms - 1)^2), a scalar. Gulrajani et al. 2017, eq. 3."""
    return tf.reduce_mean(tf.square(norms - 1.0))


def feature_l2(activations: Sequence[tf.Tensor]) -> tf.Tensor:
    """Sum over layers of the mean squared activation, a scalar.

    Args:
      activations: [b, ...] each; mean over examples and all units.

    Binkowski et al. 2018, appendix on the L2 penalty.
    """
    # The mean of many squares overflows half precision.
    wide = [
        a if a.dtype.size >= 4 else tf.cast(a, tf.float32) for a in activations
    ]
    return tf.add_n([tf.reduce_mean(tf.square(a)) for a in wide])
