"""Learnt scales of a critic's features, where frequencies are compared."""

from typing import Any

import keras

_NAME = "frequency_scales"


@keras.saving.register_keras_serializable("tf_mmdgan")
class FrequencyScale(keras.layers.Layer):
    """Multiplies each of d features by a learnt scale > 0, at first 1."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the logarithms of the scales, [d]."""
        self.logarithms = self.add_weight(
            name="logarithms", shape=(input_shape[-1],), initializer="zeros"
        )
        self.built = True

    @property
    def scales(self) -> Any:
        """The scales, [d]."""
        return keras.ops.exp(self.logarithms)

    def call(self, inputs: Any) -> Any:
        """The scaled features, of the shape of `inputs`."""
        return inputs * keras.ops.cast(self.scales, inputs.dtype)


def with_frequency_scales(critic: keras.Model) -> keras.Model:
    """The critic with learnt scales of its features.

    To scale features is to scale the frequencies at which they are compared:
    <t, s h> = <s t, h>. The new model shares the critic's weights.

    Args:
      critic: any of `ARCHITECTURES`.
    """
    scaled = FrequencyScale(name=_NAME)(critic.output["features"])
    outputs = {**critic.output, "features": scaled}
    return keras.Model(critic.input, outputs, name=f"{critic.name}_scaled")


def frequency_scales(critic: keras.Model) -> Any:
    """The scales [d] of a critic of `with_frequency_scales`; None of others."""
    for layer in critic.layers:
        if isinstance(layer, FrequencyScale):
            return layer.scales
    return None
