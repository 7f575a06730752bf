import numpy as np
import pytest

from tf_mmdgan import networks
from tf_mmdgan.conditions import Classes
from tf_mmdgan.networks import CriticOptions, GeneratorOptions


def test_reconstruction_is_the_decoded_features(rng):
    entry = networks.ARCHITECTURES["dcgan"]
    shape = (16, 17, 3)
    critic = entry.critic(shape, CriticOptions(5, width=2))
    decoder = entry.generator(
        shape, GeneratorOptions(5, width=2, batch_norm=False)
    )
    for weight in decoder.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    both = networks.with_decoder(critic, decoder)
    images = rng.uniform(-1, 1, (3, *shape)).astype(np.float32)
    outputs, features = both(images), critic(images)["features"]
    assert sorted(outputs) == [
        "activations", "features", "penultimate", "reconstruction",
    ]  # fmt: skip
    np.testing.assert_allclose(outputs["features"], features, rtol=1e-6)
    np.testing.assert_allclose(
        outputs["reconstruction"], decoder(features), rtol=1e-4, atol=1e-6
    )
    submodel = both.get_layer("decoder")
    mine = {id(weight) for weight in submodel.trainable_weights}
    assert mine == {id(weight) for weight in decoder.trainable_weights}
    rest = {id(weight) for weight in both.trainable_weights} - mine
    assert rest == {id(weight) for weight in critic.trainable_weights}


def test_decodes_all_features_of_a_fully_convolutional_critic():
    entry = networks.ARCHITECTURES["fullconv5"]
    critic = entry.critic((33, 33, 1), CriticOptions(5, width=2))
    decoder = entry.generator((33, 33, 1), GeneratorOptions(20, width=2))
    both = networks.with_decoder(critic, decoder)
    assert both.output["reconstruction"].shape == (None, 33, 33, 1)


def test_refuses_a_decoder_of_another_shape():
    entry = networks.ARCHITECTURES["mlp"]
    critic = entry.critic((2,), CriticOptions(5))
    labels = networks.Conditioning(Classes(3), "concatenation")
    for decoder in (
        entry.generator((2,), GeneratorOptions(4)),
        entry.generator((2,), GeneratorOptions(5, conditioning=labels)),
    ):
        with pytest.raises(ValueError, match="latent_size=5 and no labels"):
            networks.with_decoder(critic, decoder)
    with pytest.raises(ValueError, match=r"makes \(3,\), the critic sees"):
        networks.with_decoder(
            critic, entry.generator((3,), GeneratorOptions(5))
        )
