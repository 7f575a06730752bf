"""Critics as their objectives want them."""

from tf_mmdgan import config, methods


def model(**settings):
    """With fully connected networks of four pixels."""
    given = {"run_dir": "run", "architecture": "mlp", **settings}
    return methods.make_model(config.TrainConfig(**given), (2, 2, 1))


def test_the_last_layer_of_a_fisher_critic_has_no_bias():
    for objective, biased in (("fisher", False), ("wgan", True)):
        layer = model(objective=objective).critic.get_layer("features")
        assert (layer.bias is not None) == biased
