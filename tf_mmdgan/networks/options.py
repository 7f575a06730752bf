"""What a generator and a critic are asked for, beside the shape of images."""

import dataclasses
from typing import Literal

from tf_mmdgan import errors, switches
from tf_mmdgan.latents import Latents
from tf_mmdgan.networks.conditioning import Conditioning
from tf_mmdgan.networks.spectral_normalization import SpectralNorm


@dataclasses.dataclass(frozen=True)
class StyleOptions:
    """How a style-based generator makes its styles, as in stylegan2.

        >>> tm.StyleOptions(mapping_layers=2).mixing
        0.9

    Attributes:
      mapping_layers: of the mapping network, >= 1; 8 in the paper, 2 in later
        settings of its code.
      mixing: how often, in training, an image has the styles of two, in [0, 1].
      latent_distribution: the law of the latents, by which the latents of
        the second one are drawn.

    Raises:
      UsageError: for other numbers.
    """

    mapping_layers: int = 8
    mixing: float = 0.9
    latent_distribution: Literal["uniform", "normal"] = "normal"

    def __post_init__(self):
        errors.check_count(1, mapping_layers=self.mapping_layers)
        Latents(1, self.latent_distribution)  # refuses an unknown one
        errors.check_at_least(0.0, mixing=self.mixing)
        if self.mixing > 1.0:
            raise errors.UsageError(
                f"mixing={self.mixing}: a probability, need 0 to 1.",
                setting="style_mixing",
            )


@dataclasses.dataclass(frozen=True)
class GeneratorOptions:
    """How a generator is built.

        >>> options = tm.GeneratorOptions(8, width=4, batch_norm=False)
        >>> tm.ARCHITECTURES["mlp"].generator((4, 4, 1), options).input_shape
        (None, 8)

    Attributes:
      latent_size: z, width of its input, >= 1.
      width: channels, or units, that those of all layers are multiples of,
        >= 1; see each network.
      batch_norm: whether to normalize over the batch before each ReLU.
      conditioning: how labels enter; None for a network without labels.
      batch_statistics: whether to normalize by the statistics of the batch at
        hand in evaluation too, as the published code of MMD GAN does.
      spectral_norm: of every convolution and fully connected layer, in biggan,
        biggan_deep, biggan_plain and sagan; or None. Others have none.
      styles: how stylegan2 makes styles; other generators have none.

    Raises:
      UsageError: for a number below 1, and for parts and switches of other
        types.
    """

    latent_size: int
    _: dataclasses.KW_ONLY
    width: int = 64
    batch_norm: bool = True
    conditioning: Conditioning | None = None
    batch_statistics: bool = False
    spectral_norm: SpectralNorm | None = None
    styles: StyleOptions = StyleOptions()

    def __post_init__(self):
        switches.settle(self)
        errors.check_positive(latent_size=self.latent_size, width=self.width)
        errors.check_type("styles", self.styles, StyleOptions)
        _check_parts(self)


@dataclasses.dataclass(frozen=True)
class CriticOptions:
    """How a critic is built.

        >>> tm.CriticOptions(16, spectral_norm=tm.SpectralNorm()).output_width
        16

    Attributes:
      output_width: number of features, >= 1.
      width: channels, or units, that those of all layers are multiples of,
        >= 1; see each network.
      batch_norm: whether to normalize over the batch, see each network; only
        for critics without a gradient penalty.
      spectral_norm: of every convolution and fully connected layer, the
        embedding of labels among them; or None.
      conditioning: how labels enter; None for a network without labels.
      published_weights: whether to start from the standard deviations of the
        published code. Else the weights are He's, with which a penalty on the
        activations does not lead the critic to zero; those of the ResNets are
        so anyway, those of a DCGAN critic with batch normalization never.
      output_bias: whether the last layer has a bias.
      minibatch_kernels: matrices of a `MinibatchDiscrimination` before the last
        layer; 0: there is none. It is not under spectral normalization.
      minibatch_deviation: images of a group of a `MinibatchDeviation`, in
        stylegan2; 0: there is none.

    Raises:
      UsageError: for a number below 1, and for parts and switches of other
        types.
    """

    output_width: int
    _: dataclasses.KW_ONLY
    width: int = 64
    batch_norm: bool = False
    spectral_norm: SpectralNorm | None = None
    conditioning: Conditioning | None = None
    published_weights: bool = False
    output_bias: bool = True
    minibatch_kernels: int = 0
    minibatch_deviation: int = 0

    def __post_init__(self):
        switches.settle(self)
        errors.check_count(
            0,
            minibatch_kernels=self.minibatch_kernels,
            minibatch_deviation=self.minibatch_deviation,
        )
        errors.check_positive(output_width=self.output_width, width=self.width)
        _check_parts(self)


def _check_parts(options: GeneratorOptions | CriticOptions) -> None:
    """Raises UsageError for what is neither None nor a value of its kind."""
    if options.conditioning is not None:
        errors.check_type("conditioning", options.conditioning, Conditioning)
    if options.spectral_norm is not None:
        errors.check_type("spectral_norm", options.spectral_norm, SpectralNorm)
