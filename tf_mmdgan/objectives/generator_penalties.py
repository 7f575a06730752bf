"""Terms that may be added to the generator's loss of any criterion.

Each is a frozen value, whose `penalty` is called in replica context.
"""

import abc
import dataclasses
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Purpose, Update

# What the lengths of a batch count for in their moving mean.
_PATH_SHARE = 0.01
# Keeps the slope of the root finite where styles have no effect.
_UNDER_ROOT = 1e-12


class Generator(Protocol):
    """The generator as an objective sees it."""

    # Of a `PathLengthPenalty`, saved with the generator's weights; None where
    # there is no such penalty.
    path_length: keras.Variable | None

    def kernels(self) -> Sequence[tf.Tensor]:
        """Kernels of its linear layers and convolutions, as they are trained.

        Each is a matrix with one column for each output channel, before
        spectral normalisation. Tables of classes are not among them.
        """

    def styles(
        self, update: Update
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        """Styles of fresh latents, and the images of any styles.

        Of a style-based generator in training, for half of a batch. Noise is
        that of the same latents, whatever the styles.

        Returns:
          Styles [b / 2, layers, width], and a function from such to images.
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
      needs_styles: whether the generator must be a style-based one.
    """

    weight: float
    needs_styles: ClassVar[bool] = False

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


@dataclasses.dataclass(frozen=True)
class PathLengthPenalty(GeneratorRegularizer):
    """E (|J^T y| - a)^2: a step in w changes images by as much everywhere.

    J is the Jacobian of an image, [h, w, c], with respect to the styles of its
    layers, y ~ N(0, I) / sqrt(h w), and |.| the root of the sum of squares over
    a style, averaged over layers. a is the moving mean of these lengths, of
    which this batch's count for a hundredth; the gradient goes through them
    there too. T. Karras et al., "Analyzing and Improving the Image Quality of
    StyleGAN", CVPR 2020, arXiv:1912.04958, section 3.2 and appendix B; lengths
    are averaged over layers as in the code, which has a weight of 2.

        >>> penalty = tm.PathLengthPenalty(2.0)
        >>> tm.Objective(tm.WGAN(), generator_regularizers=penalty).needs_styles
        True

    Attributes:
      weight: >= 0.
    """

    weight: float

    name: ClassVar[str] = "path_length_penalty"
    needs_styles: ClassVar[bool] = True

    def __post_init__(self):
        errors.check_at_least(0.0, weight=self.weight)

    def penalty(self, generator: Generator, update: Update) -> tf.Tensor:
        """See `GeneratorRegularizer.penalty`; moves the mean length."""
        styles, images_of = generator.styles(update)
        lengths = path_lengths(styles, images_of, update)
        (lengths,) = update.gather([lengths])
        kept = generator.path_length
        assert kept is not None  # It comes with this penalty.
        before = tf.cast(kept.value, lengths.dtype)
        mean = before + _PATH_SHARE * (tf.reduce_mean(lengths) - before)
        kept.assign(tf.stop_gradient(mean))
        return tf.reduce_mean(tf.square(lengths - mean))


def path_lengths(
    styles: tf.Tensor,
    images_of: Callable[[tf.Tensor], tf.Tensor],
    update: Update,
) -> tf.Tensor:
    """How far each image moves with its styles: |J^T y| as above, [b].

    Args:
      styles: [b, layers, width].
      images_of: from styles to images [b, h, w, c].
      update: by which y is drawn.
    """
    with tf.GradientTape() as tape:
        tape.watch(styles)
        images = images_of(styles)
        height, width, _ = images.shape[1:]
        y = update.normal(
            Purpose.PATH_LENGTH, tf.shape(images)[0], images.shape[1:], index=1
        )
        y = tf.cast(y, images.dtype) / (height * width) ** 0.5
        product = tf.reduce_sum(images * y)
    slopes = tape.gradient(product, styles)
    squares = tf.reduce_sum(tf.square(slopes), axis=2)
    return tf.sqrt(tf.reduce_mean(squares, axis=1) + _UNDER_ROOT)


def off_diagonal_squares(matrix: tf.Tensor) -> tf.Tensor:
    """Sum of the squared products of two different columns, a scalar.

    Args:
      matrix: [rows, columns].
    """
    grams = tf.matmul(matrix, matrix, transpose_a=True)
    others = tf.linalg.set_diag(grams, tf.zeros_like(matrix[0]))
    return tf.reduce_sum(tf.square(others))
