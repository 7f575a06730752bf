"""An auto-encoder made of a pair of networks, and a generator of its codes.

Y. Li, K. Swersky and R. Zemel, "Generative moment matching networks", ICML
2015, arXiv:1502.02761, section 4. Codes are in (0, 1): a generator that ends in
a sigmoid can make all of them, and nothing else.
"""

import keras

from tf_mmdgan import errors
from tf_mmdgan.networks import mlp
from tf_mmdgan.networks.conditioning import Conditioning
from tf_mmdgan.networks.decoder import outputs_of, with_decoder
from tf_mmdgan.networks.options import GeneratorOptions

# Hidden layers of the generators of that paper, in multiples of 64.
GMMN_MULTIPLES = (1, 4, 4, 16)
_WIDTH = 64


def autoencoder(critic: keras.Model, decoder: keras.Model) -> keras.Model:
    """A critic with codes in (0, 1) as its features, and with a decoder.

    Args:
      critic: any of `ARCHITECTURES`, without labels.
      decoder: as for `with_decoder`.

    Returns:
      images -> {"features": codes [b, k], "reconstruction": images, ...}.

    Raises:
      ValueError: as `with_decoder`.
    """
    outputs = outputs_of(critic)
    outputs = {**outputs, "features": _codes(outputs["features"])}
    encoder = keras.Model(critic.input, outputs, name=f"{critic.name}_encoder")
    return with_decoder(encoder, decoder)


def code_generator(
    code_size: int, latent_size: int, conditioning: Conditioning | None = None
) -> keras.Model:
    """From latents [b, latent_size] to codes in (0, 1), [b, code_size].

    Hidden layers of 64, 256, 256 and 1024 units with ReLU.

    Args:
      code_size: width of a code.
      latent_size: width of the latents.
      conditioning: how labels enter, if they do; by concatenation only.

    Raises:
      UsageError: for a number below 1.
    """
    points = mlp.generator(
        (code_size,),
        GeneratorOptions(
            latent_size,
            width=_WIDTH,
            batch_norm=False,
            conditioning=conditioning,
        ),
        multiples=GMMN_MULTIPLES,
    )
    codes = _codes(points.output)
    return keras.Model(points.inputs, codes, name="code_generator")


def _codes(x: keras.KerasTensor) -> keras.KerasTensor:
    """Any numbers to codes in (0, 1), float32 under any policy."""
    sigmoid = keras.layers.Activation("sigmoid", dtype="float32", name="codes")
    return sigmoid(x)


def decoded(
    autoencoder: keras.Model, code_generator: keras.Model
) -> keras.Model:
    """From latents to images: codes that are generated and then decoded.

    Raises:
      UsageError: for an auto-encoder without a decoder, and for codes that the
        decoder does not take.
    """
    named = {layer.name: layer for layer in autoencoder.layers}
    outputs = getattr(autoencoder, "output", None)
    made = isinstance(outputs, dict) and "reconstruction" in outputs
    if not made or "decoder" not in named:
        raise errors.UsageError(
            'The autoencoder must return its "reconstruction", such as '
            "networks.with_decoder makes it."
        )
    decoder, codes = named["decoder"], code_generator.outputs[0]
    wanted = decoder.inputs[0].shape[1:]
    if codes.shape[1:] != wanted:
        raise errors.UsageError(
            f"The code_generator makes codes {list(codes.shape[1:])}, and the "
            f"decoder takes {list(wanted)}."
        )
    return keras.Model(code_generator.inputs, decoder(codes))
