"""Generators of few steps: a denoiser called several times in a row.

Data x and noise z ~ N(0, sd^2 I) are joined by the straight path

  x_t = (1 - t) x + t z,  t in [0, 1]

A sampler begins at t = 1, which is noise alone, and goes down to t = 0. It is
one functional model from latents, which hold all noise of all steps, to data.
So whatever takes a generator takes it: averaging of weights, scores, exports.
"""

import dataclasses
import math
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors

_MOST_STEPS = 1000  # of which each is a part of the graph by itself


@dataclasses.dataclass(frozen=True)
class StraightPath:
    """The path between data and noise, and what a denoiser says on it.

    Times are [b, 1, ...], of as many axes as the data.

        >>> path = tm.networks.StraightPath(0.5)
        >>> float(path.noisy(tf.ones([1, 1]), tf.zeros([1, 1]), 0.25)[0, 0])
        0.75

    Attributes:
      deviation: sd, standard deviation of the data and of the noise, > 0.

    Raises:
      UsageError: for a deviation that is not positive.
    """

    deviation: float = 0.5

    def __post_init__(self):
        errors.check_above(0.0, deviation=self.deviation)

    def noisy(self, x: tf.Tensor, noise: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """x_t of data and of noise N(0, I)."""
        return (1.0 - t) * x + t * self.deviation * noise

    def moved(
        self, noisy: tf.Tensor, x: tf.Tensor, t: tf.Tensor, s: tf.Tensor
    ) -> tf.Tensor:
        """x_s with the data and the noise of x_t, for s <= t; t > 0.

        J. Song, C. Meng and S. Ermon, "Denoising diffusion implicit models",
        ICLR 2021, arXiv:2010.02502, eq. 12 without noise.
        """
        share = s / t
        return (1.0 - s - share * (1.0 - t)) * x + share * noisy

    def jump(
        self,
        denoiser: keras.Model,
        noisy: tf.Tensor,
        t: tf.Tensor,
        s: tf.Tensor,
        noise: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """What a denoiser says of x_s, of x_t: x_t itself where s = t.

          c_skip x_t + c_out F(x_t / (sd r), t, s),  r^2 = (1 - t)^2 + t^2
          c_skip = ((1 - t) (1 - s) + t s) / r^2,  c_out = -(t - s) sd / r

        For s = 0 these are the factors of T. Karras et al., "Elucidating the
        design space of diffusion-based generative models", NeurIPS 2022; else
        those of L. Zhou, S. Ermon and J. Song, "Inductive moment matching",
        ICML 2025, arXiv:2503.07565.

        Args:
          denoiser: F.
          noisy: x_t.
          t: its times.
          s: the times that are asked for.
          noise: further noise of the shape of `noisy`, of networks that take
            it.
        """
        square = tf.square(1.0 - t) + tf.square(t)
        root = tf.sqrt(square)
        maps = noisy / (self.deviation * root)
        if noise is not None:
            maps = tf.concat([maps, noise], axis=-1)
        times = tf.concat([tf.reshape(time, [-1, 1]) for time in (t, s)], 1)
        skip = ((1.0 - t) * (1.0 - s) + t * s) / square
        return skip * noisy - self.factor(t, s) * denoiser([maps, times])

    def factor(self, t: tf.Tensor, s: tf.Tensor) -> tf.Tensor:
        """|c_out| of `jump`, of the shape of the times."""
        root = tf.sqrt(tf.square(1.0 - t) + tf.square(t))
        return (t - s) * self.deviation / root


@keras.saving.register_keras_serializable("tf_mmdgan")
class Unrolled(keras.layers.Layer):
    """Steps of equal length from noise to data: [b, latents] -> [b, *shape].

    A denoiser that takes noise draws data of x_t at each step, which x_s is
    then made with: De Bortoli et al. 2025, "Distributional diffusion models
    with scoring rules", arXiv:2502.02483. One that takes none says what x_s is.
    Images are clipped to [-1, 1].

    Args:
      denoiser: the network, which all steps share.
      steps: how many, 1 to 1,000.
      deviation: of the `StraightPath`.
      start: the time at which noise alone is taken for x_t, in (0, 1].
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(
        self,
        denoiser: keras.Model,
        steps: int,
        deviation: float = 0.5,
        start: float = 1.0,
        **kwargs: Any,
    ):
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        errors.check_count(1, steps=steps)
        if steps > _MOST_STEPS:
            raise errors.UsageError(
                f"steps={steps}: need 1 to {_MOST_STEPS}.",
                setting="sampling_steps",
            )
        self.denoiser = denoiser
        self.steps = steps
        self.noise_path = StraightPath(deviation)
        self.start = start

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one example."""
        return tuple(self.denoiser.output_shape[1:])

    @property
    def takes_noise(self) -> bool:
        """Whether the denoiser has noise beside the noisy data."""
        return self.denoiser.input_shape[0][-1] > self.shape[-1]

    @property
    def latent_size(self) -> int:
        """Numbers of noise of one example."""
        return noise_size(self.shape, self.steps, self.takes_noise)

    def call(self, latents: tf.Tensor) -> tf.Tensor:
        """Data of latents ~ N(0, I)."""
        parts = self.latent_size // math.prod(self.shape)
        first, *others = (
            tf.reshape(part, [-1, *self.shape])
            for part in tf.split(latents, parts, axis=1)
        )
        x = self.noise_path.deviation * first
        ones = tf.reshape(tf.ones_like(latents[:, 0]), self._column)
        for number in range(self.steps):
            t, s = (ones * time for time in self._times(number))
            if others:
                drawn = self.noise_path.jump(
                    self.denoiser, x, t, tf.zeros_like(t), others[number]
                )
                x = self.noise_path.moved(x, drawn, t, s)
            else:
                x = self.noise_path.jump(self.denoiser, x, t, s)
        return x if len(self.shape) == 1 else tf.clip_by_value(x, -1.0, 1.0)

    @property
    def _column(self) -> list[int]:
        """The shape of one number for each example, beside the data."""
        return [-1, *[1] * len(self.shape)]

    def _times(self, number: int) -> tuple[float, float]:
        """Where step `number` begins, and where it ends."""
        left = self.steps - number
        ends = left / self.steps, (left - 1) / self.steps
        return self.start * ends[0], self.start * ends[1]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """[b, *shape]."""
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {
            "denoiser": keras.saving.serialize_keras_object(self.denoiser),
            "steps": self.steps,
            "deviation": self.noise_path.deviation,
            "start": self.start,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Unrolled":
        """See `keras.layers.Layer`."""
        made = keras.saving.deserialize_keras_object(config.pop("denoiser"))
        return cls(made, **config)


def noise_size(shape: tuple[int, ...], steps: int, takes_noise: bool) -> int:
    """How many numbers of noise an example of this shape is made of."""
    return math.prod(shape) * (1 + steps * takes_noise)


def unrolled(
    denoiser: keras.Model,
    steps: int,
    deviation: float = 0.5,
    start: float = 1.0,
) -> keras.Model:
    """The generator of `steps` steps of a denoiser, whose weights it shares.

    Its weights do not depend on the number of steps.

    Args:
      denoiser: from [maps, times] to maps; see `times`.
      steps: how many, 1 to 1,000.
      deviation: of the `StraightPath`.
      start: as of `Unrolled`.

    Returns:
      Latents [b, z] ~ N(0, I) -> data [b, *shape].

    Raises:
      UsageError: for no denoiser, another number of steps, or a deviation that
        is not positive.
    """
    if len(getattr(denoiser, "inputs", None) or ()) != 2:
        raise errors.UsageError(
            "denoiser: need a model from [maps, times] to maps, such as "
            "ARCHITECTURES['unet'].denoiser makes."
        )
    kind = denoiser.outputs[0].dtype
    sampler = Unrolled(
        denoiser, steps, deviation, start, name="sampler", dtype=kind
    )
    latents = keras.Input((sampler.latent_size,), name="latents")
    return keras.Model(latents, sampler(latents), name=f"{steps}_steps")
