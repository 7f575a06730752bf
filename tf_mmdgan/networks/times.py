"""The inputs of networks that are told times: denoisers.

A denoiser is a model from [maps, times] to maps. The maps are noisy data, with
as many channels of other noise beside them where the network draws from a
distribution; times are two columns in [0, 1]: that of the data, and that at
which they are wanted. `unrolled` makes a generator of it.
"""

import dataclasses
import math
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors

# Times are scaled so that the fastest waves tell apart what the steps of a
# diffusion model with 1,000 of them have (Ho et al. 2020).
_STEPS = 1000.0
_LONGEST = 10_000.0
_COLUMNS = 2


@dataclasses.dataclass(frozen=True)
class DenoiserOptions:
    """How a denoiser is built.

    Attributes:
      width: channels, or units, as of `GeneratorOptions`, >= 1.
      takes_noise: whether there is noise beside the noisy data.

    Raises:
      UsageError: for a width below 1.
    """

    width: int = 64
    _: dataclasses.KW_ONLY
    takes_noise: bool = False

    def __post_init__(self):
        errors.check_positive(width=self.width)


@keras.saving.register_keras_serializable("tf_mmdgan")
class TimeFeatures(keras.layers.Layer):
    """Sines and cosines of times: [b, k] -> float32 [b, 2 k waves].

    A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5,
    of 1,000 t.

    Args:
      waves: frequencies, from 1 down to 1 / 10,000 in equal ratios, >= 1.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, waves: int, **kwargs: Any):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.waves = waves

    def call(self, times: tf.Tensor) -> tf.Tensor:
        """The features, those of the first time first."""
        share = tf.range(self.waves, dtype=tf.float32) / self.waves
        angles = _STEPS * times[..., None] * tf.exp(-math.log(_LONGEST) * share)
        both = tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)
        return tf.reshape(both, [-1, 2 * self.waves * times.shape[-1]])

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, 2 k waves]."""
        return (input_shape[0], 2 * self.waves * input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"waves": self.waves}


class TimedInputs:
    """The inputs of a denoiser of data of one shape.

    Attributes:
      maps: [b, *shape], with twice the last axis where there is noise.
      embedding: what two layers make of the times, [b, 4 width].
      tensors: what the model is called with, [maps, times].
    """

    def __init__(self, shape: tuple[int, ...], options: DenoiserOptions):
        *places, channels = shape
        if options.takes_noise:
            channels *= 2
        self.maps = keras.Input((*places, channels), name="maps")
        times = keras.Input((_COLUMNS,), name="times")
        self.tensors = [self.maps, times]
        units = 4 * options.width
        x = TimeFeatures(options.width, name="waves")(times)
        x = keras.layers.Dense(units, activation="silu", name="times1")(x)
        self.embedding = keras.layers.Dense(units, name="times2")(x)
