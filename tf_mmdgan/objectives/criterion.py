"""What an objective sees of a model, and what it gives back."""

import abc
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Update
from tf_mmdgan.objectives.critic_form import Denoiser

Part = TypeVar("Part")


class Batch(NamedTuple):
    """Images of one replica, with their labels.

    Attributes:
      images: [b, h, w, c] in [-1, 1].
      labels: [b], or None where there are none.
    """

    images: tf.Tensor
    labels: tf.Tensor | None = None


class CriticOutput(NamedTuple):
    """Everything that the critic computes of a batch.

    Attributes:
      features: the critic's output, [b, d].
      activations: of the critic's hidden layers, [b, ...] each, in order.
      reconstruction: the images as its decoder gives them back, [b, h, w, c];
        None for a critic without one.
      penultimate: what the last layer makes the features of, [b, p]; None for a
        critic that does not return it.
    """

    features: tf.Tensor
    activations: Sequence[tf.Tensor]
    reconstruction: tf.Tensor | None = None
    penultimate: tf.Tensor | None = None


class Loss(NamedTuple):
    """A loss to be minimised.

        >>> loss = tm.Loss(tf.constant(2.0), {"real": tf.constant(3.0)})
        >>> float(loss.value), sorted(loss.terms)
        (2.0, ['real'])

    Attributes:
      value: scalar; its mean over replicas is the loss of the global batch.
      terms: named scalars worth logging; the loss need not be their sum.
    """

    value: tf.Tensor
    terms: Mapping[str, tf.Tensor]

    @classmethod
    def of(cls, given: object, source: object) -> "Loss":
        """What a criterion or a regulariser returns, as a loss.

        Args:
          given: a `Loss`, or a scalar.
          source: of it, for the message.

        Raises:
          UsageError: for anything that is no scalar, in the terms too, and for
            a term that is called as the loss.
        """
        loss = given if isinstance(given, Loss) else cls(given, {})
        who = type(source).__name__
        errors.check_type("Loss.terms", loss.terms, Mapping)
        _check_scalar(loss.value, f"{who} returns ")
        for name, term in loss.terms.items():
            if not isinstance(term, numbers.Real):
                _check_scalar(term, f"{who} returns {name}=")
        if "loss" in loss.terms:
            raise errors.UsageError(
                f"{who} has a term called loss, as the log "
                "calls the loss itself: give it another name."
            )
        return loss


def _check_scalar(value: Any, whose: str) -> None:
    if not tf.is_tensor(value) or value.shape.rank not in (0, None):
        raise errors.UsageError(
            f"{whose}{errors.excerpt(value, 60)}, not a scalar tensor: take "
            "its mean over the batch."
        )


class Critic(Protocol):
    """The critic as an objective sees it."""

    # Lagrange multiplier of a criterion with a constraint; it is saved with the
    # critic's weights.
    multiplier: keras.Variable
    # Of an adaptive augmentation, [3]; None where there is none.
    adaptation: keras.Variable | None

    @property
    def frequency_scales(self) -> tf.Tensor | None:
        """What a layer multiplies features by that are compared by frequencies.

        [d], learnt with the critic; None where there is no such layer.
        """

    @property
    def denoiser(self) -> Denoiser | None:
        """That of what the critic's last layer is given; None without one."""

    def __call__(self, batch: Batch) -> CriticOutput:
        """The critic's output for one batch."""

    def joint(self, *batches: Batch) -> CriticOutput:
        """The critic's output for several batches of one size.

        The rows of the first batch come first. A critic in which examples do
        not interact takes all batches in one pass.
        """

    def clip_weights(self, bound: float) -> None:
        """Clips weights to [-bound, bound], but for decoder and denoiser."""


class Comparison(NamedTuple):
    """Images of one update, real and generated, and the critic's view of them.

    Attributes:
      critic: the critic, which may be asked about other images too.
      real: the real images of this replica.
      fakes: the generated images of this replica, in one or more batches.
      update: noise of this update, and what gathers rows of all replicas.
      output: what the critic computes of all batches together, the rows of
        `real` first; None in the generator's update.
      real_features: the critic's features of `real`, [b, d]; None where no
        part of the loss needs them.
      fake_features: the critic's features of each of `fakes`, [b, d].
      x: features of all real images that the loss is of, [n, d]: those of the
        global batch or of this replica (`Update.mmd_scope`); or None, as
        `real_features`.
      ys: the same for each batch of generated images, [n, d].
      penultimates: what the critic's last layer is given for `real` and then
        for each of `fakes`, [b, p] each, of this replica (`update.gather` has
        those of all); None where the critic has not seen the batch, or does
        not return it.
    """

    critic: Critic
    real: Batch
    fakes: Sequence[Batch]
    update: Update
    output: CriticOutput | None
    real_features: tf.Tensor | None
    fake_features: Sequence[tf.Tensor]
    x: tf.Tensor | None
    ys: Sequence[tf.Tensor]
    penultimates: Sequence[tf.Tensor | None] = ()

    @property
    def y(self) -> tf.Tensor:
        """Features of the first batch of generated images, mostly the only."""
        return self.ys[0]

    def features_at(self, batch: Batch) -> Callable[[tf.Tensor], tf.Tensor]:
        """The critic's features [b, d] as a function of images [b, ...].

        The function takes images in the place of those of `batch`, and keeps
        its labels: for gradients with respect to images.
        """

        def features(images: tf.Tensor) -> tf.Tensor:
            return self.critic(batch._replace(images=images)).features

        return features


def present(part: Part | None, name: str) -> Part:
    """A part of a `Comparison` that not every update has.

    Raises:
      ValueError: where this update has none.
    """
    if part is None:
        raise ValueError(
            f"Comparison.{name} is None: the generator's update has no joint "
            "output, and no real features if `generator_sees_real` is False."
        )
    return part


def joint_pass(
    critic: Critic, real: Batch, fakes: Sequence[Batch], update: Update
) -> Comparison:
    """The critic's update: the critic sees all batches in one pass."""
    output = critic.joint(real, *fakes)
    count = 1 + len(fakes)
    features = tf.split(output.features, count)
    x, *ys = update.gather(features)
    penultimates: Sequence[tf.Tensor | None] = [None] * count
    if output.penultimate is not None:
        penultimates = tf.split(output.penultimate, count)
    return Comparison(
        critic, real, fakes, update, output, features[0], features[1:], x, ys,
        penultimates,
    )  # fmt: skip


def separate_passes(
    critic: Critic,
    real: Batch,
    fakes: Sequence[Batch],
    update: Update,
    needs_real: bool,
) -> Comparison:
    """The generator's update: the critic sees each batch in a pass of its own.

    Nothing is differentiated through the real images, so that the gradient
    passes through the generated ones alone.

    Args:
      critic: that sees them.
      real: batch of this replica.
      fakes: batches of this replica.
      update: this update.
      needs_real: whether the loss depends on the real images; otherwise the
        critic is not shown them.
    """
    of_real = critic(real) if needs_real else None
    of_fakes = [critic(fake) for fake in fakes]
    y_rows = [output.features for output in of_fakes]
    if of_real is not None:
        x_rows = of_real.features
        x, *ys = update.gather([x_rows, *y_rows])
    else:
        x_rows, x, ys = None, None, update.gather(y_rows)
    penultimates = [
        output and output.penultimate for output in (of_real, *of_fakes)
    ]
    return Comparison(
        critic, real, fakes, update, None, x_rows, y_rows, x, ys, penultimates
    )


class Criterion(abc.ABC):
    """The losses of critic and generator; yours is a frozen dataclass too.

        >>> @dataclasses.dataclass(frozen=True)
        ... class MeanDistance(tm.Criterion):
        ...     def critic_loss(self, seen):
        ...         return -self.generator_loss(seen)
        ...
        ...     def generator_loss(self, seen):
        ...         real = tf.reduce_mean(seen.x, axis=0)
        ...         return tf.norm(real - tf.reduce_mean(seen.y, axis=0))
        ...
        ...     def witness(self, features, seen):
        ...         mean = tf.reduce_mean(seen.x - seen.y, axis=0)
        ...         return tf.linalg.matvec(features, mean)
        >>> objective = tm.Objective(MeanDistance(), tm.GradientPenalty(1.0))
        >>> objective.criterion
        MeanDistance()

    A field with the name of a setting of methods gets the value of that
    setting. Losses are a `Loss`, or a scalar alone.

    Attributes:
      fakes_per_real: independent batches of generated images for each real one.
      single_output: whether the critic must have a single output.
      needs_decoder: whether the critic must have a decoder.
      learns_frequencies: whether the critic learns scales of its features, in a
        layer of `networks.with_frequency_scales`.
      generator_sees_real: whether the generator's loss depends on the real
        images.
      needs_independent_examples: whether the critic must treat each image by
        itself, for example because the loss contains gradients with respect to
        single images.
      output_bias: whether the critic's last layer has a bias.
      needs_penultimate: whether the critic must return `penultimate`.
      needs_denoiser: whether the critic must have a denoiser.
    """

    fakes_per_real: ClassVar[int] = 1
    single_output: ClassVar[bool] = False
    needs_decoder: ClassVar[bool] = False
    learns_frequencies: ClassVar[bool] = False
    generator_sees_real: ClassVar[bool] = True
    needs_independent_examples: ClassVar[bool] = False
    output_bias: ClassVar[bool] = True
    needs_penultimate: ClassVar[bool] = False
    needs_denoiser: ClassVar[bool] = False

    @abc.abstractmethod
    def critic_loss(self, seen: Comparison) -> Loss:
        """Loss of the critic; called in replica context."""

    @abc.abstractmethod
    def generator_loss(self, seen: Comparison) -> Loss:
        """Loss of the generator; called in replica context."""

    @abc.abstractmethod
    def witness(self, features: tf.Tensor, seen: Comparison) -> tf.Tensor:
        """The function by which real and generated images are told apart: [b].

        Gradient penalties bound its slope. It is taken at `features` [b, d], of
        which row i belongs with row i of this replica's batches.
        """

    def after_update(  # noqa: B027
        self, critic: Critic, terms: Mapping[str, tf.Tensor]
    ) -> None:
        """Called after the optimizer has updated the critic; does nothing."""


class ScalarCriterion(Criterion):
    """A criterion for a critic with one output, which is the witness.

    For example:

        >>> @dataclasses.dataclass(frozen=True)
        ... class LeastSquares(tm.ScalarCriterion):
        ...     def critic_loss(self, seen):
        ...         real = tf.reduce_mean(tf.square(seen.x - 1.0))
        ...         return real + tf.reduce_mean(tf.square(seen.y))
        ...
        ...     def generator_loss(self, seen):
        ...         return tf.reduce_mean(tf.square(seen.y - 1.0))
        >>> tm.Objective(LeastSquares()).criterion
        LeastSquares()
    """

    single_output: ClassVar[bool] = True
    generator_sees_real: ClassVar[bool] = False

    def witness(self, features: tf.Tensor, seen: Comparison) -> tf.Tensor:
        """The critic's output itself, [b]."""
        del seen
        return features[:, 0]


Side = Literal["real", "fake"]


def concatenate(*batches: Batch) -> Batch:
    """All batches as one, in their order, so that the critic runs once."""
    labels = None
    if batches[0].labels is not None:
        labels = tf.concat([batch.labels for batch in batches], axis=0)
    return Batch(tf.concat([b.images for b in batches], axis=0), labels)
