"""What a builder makes of a configuration."""

import pytest
import tensorflow as tf

from tf_mmdgan import config, errors, methods
from tf_mmdgan.networks.spectral_normalization import spectral_layers


def test_generators_that_have_spectral_norm_have_it_unless_it_is_refused():
    def layers_of(**kwargs):
        chosen = config.TrainConfig(
            run_dir="run", generator_width=1, latent_size=6, **kwargs
        )
        parts = methods.builder.Builder(
            chosen, methods.settings_of(chosen), (16, 16, 1)
        )
        with tf.Graph().as_default():
            return spectral_layers(parts.generator())

    assert len(layers_of(architecture="biggan", objective="gmmn")) > 10
    without = {"architecture": "biggan", "generator_spectral_norm": False}
    assert not layers_of(**without)
    with pytest.raises(errors.UsageError, match="architecture=dcgan has no"):
        layers_of(generator_spectral_norm=True)
