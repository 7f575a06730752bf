"""A critic that can remove noise from what its last layer is given."""

from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.networks import layers

_NAME = "denoiser"


@keras.saving.register_keras_serializable("tf_mmdgan")
class Denoiser(keras.layers.Layer):
    """Passes rows on as they are, and has a network r that takes noise off.

    r gives back standardized rows to which noise was added: hidden layers, each
    with batch normalization and leaky ReLU after it, then a linear one. Rows
    are standardized, so that a deviation of the noise means the same for any
    features: each column less its mean and over its deviation, those of the
    batch in training and their moving averages otherwise. All of it is float32,
    unless `dtype` says otherwise.

    Args:
      hidden_layers: of r, >= 0.
      units: of each of them; 0: as many as a row has columns.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, hidden_layers: int = 10, units: int = 0, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.hidden_layers = hidden_layers
        self.units = units
        self.standard = layers.batch_norm(affine=False, dtype=self.dtype_policy)
        self._depth = 0

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the layers of r, for rows [b, p]."""
        columns, policy = input_shape[-1], self.dtype_policy
        self.standard.build(input_shape)
        shape = input_shape
        for _ in range(self.hidden_layers):
            dense = keras.layers.Dense(
                self.units or columns,
                use_bias=False,  # The offset of the normalization is one.
                kernel_initializer="he_normal",
                dtype=policy,
            )
            norm = layers.batch_norm(dtype=policy)
            for layer in (dense, norm, layers.LeakyReLU(dtype=policy)):
                shape = self._append(layer, shape)
        self._append(keras.layers.Dense(columns, dtype=policy), shape)
        self.built = True

    def _append(self, layer: keras.layers.Layer, shape: Any) -> Any:
        """Builds a layer behind the others; returns the shape that it makes."""
        layer.build(shape)
        # TensorFlow's checkpoints hold attributes, and nothing in lists.
        setattr(self, f"layer{self._depth}", layer)
        self._depth += 1
        return layer.compute_output_shape(shape)

    @property
    def stack(self) -> list[keras.layers.Layer]:
        """The layers of r, in their order."""
        return [getattr(self, f"layer{n}") for n in range(self._depth)]

    def call(self, rows: tf.Tensor) -> tf.Tensor:
        """The rows [b, p] themselves."""
        return rows

    def error(self, rows: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """E (r(u + noise) - u)^2 of standardized rows u, by which r is trained.

        The mean is over rows and columns, and layers normalize over this batch.

        Args:
          rows: [b, p]; no gradient passes to them.
          noise: [b, p].
        """
        clean = self.standard(tf.stop_gradient(rows), training=True)
        found = self._denoised(clean + noise, training=True)
        return tf.reduce_mean(tf.square(found - clean))

    def residual(self, rows: tf.Tensor) -> tf.Tensor:
        """What r takes for noise in standardized rows u: u - r(u), [b, p].

        As in evaluation: by moving averages. No gradient passes through r.
        """
        standard = self.standard(rows, training=False)
        found = self._denoised(standard, training=False)
        return standard - tf.stop_gradient(found)

    def _denoised(self, rows: tf.Tensor, training: bool) -> tf.Tensor:
        for layer in self.stack:
            if isinstance(layer, layers.BatchNormalization):
                rows = layer(rows, training=training)
            else:
                rows = layer(rows)
        return rows

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {
            "hidden_layers": self.hidden_layers,
            "units": self.units,
        }


def with_denoiser(
    critic: keras.Model, hidden_layers: int = 10, units: int = 0
) -> keras.Model:
    """The critic with a `Denoiser` of what its last layer is given.

    The denoiser's weights are among those of the new model, which shares the
    weights of the critic and gives the same outputs.

        >>> options = tm.CriticOptions(1, width=4)
        >>> critic = tm.ARCHITECTURES["mlp"].critic((4, 4, 1), options)
        >>> able = tm.with_denoiser(critic, hidden_layers=2)
        >>> able.count_params() > critic.count_params()
        True

    Args:
      critic: returns {"penultimate": [b, p], ...}, as most of `ARCHITECTURES`.
      hidden_layers: see `Denoiser`.
      units: see `Denoiser`.

    Raises:
      UsageError: for a critic without that, and for negative numbers.
    """
    errors.check_count(0, hidden_layers=hidden_layers, units=units)
    outputs = getattr(critic, "output", None)
    if not isinstance(outputs, dict) or "penultimate" not in outputs:
        raise errors.UsageError(
            "A denoiser needs a critic that returns what its last layer is "
            'given, "penultimate", as those of dcgan do.',
            setting="architecture",
        )
    layer = Denoiser(hidden_layers, units, name=_NAME)
    outputs = {**outputs, "penultimate": layer(outputs["penultimate"])}
    return keras.Model(critic.input, outputs, name=f"{critic.name}_denoiser")


def denoiser_of(critic: keras.Model) -> Denoiser | None:
    """The denoiser of a critic of `with_denoiser`; None of others."""
    found = (x for x in critic.layers if isinstance(x, Denoiser))
    return next(found, None)
