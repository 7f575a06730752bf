"""Generators and critics by name.

To add a pair, write its two builders in a module here and give it a line in
`ARCHITECTURES`.
"""

import dataclasses
import functools
from collections.abc import Callable

import keras

from tf_mmdgan.architectures import dcgan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """A generator and a critic that belong together.

    Attributes:
      generator: generator(image_shape, latent_size, width=64,
        batch_norm=True) -> model from latents [b, latent_size] to float32
        images in [-1, 1], [b, h, w, c].
      critic: critic(image_shape, output_width, width=64, batch_norm=False) ->
        model from images to {"features": float32 [b, output_width],
        "activations": the outputs of its stages, a list}.
      minimum_size: the smallest height and width in pixels.
      maximum_size: the largest height and width in pixels.

    Both builders raise UsageError for what they cannot make.
    """

    generator: Callable[..., keras.Model]
    critic: Callable[..., keras.Model]
    minimum_size: int
    maximum_size: int


def _dcgan(stages: int) -> Architecture:
    return Architecture(
        generator=functools.partial(dcgan.generator, stages=stages),
        critic=functools.partial(dcgan.critic, stages=stages),
        minimum_size=dcgan.minimum_size(stages),
        maximum_size=dcgan.MAXIMUM_SIZE,
    )


ARCHITECTURES = {
    "dcgan": _dcgan(stages=4),
    "dcgan5": _dcgan(stages=5),
}
