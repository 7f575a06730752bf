"""Generators and critics by name.

To add a pair, write its two builders in a module here and give it a line in
`ARCHITECTURES`.

    >>> options = tm.GeneratorOptions(latent_size=8, width=4)
    >>> tm.ARCHITECTURES["mlp"].generator((4, 4, 1), options).output_shape
    (None, 4, 4, 1)
"""

import dataclasses
import functools
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import keras

from tf_mmdgan import errors, switches
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.networks import (
    biggan,
    biggan_deep,
    blocks,
    dcgan,
    mlp,
    resnet,
    sngan,
    stylegan2,
    unet,
)
from tf_mmdgan.networks.autoencoder import (
    GMMN_MULTIPLES,
    autoencoder,
    code_generator,
    decoded,
)
from tf_mmdgan.networks.conditioning import Conditioning
from tf_mmdgan.networks.decoder import with_decoder
from tf_mmdgan.networks.denoiser import Denoiser, denoiser_of, with_denoiser
from tf_mmdgan.networks.frequency_scale import (
    frequency_scales,
    with_frequency_scales,
)
from tf_mmdgan.networks.minibatch import (
    MinibatchDeviation,
    MinibatchDiscrimination,
)
from tf_mmdgan.networks.options import (
    CriticOptions,
    GeneratorOptions,
    StyleOptions,
)
from tf_mmdgan.networks.stylegan2 import StyleParts, style_parts
from tf_mmdgan.networks.times import DenoiserOptions
from tf_mmdgan.networks.units import in_units
from tf_mmdgan.networks.unrolled import StraightPath, noise_size, unrolled

MakeGenerator = Callable[[tuple[int, ...], GeneratorOptions], keras.Model]
MakeCritic = Callable[[tuple[int, ...], CriticOptions], keras.Model]
MakeDenoiser = Callable[[tuple[int, ...], DenoiserOptions], keras.Model]


@dataclasses.dataclass(frozen=True)
class _Checked:
    """A builder of networks that looks at its arguments first."""

    make: Callable[..., keras.Model]
    options: type

    def __call__(self, image_shape: Sequence[int], options: Any) -> keras.Model:
        """The network.

        Raises:
          UsageError: for what is no shape, and for other options.
        """
        errors.check_type("options", options, self.options)
        if not isinstance(image_shape, tuple | list) or not all(
            isinstance(side, numbers.Integral) for side in image_shape
        ):
            raise errors.UsageError(
                f"image_shape={errors.excerpt(image_shape, 40)}: need (height, "
                "width, channels), or (n,) for points."
            )
        return self.make(tuple(image_shape), options)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """A generator and a critic that belong together.

      generator(image_shape, options)

    makes a model from latents [b, latent_size] to float32 images in [-1, 1],
    [b, h, w, c]; for points, whose image_shape is (n,), to any numbers [b, n].

      critic(image_shape, options)

    makes a model from images to {"features": float32 [b, d], "activations": the
    outputs of its hidden stages, a list}; d is output_width, but in fullconv5
    output_width * ceil(h / 32) * ceil(w / 32). All but fullconv5 also return
    "penultimate" [b, p], what their last layer makes the features of.

    With conditioning, the models are called with [latents, labels] and [images,
    labels], labels int32 [b]. For example,

      pair = ARCHITECTURES["dcgan"]
      generator = pair.generator((28, 28, 1), GeneratorOptions(100, width=16))
      critic = pair.critic((28, 28, 1), CriticOptions(16, width=16))

        >>> mlp = tm.ARCHITECTURES["mlp"]
        >>> own = dataclasses.replace(mlp, maximum_size=32)
        >>> own.critic((4, 4, 1), tm.CriticOptions(2, width=4)).count_params()
        98

    Attributes:
      generator: as above.
      critic: as above.
      minimum_size: the smallest height and width in pixels.
      maximum_size: the largest height and width in pixels.
      size_multiple: heights and widths are multiples of this.
      makes_points: whether image_shape may be (n,).
      critic_batch_norm: whether the critic can have batch normalization.
      generator_spectral_norm: whether the generator can be spectrally
        normalised.
      style_based: whether the generator has styles, see `networks.styles`, and
        never batch normalization, and the critic can have a
        `MinibatchDeviation`.
      denoiser: denoiser(image_shape, options) makes a network that is told
        times, from [maps, times] to maps, for generators of few steps; see
        `networks.times`. None: there is none.

    The builders raise UsageError for what they cannot make.
    """

    generator: MakeGenerator
    critic: MakeCritic
    minimum_size: int
    maximum_size: int
    size_multiple: int = 1
    makes_points: bool = False
    critic_batch_norm: bool = True
    generator_spectral_norm: bool = False
    style_based: bool = False
    denoiser: MakeDenoiser | None = None

    def __post_init__(self):
        switches.settle(self)
        for name, options in (
            ("generator", GeneratorOptions),
            ("critic", CriticOptions),
            ("denoiser", DenoiserOptions),
        ):
            make = getattr(self, name)
            if make is not None and not isinstance(make, _Checked):
                errors.check_function(name, make)
                object.__setattr__(self, name, _Checked(make, options))


def _pair(
    generator: MakeGenerator,
    critic: MakeCritic,
    sizes: blocks.Sizes,
    **options: Any,
) -> Architecture:
    return Architecture(
        generator=generator,
        critic=critic,
        minimum_size=sizes.minimum,
        maximum_size=sizes.maximum,
        size_multiple=sizes.multiple,
        **options,
    )


_big_pair = functools.partial(
    _pair,
    sizes=biggan.SIZES,
    critic_batch_norm=False,
    generator_spectral_norm=True,
)
_dcgan5_generator = functools.partial(dcgan.generator, stages=5)
_dcgan5_critic = functools.partial(dcgan.critic, stages=5)
_plain_generator = functools.partial(resnet.generator, plain=True)

ARCHITECTURES: Catalogue[Architecture] = Catalogue("architecture", __doc__) | {
    "dcgan": _pair(dcgan.generator, dcgan.critic, dcgan.sizes(stages=4)),
    "dcgan5": _pair(_dcgan5_generator, _dcgan5_critic, dcgan.sizes(stages=5)),
    "fullconv5": _pair(
        _dcgan5_generator,
        dcgan.fully_convolutional_critic,
        dcgan.sizes(stages=5),
    ),
    "sngan": _pair(
        sngan.generator, sngan.critic, sngan.SIZES, critic_batch_norm=False
    ),
    "g_resnet5": _pair(resnet.generator, _dcgan5_critic, resnet.SIZES),
    "g_resnet5_plain": _pair(_plain_generator, _dcgan5_critic, resnet.SIZES),
    "resnet5": _pair(
        resnet.generator, resnet.critic, resnet.SIZES, critic_batch_norm=False
    ),
    "snresnet": _pair(
        resnet.sn_generator,
        resnet.sn_critic,
        resnet.SIZES,
        critic_batch_norm=False,
    ),
    "biggan": _big_pair(biggan.generator, biggan.critic),
    "biggan_deep": _big_pair(biggan_deep.generator, biggan_deep.critic),
    "biggan_plain": _big_pair(biggan.plain_generator, biggan.plain_critic),
    "sagan": _big_pair(biggan.sagan_generator, biggan.sagan_critic),
    "stylegan2": _pair(
        stylegan2.generator,
        stylegan2.critic,
        stylegan2.SIZES,
        critic_batch_norm=False,
        style_based=True,
    ),
    "unet": _pair(
        unet.generator, unet.critic, unet.SIZES, denoiser=unet.denoiser
    ),
    "mlp": _pair(
        mlp.generator,
        mlp.critic,
        mlp.SIZES,
        makes_points=True,
        denoiser=mlp.denoiser,
    ),
    "gram_mlp": _pair(
        mlp.gram_generator, mlp.gram_critic, mlp.SIZES, makes_points=True
    ),
    "gmmn": _pair(
        functools.partial(mlp.generator, multiples=GMMN_MULTIPLES),
        functools.partial(mlp.critic, multiples=GMMN_MULTIPLES[-1:]),
        mlp.SIZES,
        makes_points=True,
        denoiser=functools.partial(mlp.denoiser, multiples=GMMN_MULTIPLES),
    ),
}

ARCHITECTURE_FAMILY: Family[Architecture] = Family(
    "architecture", ARCHITECTURES, Architecture
)
