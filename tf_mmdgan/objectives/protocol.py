"""What an objective sees of a model, and what it gives back."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import tensorflow as tf

from tf_mmdgan.distribution import Draw


class Batch(NamedTuple):
    """Images of one replica.

    Attributes:
      images: [b, h, w, c] in [-1, 1].
      labels: [b], or None where there are none.
    """

    images: tf.Tensor
    labels: tf.Tensor | None = None


class CriticOutput(NamedTuple):
    """What the critic makes of a batch.

    Attributes:
      features: [b, d], its output.
      activations: of its hidden layers, [b, ...] each, in order.
      reconstruction: [b, h, w, c], of a critic with a decoder; else None.
    """

    features: tf.Tensor
    activations: Sequence[tf.Tensor]
    reconstruction: tf.Tensor | None = None


class Loss(NamedTuple):
    """A loss to be minimised.

    Attributes:
      value: scalar; its mean over replicas is the loss of the global batch.
      terms: named scalars worth logging; the loss need not be their sum.
    """

    value: tf.Tensor
    terms: Mapping[str, tf.Tensor]


class Critic(Protocol):
    """The critic as an objective sees it."""

    def __call__(self, batch: Batch) -> CriticOutput:
        """The critic's output for one batch."""

    def both(self, real: Batch, fake: Batch) -> CriticOutput:
        """The output for both, equally many, the rows of `real` first.

        One pass, where examples do not interact.
        """


class Objective(Protocol):
    """A pair of losses; a frozen dataclass whose fields are its settings.

    A field that bears the name of a field of TrainConfig takes its value from
    there, or from `published` where that is None.
    """

    # Independent batches of generated images for each real one.
    fakes_per_real: ClassVar[int]

    @property
    def needs_independent_examples(self) -> bool:
        """Whether the critic must treat each image by itself.

        A gradient penalty is a statement about single images; batch
        normalisation in the critic would make it one about batches.
        """

    @staticmethod
    def published(kernel: str | None) -> Mapping[str, Any]:
        """Published settings of the method with that kernel, by name."""

    def critic_loss(
        self, critic: Critic, real: Batch, fakes: Sequence[Batch], draw: Draw
    ) -> Loss:
        """Loss of the critic; called in replica context."""

    def generator_loss(
        self, critic: Critic, real: Batch, fakes: Sequence[Batch], draw: Draw
    ) -> Loss:
        """Loss of the generator; called in replica context."""


def concatenate(first: Batch, second: Batch) -> Batch:
    """One batch of both, so that the critic runs once."""
    labels = None
    if first.labels is not None:
        labels = tf.concat([first.labels, second.labels], axis=0)
    return Batch(tf.concat([first.images, second.images], axis=0), labels)
