"""What losses ask of a critic before it is trained, and of a part of it."""

from typing import NamedTuple, Protocol

import tensorflow as tf

from tf_mmdgan import errors


class Denoiser(Protocol):
    """What takes noise off features: see `networks.denoiser.Denoiser`."""

    def error(self, rows: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """The mean square by which noisy rows [b, p] are not given back."""

    def residual(self, rows: tf.Tensor) -> tf.Tensor:
        """What is taken for noise in standardized rows: [b, p]."""


class CriticForm(NamedTuple):
    """What is known of a critic before it is trained, for checks.

    Attributes:
      output_width: number of its outputs.
      batch_norm: whether it has batch normalisation, which mixes examples.
      activations: whether it returns those of its hidden layers.
      decoder: whether it returns reconstructions.
      penultimate: whether it returns what its last layer is given.
      denoiser: whether it has one of that.
      image_shape: of what it sees, without the batch; None: not known yet.
      minibatch: whether it has a layer that compares the images of a batch.
      deviation: whether it has one that says how images of a group differ.
    """

    output_width: int
    batch_norm: bool = False
    activations: bool = True
    decoder: bool = True
    penultimate: bool = True
    denoiser: bool = True
    image_shape: tuple[int | None, ...] | None = None
    minibatch: bool = False
    deviation: bool = False

    def check_parts(self, loss: str, **needed: bool) -> None:
        """Refuses a critic without what a loss needs.

        Args:
          loss: its name.
          **needed: whether it needs a part, by the name of the field.

        Raises:
          UsageError: with the function that makes such critics.
        """
        for part, needs in needed.items():
            if needs and not getattr(self, part):
                raise errors.UsageError(
                    f"{loss} needs a critic with a {part}, such as "
                    f"networks.with_{part} makes."
                )
