"""What a builder makes of a configuration."""

import pytest
import tensorflow as tf

from tf_mmdgan import config, errors, methods
from tf_mmdgan.networks import StyleOptions
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


def builder_of(**settings):
    chosen = config.TrainConfig(run_dir="run", **settings)
    settings = methods.settings_of(chosen)
    return methods.builder.Builder(chosen, settings, (16, 16, 1))


def test_styles_are_as_published_or_as_asked():
    made = builder_of(architecture="stylegan2").styles
    assert made == StyleOptions(8, 0.9, "uniform")
    made = builder_of(
        architecture="stylegan2", mapping_layers=2, style_mixing=0.0,
        latent_distribution="normal",
    ).styles  # fmt: skip
    assert made == StyleOptions(2, 0.0, "normal")


@pytest.mark.parametrize(
    "settings",
    [{"mapping_layers": 2}, {"style_mixing": 0.5}, {"minibatch_deviation": 4}],
)
def test_settings_of_styles_are_refused_elsewhere(settings):
    chosen = config.TrainConfig(
        run_dir="run", architecture="mlp", objective="gan", **settings
    )
    (name,) = settings
    with pytest.raises(errors.UsageError, match=f"--{name}=.* stylegan2") as e:
        methods.make_model(chosen, (4, 4, 1))
    assert "architecture=mlp" in str(e.value) and "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"style_mixing": 1.5}, "must be 0 to 1"),
        ({"minibatch_deviation": 1}, "2 images or more"),
        ({"mapping_layers": 0}, "mapping_layers"),
    ],
)
def test_impossible_settings_of_styles_are_refused(settings, message):
    with pytest.raises(errors.UsageError, match=message):
        config.TrainConfig(run_dir="run", architecture="stylegan2", **settings)


def style_based(**settings):
    return config.TrainConfig(
        run_dir="run", architecture="stylegan2", objective="gan",
        critic_batch_norm=False, generator_width=1, latent_size=4, **settings,
    )  # fmt: skip


def test_groups_of_a_deviation_divide_the_batch():
    chosen = style_based(minibatch_deviation=5)
    message = "minibatch_deviation=5: --batch_size=64 on 1 device"
    wanted = pytest.raises(errors.UsageError, match=message)
    with wanted, tf.Graph().as_default():
        methods.make_model(chosen, (16, 16, 1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"minibatch_deviation": 4, "batch_size": 12},
            "12 on 2 device.* no multiple of 4 images on each",
        ),
        (
            {"path_length_penalty": 2.0, "batch_size": 6},
            "6 on 2 device.* no multiple of 2 images on each",
        ),
    ],
)
def test_groups_and_halves_divide_the_share_of_each_device(
    two_cpus, settings, message
):
    """With others the result would not be that of one device."""
    wanted = pytest.raises(errors.UsageError, match=message)
    with two_cpus.scope(), wanted:
        methods.make_model(style_based(**settings), (16, 16, 1))
