"""What an exported style-based generator can be asked for beside.

  mix_styles          seed int64 [n], index int64 [n], other_seed int64 [n],
                      other_index int64 [n], cutoff int32 [n], truncation
                      float32 [n]       -> images uint8 [n, h, w, c],
                                           layers int32 [n]
  interpolate_styles  seed_a int64, seed_b int64, steps int32, truncation
                      float32           -> images uint8 [n, h, w, c]

Of a generator with classes `mix_styles` takes label int32 [n] too, and
`interpolate_styles` one label; both return labels int32 [n]. Of numbers labels
are float32, and data of another range than 0 to 255 have "values" too, as in
`signatures`.

Row i of `mix_styles` is the image number index_i of seed_i up to layer
cutoff_i, from where on the layers have the styles of image number other_index_i
of other_seed_i: 0 takes all styles of that one, and as many as there are, which
"layers" says, takes none. Coarse layers come first. `interpolate_styles` goes
in equal steps from w of the first row of one seed to w of that of the other.
Noise is that of the first image in both.

Truncation, here and in all signatures of `signatures`, is the psi of (w - mean)
psi + mean, for the styles of all layers, with the mean of training: latents
have no say in it, since their length has no effect. Latents that are returned
are those without truncation.
"""

from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.export import refuse
from tf_mmdgan.export.inputs import ENDS, column, of_labels, repeated
from tf_mmdgan.export.signatures import Servable, Tensors
from tf_mmdgan.latents import sampling_seed
from tf_mmdgan.networks import StyleParts, style_parts, styles

_PAIRS = (
    column("seed", tf.int64),
    column("index", tf.int64),
    column("other_seed", tf.int64),
    column("other_index", tf.int64),
    column("cutoff", tf.int32),
    column("truncation", tf.float32),
)


class StyleServable(Servable):
    """A style-based generator behind the functions of the signatures.

    Args:
      parts: those of the generator.
      *args: of `Servable`.
      **kwargs: of `Servable`.
    """

    def __init__(self, parts: StyleParts, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._parts = parts

    def mix_styles(
        self,
        seed: tf.Tensor,
        index: tf.Tensor,
        other_seed: tf.Tensor,
        other_index: tf.Tensor,
        cutoff: tf.Tensor,
        truncation: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> Tensors:
        """One image for each row, of the styles of two."""
        layers = self._parts.styles.layers
        checks = [
            *self._row_checks(seed, index, truncation, label),
            *refuse.bad_rows(
                self.max_samples, 1, seed, other_seed, other_index, cutoff
            ),
            refuse.bad_index("other_index", other_index),
            refuse.bad_count("cutoff", cutoff, 0, layers),
        ]
        with tf.control_dependencies(checks):
            first, second = (
                self._rows(*rows, truncation)
                for rows in ((seed, index), (other_seed, other_index))
            )
        labels = {} if label is None else {"labels": tf.identity(label)}
        mixed = styles.mixed(
            self._styles(first, labels), self._styles(second, labels), cutoff
        )
        found = self._shown(self._made(mixed, first, truncation), labels)
        return {**found, "layers": tf.fill(tf.shape(seed), layers)}

    def interpolate_styles(
        self,
        seed_a: tf.Tensor,
        seed_b: tf.Tensor,
        steps: tf.Tensor,
        truncation: tf.Tensor,
        label: tf.Tensor | None = None,
    ) -> Tensors:
        """Images on the way from the styles of one seed to another's."""
        checks = self._way_checks(steps, truncation, label)
        with tf.control_dependencies(checks):
            first, last = (
                self._latents(sampling_seed(seed), 1, 0, None)
                for seed in (seed_a, seed_b)
            )
        one = {} if label is None else {"labels": label[tf.newaxis]}
        ends = [self._styles(row, one) for row in (first, last)]
        share = tf.cast(tf.range(steps) / (steps - 1), tf.float32)
        share = share[:, tf.newaxis, tf.newaxis]
        way = (1.0 - share) * ends[0] + share * ends[1]
        noise = tf.repeat(first, steps, axis=0)
        labels = {} if label is None else {"labels": repeated(label, steps)}
        return self._shown(self._made(way, noise, truncation), labels)

    def _arguments(self) -> dict[str, tuple[Any, ...]]:
        _, with_label, label_column = of_labels(self.condition)
        return {
            **super()._arguments(),
            "mix_styles": (self.mix_styles, *_PAIRS, *label_column),
            "interpolate_styles": (
                self.interpolate_styles, *ENDS, *with_label,
            ),
        }  # fmt: skip

    def _latents(
        self,
        seed: tf.Tensor,
        count: int | tf.Tensor,
        start: int | tf.Tensor,
        truncation: tf.Tensor | None,
    ) -> tf.Tensor:
        del truncation  # It is of their styles.
        return super()._latents(seed, count, start, None)

    def _generated(
        self, drawn: Tensors, truncation: tf.Tensor | None
    ) -> tf.Tensor:
        if truncation is None:
            return super()._generated(drawn, None)
        latents = drawn["latents"]
        return self._made(self._styles(latents, drawn), latents, truncation)

    def _styles(self, latents: tf.Tensor, drawn: Tensors) -> tf.Tensor:
        """Those of all layers, with the labels that were drawn, if any."""
        labels = drawn.get("labels")
        inputs = latents if labels is None else [latents, labels]
        return self._parts.chosen(inputs, training=False)

    def _made(
        self, given: tf.Tensor, latents: tf.Tensor, truncation: tf.Tensor
    ) -> tf.Tensor:
        """Float images of styles, with the noise of latents."""
        mean = tf.cast(self._parts.styles.mean.value, given.dtype)
        near = styles.truncated(given, mean, truncation)
        made = self._parts.synthesis([near, latents], training=False)
        return tf.cast(made, tf.float32)


def servable_of(generator: keras.Model, *args: Any, **kwargs: Any) -> Servable:
    """A `Servable`, of a style-based generator a `StyleServable`.

    Args:
      generator: that is served.
      *args: more of `Servable`.
      **kwargs: more of `Servable`.

    Raises:
      UsageError: as `Servable`, and for what is no network of known inputs.
    """
    errors.check_type("generator", generator, keras.Model)
    if not getattr(generator, "inputs", None):
        raise errors.UsageError(
            f"generator: a {type(generator).__name__} has no known inputs: "
            "give ema_generator of a model, or keras.Model(x, generator(x)) of "
            "x = keras.Input((z,))."
        )
    parts = style_parts(generator)
    if parts is None:
        return Servable(generator, *args, **kwargs)
    return StyleServable(parts, generator, *args, **kwargs)
