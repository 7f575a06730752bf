"""Networks in training as an objective sees them."""

import copy
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Purpose, Update
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import adopting, updates
from tf_mmdgan.networks import (
    denoiser_of,
    frequency_scales,
    matrices,
    style_parts,
)
from tf_mmdgan.objectives import Batch, CriticOutput, criterion
from tf_mmdgan.objectives.critic_form import Denoiser

# Parts of a critic that tell nothing apart.
_UNCLIPPED = ("decoder", "denoiser")


class CriticView:
    """A critic network as an objective sees it: `objectives.Critic`.

    Attributes:
      network: the critic.
      multiplier: see `objectives.Critic`.
      adaptation: see `objectives.Critic`.
    """

    def __init__(
        self,
        network: keras.Model,
        multiplier: keras.Variable,
        adaptation: keras.Variable | None = None,
    ):
        self.network = network
        self.multiplier = multiplier
        self.adaptation = adaptation
        self._mixes_examples = adopting.mixes_examples(network)

    @property
    def frequency_scales(self) -> tf.Tensor | None:
        """See `objectives.Critic`."""
        return frequency_scales(self.network)

    @property
    def denoiser(self) -> Denoiser | None:
        """See `objectives.Critic`."""
        return denoiser_of(self.network)

    def __call__(self, batch: Batch) -> CriticOutput:
        """See `objectives.Critic`."""
        return CriticOutput(**self.outputs(batch))

    def joint(self, *batches: Batch) -> CriticOutput:
        """See `objectives.Critic.joint`."""
        if not self._mixes_examples:
            return self(criterion.concatenate(*batches))
        joined = tf.nest.map_structure(
            lambda *rows: tf.concat(rows, axis=0),
            *(self.outputs(batch) for batch in batches),
        )
        return CriticOutput(**joined)

    def outputs(self, batch: Batch) -> dict[str, Any]:
        """What the network returns for a batch, by name."""
        inputs = updates.with_labels(self.network, *batch)
        outputs = self.network(inputs, training=True)
        # Losses are float32 at least, whatever type the network computes in.
        return {"activations": []} | {
            name: value if name == "activations" else wide(value)
            for name, value in outputs.items()
        }

    def clip_weights(self, bound: float) -> None:
        """See `objectives.Critic.clip_weights`."""
        others = {
            id(weight)
            for layer in self.network.layers
            if layer.name in _UNCLIPPED
            for weight in layer.weights
        }
        for weight in self.network.trainable_variables:
            if id(weight) not in others:
                weight.assign(tf.clip_by_value(weight.value, -bound, bound))


class GeneratorView:
    """A generator network as an objective sees it: `objectives.Generator`.

    Args:
      network: the generator.
      latents: the law of its input.
      path_length: the mean that a `PathLengthPenalty` moves, which needs a
        style-based generator; None: there is no such penalty.
    """

    def __init__(
        self,
        network: keras.Model,
        latents: Latents,
        path_length: keras.Variable | None = None,
    ):
        self._network = network
        self._latents = latents
        self.path_length = path_length
        # Not in each step: a network may not be made while one is traced.
        self._parts = None if path_length is None else style_parts(network)
        self._real: Batch | None = None

    def beside(self, real: Batch) -> "GeneratorView":
        """The same in an update with these real images."""
        other = copy.copy(self)
        other._real = real
        return other

    def kernels(self) -> list[tf.Tensor]:
        """See `objectives.Generator.kernels`."""
        return matrices.kernel_matrices(self._network)

    def styles(
        self, update: Update
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        """See `objectives.Generator.styles`."""
        parts, real = self._parts, self._real
        if parts is None or real is None:
            raise errors.UsageError(
                "A penalty on styles says so by needs_styles = True, and has "
                "them in updates of the generator."
            )
        images, labels = real
        count = (tf.shape(images)[0] + 1) // 2
        latents = update.latents(
            self._latents, count, purpose=Purpose.PATH_LENGTH
        )
        # Not the first half, which with several devices would be another one.
        some = None if labels is None else labels[::2]
        inputs = updates.with_labels(self._network, latents, some)
        styles = parts.chosen(inputs, training=True)
        return styles, lambda given: wide(
            parts.synthesis([given, latents], training=True)
        )


def wide(tensor: tf.Tensor) -> tf.Tensor:
    """Float32 at least."""
    return tensor if tensor.dtype.size >= 4 else tf.cast(tensor, tf.float32)
