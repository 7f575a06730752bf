"""Where labels, of classes or of numbers, enter a network."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras

from tf_mmdgan import errors, keras_settings, switches
from tf_mmdgan.conditions import Classes, Condition
from tf_mmdgan.networks import layers, modulation
from tf_mmdgan.networks.layers import Normalization

KINDS = ("projection", "concatenation")
_EMBEDDED = 64  # width of the rows that stand for labels of numbers


@dataclasses.dataclass(frozen=True)
class Conditioning:
    """How a generator and a critic are told the label of an image.

    "projection": the generator's batch normalization has a scale and an offset
    for each class, and the critic's features are

      W phi + b + e_y^T phi

    with phi the critic's last activations and e_y an embedding of the label,
    [width of phi, number of features] (T. Miyato and M. Koyama, "cGANs with
    Projection Discriminator", ICLR 2018, arXiv:1802.05637, section 3, for one
    feature).
    "concatenation": the labels, one-hot, are appended to the latents and as
    constant channels to the images (M. Mirza and S. Osindero, "Conditional
    Generative Adversarial Nets", arXiv:1411.1784, section 3.2).

    Labels of numbers are appended as they are. By projection, the rows of a
    `DenseEmbedding` stand where classes have their one-hot rows, and the
    generator's scales and offsets are linear in these, as those of BigGAN.

        >>> labels = tm.Conditioning(tm.Classes(10), "concatenation")
        >>> tm.GeneratorOptions(64, conditioning=labels).latent_size
        64

    Attributes:
      condition: what labels are.
      kind: "projection" or "concatenation".
      project_output: for "projection", the variant of the code of Scaled MMD
        GAN (https://github.com/MichaelArbel/Scaled-MMD-GAN), where the features
        f = W phi + b stand in place of phi: f + e_y^T f, with e_y a vector.

    Raises:
      UsageError: for a kind or a combination that is not these.
    """

    condition: Condition
    kind: str
    project_output: bool = False

    def __post_init__(self):
        switches.settle(self)
        errors.check_type("condition", self.condition, Condition)
        errors.pick(dict.fromkeys(KINDS), self.kind, "conditioning")
        if self.project_output and self.kind != "projection":
            raise errors.UsageError(
                f"project_output belongs to conditioning by projection, not "
                f"by {self.kind}."
            )


class Inputs:
    """The inputs of a network, and what the labels among them do in it.

    Attributes:
      data: latents or images.
      tensors: what the model is called with, `data` or [`data`, labels].
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        name: str,
        conditioning: Conditioning | None,
    ):
        keras_settings.check()
        self.data = keras.Input(shape, name=name)
        self.tensors = self.data
        self._projection = _if_kind(conditioning, "projection")
        self._concatenation = _if_kind(conditioning, "concatenation")
        if conditioning is not None:
            condition = conditioning.condition
            labels = keras.Input(
                condition.shape, dtype=condition.dtype.name, name="labels"
            )
            self.tensors = [self.data, labels]
            self._is_class = isinstance(condition, Classes)
            self._rows = _rows(conditioning, labels)

    @property
    def projects_activations(self) -> bool:
        """Whether the labels' share is linear in the last activations."""
        projection = self._projection
        return projection is not None and not projection.project_output

    def with_labels(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Appends the labels to x, [b, n] or images, if by concatenation."""
        if self._concatenation is None:
            return x
        rows = self._rows
        if len(x.shape) > 2:
            _, height, width, _ = x.shape
            rows = keras.layers.RepeatVector(height * width)(rows)
            shape = (height, width, self._rows.shape[-1])
            rows = keras.layers.Reshape(shape, name="label_channels")(rows)
        return keras.layers.Concatenate(name="labelled")([x, rows])

    @property
    def projected_labels(self) -> keras.KerasTensor | None:
        """Rows [b, n] of labels; None where they do not enter by projection."""
        return None if self._projection is None else self._rows

    def normalized_labels(self, batch_norm: bool) -> keras.KerasTensor | None:
        """Rows [b, n] of labels that act in the generator's batch norm.

        None where labels do not enter by projection.

        Raises:
          UsageError: where projection would have no layer to act in.
        """
        if self._projection is None:
            return None
        if not batch_norm:
            raise errors.UsageError(
                "Conditioning by projection acts in the generator's batch "
                "normalization: leave that on, or take concatenation."
            )
        return self._rows

    def normalization(
        self, batch_norm: bool, batch_statistics: bool
    ) -> Normalization:
        """The generator's batch normalization; nothing without `batch_norm`.

        Raises:
          UsageError: where projection would have no layer to act in.
        """
        rows = self.normalized_labels(batch_norm)
        if rows is not None and not self._is_class:
            return modulation.modulated_batch_norm(
                rows, _started_at_zero, batch_statistics
            )
        classes = None if rows is None else rows.shape[-1]

        def normalize(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
            if not batch_norm:
                return x
            layer = layers.batch_norm(
                name, num_classes=classes, batch_statistics=batch_statistics
            )
            return layer(x) if rows is None else layer(x, rows)

        return normalize

    def project(
        self,
        features: keras.KerasTensor,
        phi: keras.KerasTensor,
        linear: Callable[..., keras.layers.Layer],
    ) -> keras.KerasTensor:
        """Adds the labels' share to the critic's features, if by projection.

        Args:
          features: [b, d].
          phi: the activations that the features are linear in, [b, p].
          linear: linear(units, **kwargs) -> the layer that embeds the labels.
        """
        if self._projection is None:
            return features
        columns = features.shape[-1]
        if self._projection.project_output:
            phi, columns = features, 1
        rows = phi.shape[-1]
        # A linear layer on one-hot rows: its kernel is the table of e_y.
        embedding = linear(
            rows * columns, use_bias=False, dtype="float32", name="embedding"
        )(self._rows)
        matrix = keras.layers.Reshape((rows, columns), dtype="float32")
        dot = keras.layers.Dot(axes=1, dtype="float32", name="projection")
        share = dot([phi, matrix(embedding)])
        add = keras.layers.Add(dtype="float32", name="projected")
        return add([features, share])


def _rows(
    conditioning: Conditioning, labels: keras.KerasTensor
) -> keras.KerasTensor:
    """What labels are to the layers that take them, [b, n]."""
    condition = conditioning.condition
    if isinstance(condition, Classes):
        return layers.OneHot(condition.count, name="one_hot")(labels)
    if conditioning.kind == "concatenation":
        return labels
    return layers.DenseEmbedding(_EMBEDDED, name="embedded_labels")(labels)


def _started_at_zero(units: int, **kwargs: Any) -> keras.layers.Layer:
    """A linear layer that begins as classes do: with scale 1 and offset 0."""
    return keras.layers.Dense(units, kernel_initializer="zeros", **kwargs)


def _if_kind(
    conditioning: Conditioning | None, kind: str
) -> Conditioning | None:
    if conditioning is None or conditioning.kind != kind:
        return None
    return conditioning
