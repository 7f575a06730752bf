"""What models train on, without the models."""

from tf_mmdgan import methods


def loss_of(config):
    """The loss that a configuration describes."""
    settings = methods.settings_of(config)
    return methods.METHODS[config.objective].loss(settings)
