import keras
import numpy as np
import pytest
import tiny

from tf_mmdgan import errors
from tf_mmdgan.models import AdversarialModel
from tf_mmdgan.objectives import MMDGAN, Objective


@keras.saving.register_keras_serializable("own_networks_test")
class OwnGenerator(keras.Model):
    """A generator as a class, as Keras' guides have them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(16, activation="tanh")
        self.reshape = keras.layers.Reshape(tiny.SHAPE)

    def call(self, latents):
        return self.reshape(self.dense(latents))


class Unserializable(OwnGenerator):
    def __init__(self, function):
        super().__init__()
        self.function = function


class OwnCritic(keras.Model):
    """A critic as a class, which returns its features alone."""

    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(3)

    def call(self, images):
        return self.dense(self.flatten(images))


class Broken(OwnCritic):
    def call(self, images):
        raise ValueError("no such thing")


def adversarial(generator, critic):
    objective = Objective(MMDGAN("rbf"))
    made = AdversarialModel(
        generator, critic, tiny.LATENTS, objective, critic_steps=1
    )
    made.compile("sgd", "sgd")
    return made


@pytest.mark.parametrize(
    "networks",
    [
        lambda: (OwnGenerator(), OwnCritic()),
        lambda: (
            keras.Sequential([keras.Input((3,)), OwnGenerator()]),
            keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)]),
        ),
    ],
    ids=["classes", "sequential"],
)
def test_networks_of_any_kind_are_trained(networks):
    generator, critic = networks()
    made = adversarial(generator, critic)
    before = [network.get_weights() for network in (generator, critic)]
    images = np.random.default_rng(4).uniform(-1.0, 1.0, (24, *tiny.SHAPE))
    made.fit(images.astype(np.float32), batch_size=8, verbose=0)
    for old, network in zip(before, (generator, critic), strict=True):
        assert (old[0] != network.get_weights()[0]).any()
    assert made.generate(2).shape == (2, *tiny.SHAPE)
    kept = made.ema_generator.get_weights()[0]
    assert (kept != generator.get_weights()[0]).any()


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (
            lambda: (Unserializable(len), OwnCritic()),
            "cannot be copied for its average",
        ),
        (
            lambda: (OwnGenerator(), Broken()),
            r"critic cannot be called on inputs \[4, 4, 1\]: .*no such thing",
        ),
    ],
)
def test_networks_that_cannot_be_trained(networks, message):
    with pytest.raises(errors.UsageError, match=message):
        adversarial(*networks())
