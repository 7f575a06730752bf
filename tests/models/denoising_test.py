"""A critic with a denoiser in training: who moves what."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import config, errors, methods
from tf_mmdgan.models import adopting
from tf_mmdgan.networks import denoiser_of

SHAPE = (2, 2, 1)


def model(shape=SHAPE, **settings):
    given = {
        "run_dir": "run", "objective": "dfm", "architecture": "mlp",
        "generator_width": 4, "critic_width": 4, "latent_size": 3,
        "denoiser_layers": 1, "denoiser_units": 5, **settings,
    }  # fmt: skip
    return methods.make_model(config.TrainConfig(**given), shape)


def numbers(layer):
    return [weight.numpy() for weight in layer.weights]


def changed(before, layer):
    return [(a != b).any() for a, b in zip(before, numbers(layer), strict=True)]


def test_the_denoiser_learns_with_the_critic_and_stands_in_other_updates(rng):
    made = model()
    layer = denoiser_of(made.critic)
    assert [w.shape[-1] for w in layer.trainable_weights] == [5, 5, 5, 4, 4]
    images = tf.constant(rng.uniform(-1, 1, (8, *SHAPE)), tf.float32)
    before = numbers(layer)
    logs = made.critic_update(images, tf.constant(0, tf.int64))
    assert {"real_loss", "fake_loss", "denoising"} < logs.keys()
    assert all(changed(before, layer))
    before, generator = numbers(made.critic), numbers(made.generator)
    logs = made.generator_update(images, tf.constant(1, tf.int64))
    assert logs["denoising"] > 0.0
    assert any(changed(generator, made.generator))
    # Averages of the critic's own normalization move, as in any GAN.
    mine = {id(weight) for weight in layer.weights}
    for weight, old in zip(made.critic.weights, before, strict=True):
        if id(weight) in mine or weight.trainable:
            np.testing.assert_array_equal(weight.numpy(), old)


def test_the_denoiser_is_no_batch_norm_of_the_critic():
    made = model(critic_batch_norm=False, r1=1.0)
    form = adopting.form_of(made.critic)
    assert form.denoiser and not form.batch_norm
    assert not adopting.mixes_examples(made.critic)
    none = {"denoiser_layers": None, "denoiser_units": None}
    plain = model(objective="gan", **none)
    assert not adopting.form_of(plain.critic).denoiser


def test_clipped_weights_are_not_the_denoisers():
    made = model(weight_clip=1e-4)
    layer = denoiser_of(made.critic)
    made.view.clip_weights(1e-4)
    within = [
        np.abs(weight.numpy()).max() <= 1.1e-4
        for weight in made.critic.trainable_weights
    ]
    mine = {id(weight) for weight in layer.trainable_weights}
    for weight, small in zip(
        made.critic.trainable_weights, within, strict=True
    ):
        if id(weight) not in mine:
            assert small
    kernel = layer.stack[0].kernel
    assert np.abs(kernel.numpy()).max() > 1e-2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"accumulate": 2, "critic_batch_norm": False}, "the denoiser of Den"),
        ({"denoising_noise": 0.0}, "denoising_noise"),
        ({"objective": "gan", "denoiser_layers": 2}, "denoiser_layers has no"),
        ({"architecture": "fullconv5"}, 'is given, "penultimate"'),
    ],
)
def test_what_a_denoiser_does_not_go_with_is_told(settings, words):
    shape = (32, 32, 1) if "architecture" in settings else SHAPE
    with pytest.raises(errors.UsageError) as caught:
        given = {"denoiser_layers": 1, "denoiser_units": None} | settings
        model(shape, **given)
    message = caught.value.with_flag
    assert words in message and "\n" not in message


def test_a_record_of_a_large_denoiser_is_counted():
    few, many = (
        methods.count_critic_weights(
            config.TrainConfig(
                run_dir="run", objective="dfm", architecture="mlp",
                critic_width=4, denoiser_layers=layers, denoiser_units=1000,
            ),
            SHAPE,
        )
        for layers in (1, 2)
    )  # fmt: skip
    assert many - few == 1000 * 1000 + 4 * 1000
