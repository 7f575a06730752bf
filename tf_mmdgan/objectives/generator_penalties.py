"""Terms that may be added to the generator's loss of any criterion.

Each is a frozen value, whose `penalty` is called in replica context.
"""

import abc
import dataclasses
from collections.abc import Sequence
from typing import ClassVar, Protocol

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Update


class Generator(Protocol):
    """The generator as an objective sees it."""

    def kernels(self) -> Sequence[tf.Tensor]:
        """Kernels of its linear layers and convolutions, as they are trained.

        Each is a matrix with one column for each output channel, before
        spectral normalisation. Tables of classes are not among them.
        """


class GeneratorRegularizer(abc.ABC):
    """A term of the generator's loss; yours is a frozen dataclass too.

        >>> @dataclasses.dataclass(frozen=True)
        ... class WeightDecay(tm.GeneratorRegularizer):
        ...     weight: float
        ...
        ...     def penalty(self, generator, update):
        ...         squares = map(tf.square, generator.kernels())
        ...         return tf.add_n([tf.reduce_sum(x) for x in squares])
        >>> decay = [WeightDecay(0.1)]
        >>> objective = tm.Objective(tm.WGAN(), generator_regularizers=decay)
        >>> objective.generator_regularizers
        (WeightDecay(weight=0.1),)

    Attributes:
      weight: what the term is multiplied by.
    """

    weight: float

    @property
    def name(self) -> str:
        """What the term is called in the logs; by default as its class."""
        return type(self).__name__

    @abc.abstractmethod
    def penalty(self, generator: Generator, update: Update) -> tf.Tensor:
        """The term before its weight, a scalar."""


@dataclasses.dataclass(frozen=True)
class OrthogonalPenalty(GeneratorRegularizer):
    """sum_W || W W^T * (1 - I) ||_F^2, which makes filters orthogonal.

    W is a kernel with one row for each output channel (its filter), * is
    elementwise: filters are pushed to be orthogonal to each other, and their
    norms are free. A. Brock, J. Donahue and K. Simonyan, "Large Scale GAN
    Training for High Fidelity Natural Image Synthesis", ICLR 2019,
    arXiv:1809.11096, equation 3, with weight 1e-4.

    The gradient with respect to W is 4 (W W^T * (1 - I)) W. The authors' code
    in PyTorch adds half of it (docs/deviations.md).

        >>> penalty = tm.OrthogonalPenalty(1e-4)
        >>> tm.Objective(tm.WGAN(), generator_regularizers=[penalty]).criterion
        WGAN()

    Attributes:
      weight: beta, >= 0.
    """

    weight: float

    name: ClassVar[str] = "orthogonal_penalty"

    def __post_init__(self):
        errors.check_at_least(0.0, weight=self.weight)

    def penalty(self, generator: Generator, update: Update) -> tf.Tensor:
        """See `GeneratorRegularizer.penalty`."""
        del update
        return tf.add_n([off_diagonal_squares(w) for w in generator.kernels()])


def off_diagonal_squares(matrix: tf.Tensor) -> tf.Tensor:
    """Sum of the squared products of two different columns, a scalar.

    Args:
      matrix: [rows, columns].
    """
    grams = tf.matmul(matrix, matrix, transpose_a=True)
    others = tf.linalg.set_diag(grams, tf.zeros_like(matrix[0]))
    return tf.reduce_sum(tf.square(others))
