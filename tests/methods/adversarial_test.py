"""Critics as their objectives want them."""

import keras
import pytest

from tf_mmdgan import config, errors, methods
from tf_mmdgan.models import AdversarialModel, adopting
from tf_mmdgan.networks import MinibatchDeviation
from tf_mmdgan.objectives import WGAN, GradientPenalty, Objective


def model(**settings):
    """With fully connected networks of four pixels."""
    given = {"run_dir": "run", "architecture": "mlp", **settings}
    return methods.make_model(config.TrainConfig(**given), (2, 2, 1))


def test_the_last_layer_of_a_fisher_critic_has_no_bias():
    for objective, biased in (("fisher", False), ("wgan", True)):
        layer = model(objective=objective).critic.get_layer("features")
        assert (layer.bias is not None) == biased


@pytest.mark.parametrize("penalty", ["gradient_penalty", "r1", "r2"])
def test_minibatch_layers_and_penalties_of_examples_are_refused(penalty):
    given = {penalty: 1.0, "critic_batch_norm": False}
    with pytest.raises(errors.UsageError) as caught:
        model(objective="improved_minibatch", **given)
    message = caught.value.with_flag
    assert message.startswith("--minibatch_kernels: The loss has slopes at")
    assert "\n" not in message


def test_minibatch_layers_are_known_as_such():
    made = model(objective="wgan", critic_batch_norm=False, minibatch_kernels=3)
    assert made.critic.get_layer("minibatch").kernels == 3
    assert adopting.form_of(made.critic).minibatch
    assert not adopting.form_of(model(objective="wgan").critic).minibatch
    with pytest.raises(errors.UsageError, match="minibatch discrimination in"):
        AdversarialModel(
            made.generator,
            made.critic,
            made.latents,
            Objective(WGAN(), [GradientPenalty(1.0)]),
        )


def test_a_deviation_is_known_and_goes_with_r1_alone():
    given = {
        "objective": "gan", "critic_batch_norm": False,
        "minibatch_deviation": 4, "architecture": "stylegan2",
    }  # fmt: skip
    with pytest.raises(errors.UsageError) as caught:
        model(gradient_penalty=1.0, **given)
    assert caught.value.with_flag.startswith("--minibatch_deviation: The loss")
    layers = [keras.Input((4, 4, 1)), MinibatchDeviation(2)]
    layers += [keras.layers.Flatten(), keras.layers.Dense(1)]
    critic = keras.Sequential(layers)
    assert adopting.form_of(keras.Model(
        critic.inputs, {"features": critic.outputs[0]}
    )).deviation  # fmt: skip
    assert adopting.mixes_examples(critic)


def test_features_are_matched_of_critics_that_return_them():
    with pytest.raises(errors.UsageError, match='is given, "penultimate"'):
        given = config.TrainConfig(
            run_dir="run", objective="improved", architecture="fullconv5",
            generator_width=2, critic_width=2,
        )  # fmt: skip
        methods.make_model(given, (32, 32, 1))
