"""What losses ask of a critic before it is trained."""

from typing import NamedTuple


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
