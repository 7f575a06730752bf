"""An auto-encoder made of a pair of networks, and a generator of its codes.

Y. Li, K. Swersky and R. Zemel, "Generative moment matching networks", ICML
2015, arXiv:1502.02761, section 4: codes in (0, 1), a bounded space that a
generator which ends in a sigmoid fills.
"""

import keras

from tf_mmdgan.networks import mlp
from tf_mmdgan.networks.decoder import with_decoder
from tf_mmdgan.networks.options import GeneratorOptions

# Hidden layers of the generators of that paper, in multiples of 64.
GMMN_MULTIPLES = (1, 4, 4, 16)
_WIDTH = 64


def autoencoder(critic: keras.Model, decoder: keras.Model) -> keras.Model:
    """A critic whose features are codes in (0, 1), with its decoder.

    Args:
      critic: any of `ARCHITECTURES`, without labels.
      decoder: as for `with_decoder`.

    Returns:
      images -> {"features": codes [b, k], "reconstruction": images, ...}.

    Raises:
      ValueError: for a decoder of another shape than the critic's.
    """
    sigmoid = keras.layers.Activation("sigmoid", dtype="float32", name="codes")
    outputs = {**critic.output, "features": sigmoid(critic.output["features"])}
    encoder = keras.Model(critic.input, outputs, name=f"{critic.name}_encoder")
    return with_decoder(encoder, decoder)


def code_generator(code_size: int, latent_size: int) -> keras.Model:
    """From latents [b, latent_size] to codes in (0, 1), [b, code_size].

    Hidden layers of 64, 256, 256 and 1024 units with ReLU.

    Raises:
      UsageError: for a number below 1.
    """
    points = mlp.generator(
        (code_size,),
        GeneratorOptions(latent_size, width=_WIDTH, batch_norm=False),
        multiples=GMMN_MULTIPLES,
    )
    sigmoid = keras.layers.Activation("sigmoid", dtype="float32", name="codes")
    return keras.Model(
        points.input, sigmoid(points.output), name="code_generator"
    )
