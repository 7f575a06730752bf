"""From a configuration to an objective and a model."""

import dataclasses
import re

import losses
import numpy as np
import pytest

from tf_mmdgan import config, errors, kernels, methods
from tf_mmdgan.conditions import Classes
from tf_mmdgan.models import BurnIn
from tf_mmdgan.networks import spectral_normalization
from tf_mmdgan.networks.spectral_normalization import spectral_layers
from tf_mmdgan.objectives import (
    FeaturePenalty,
    GradientPenalty,
    InstanceNoise,
    Scale,
    WeightClipping,
    ZeroCentredPenalty,
    f_divergences,
)
from tf_mmdgan.objectives.annealing import Annealing

TINY = {"generator_width": 2, "critic_width": 2}


def settings(**kwargs):
    return config.TrainConfig(**{"run_dir": "run", **kwargs})


def test_unset_settings_are_the_published_ones():
    objective = losses.loss_of(settings())
    assert objective.criterion.kernel == kernels.KERNELS["rq_linear"]
    assert objective.regularizers == (GradientPenalty(1.0), FeaturePenalty(1.0))
    objective = losses.loss_of(settings(kernel="distance"))
    assert objective.regularizers[0] == GradientPenalty(10.0)
    complete = methods.settings_of(settings(kernel="distance"))
    assert complete.critic_output == 256


def test_given_settings_win_even_when_they_are_zero():
    objective = losses.loss_of(
        settings(kernel="rbf", gradient_penalty=0.0, feature_penalty=0.5)
    )
    assert objective.regularizers == (FeaturePenalty(0.5),)


def test_model_has_the_settings_of_the_configuration():
    model = methods.make_model(
        settings(
            kernel="distance", generator_width=4, critic_width=4,
            latent_size=7, critic_steps=2, learning_rate=3e-4,
            critic_learning_rate=2e-4, beta_1=0.3, clip_norm=2.0,
            burn_in_critic_steps=9, ema_decay=0.5, seed=3,
        ),
        (16, 16, 1),
    )  # fmt: skip
    assert model.critic.output["features"].shape == (None, 256)
    assert model.generator.input_shape == (None, 7)
    assert model.batches_per_step == 3
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(3e-4)
    assert float(model.critic_optimizer.learning_rate) == pytest.approx(2e-4)
    assert model.critic_optimizer.beta_1 == 0.3
    assert model.critic_optimizer.beta_2 == 0.9
    assert (model.ema_decay, model.seed) == (0.5, 3)
    assert model.burn_in.critic_steps == 9


def test_weights_depend_on_the_seed_alone():
    def weights(seed):
        np.random.random(seed + 1)
        made = methods.make_model(
            settings(seed=seed, generator_width=4, critic_width=4), (16, 16, 1)
        )
        return made.generator.get_weights()[0]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert (weights(1) != weights(2)).any()


# Settings, and what the refusal says of them.
IMPOSSIBLE = [
    ({"kernel": "rqq"}, "known: rbf"),
    ({"objective": "mdm"}, "Did you mean 'mmd'"),
    ({"architecture": "dcgan4"}, "known: dcgan"),
    ({"critic_batch_norm": True}, "--critic_batch_norm: .* leave out either"),
    (
        {"objective": "smmd", "critic_batch_norm": True},
        "--critic_batch_norm: .* leave out either",
    ),
    ({"noise_penalty": 1.0}, "--noise_penalty: .* MMDGAN has none"),
    (
        {"objective": "gan_hinge", "noise_penalty": 1.0},
        "HingeGAN has none. Use instance noise, or R1",
    ),
    (
        {"objective": "smmd", "kernel": "distance"},
        "--kernel: The kernel has no Scaled MMD",
    ),
    (
        {
            "objective": "smmd",
            "kernel": "polynomial",
            "scale_jacobian": "hutchinson",
        },
        "With an exact Jacobian it may have one",
    ),
    (
        {"objective": "bounded_repulsive_mmd", "kernel": "rq"},
        "--kernel: Bounds need a Gaussian kernel",
    ),
    ({"penalized_function": "critic"}, "--penalized_function: .*, not 16: pen"),
    ({"objective": "gan", "kernel": "rbf"}, "--kernel has no .*=gan"),
    ({"objective": "cramer", "kernel": "rbf"}, "--kernel has no meaning"),
    ({"objective": "wgan", "divergence": "kl"}, "--divergence has no meaning"),
    ({"objective": "wgan", "scale_offset": 0.1}, "--scale_offset has no mean"),
    ({"constraint_weight": 0.1}, "--constraint_weight has no .*=mmd"),
    (
        {"objective": "f_gan", "divergence": "pearsn"},
        "Unknown divergence 'pearsn'; .* Did you mean 'pearson'",
    ),
    (
        {"objective": "gan", "generator_form": "energy"},
        "Unknown generator form 'energy'; known: minimax, .*boundary_seeking",
    ),
    (
        {"objective": "f_gan", "generator_form": "boundary_seeking"},
        "known: minimax, non_saturating",
    ),
    (
        {"objective": "cramer", "generator_form": "minimax"},
        "known: energy, surrogate",
    ),
    ({"conditioning": "projection"}, "the data set digits has no labels"),
    ({"architecture": "sngan"}, "in steps of 8, not of 17 x 17"),
    (
        {"burn_in_critic_steps": 5},
        "--burn_in_critic_steps: 5 critic updates: must be more than the 5 of",
    ),
    ({"as_published": "rows"}, "Unknown deviation"),
    *(
        (
            {"objective": name, "critic_output": 2},
            "--critic_output: .* needs a critic with one output, not 2",
        )
        for name in (
            "gan", "gan_hinge", "boundary_seeking", "f_gan", "wgan", "wgan_gp",
            "sobolev", "swgan", "lsgan", "relativistic",
            "fisher", "dfm",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("wrong, words", IMPOSSIBLE, ids=str)
def test_impossible_settings_are_refused(wrong, words):
    with pytest.raises(errors.UsageError) as caught:
        methods.make_model(settings(**TINY, **wrong), (17, 17, 1))
    assert re.search(words, caught.value.with_flag)
    assert "\n" not in caught.value.with_flag


def test_conditioning_takes_labels():
    given = settings(conditioning="projection", **TINY)
    with pytest.raises(errors.UsageError, match="leave that on"):
        methods.make_model(
            dataclasses.replace(given, generator_batch_norm=False),
            (16, 16, 1), Classes(3),
        )  # fmt: skip
    model = methods.make_model(given, (16, 16, 1), Classes(3))
    assert (model.num_classes, len(model.critic.inputs)) == (3, 2)
    # Labels that are not asked for are left alone.
    model = methods.make_model(settings(**TINY), (16, 16, 1), Classes(3))
    assert (model.num_classes, len(model.critic.inputs)) == (None, 1)


def test_objectives_have_the_settings_of_their_criteria():
    made = losses.loss_of(settings(objective="f_gan", divergence="kl"))
    assert made.criterion.divergence == f_divergences.DIVERGENCES["kl"]
    made = losses.loss_of(
        settings(objective="smmd", scale_offset=0.5, scale_measure="mixture")
    )
    assert made.criterion.scale == Scale("paper", offset=0.5, measure="mixture")
    made = losses.loss_of(settings(objective="repulsive_mmd", real_weight=1.0))
    assert made.criterion.real_weight == 1.0
    made = losses.loss_of(
        settings(objective="wgan", r1=3.0, r2=2.0, critic_batch_norm=False)
    )
    assert made.regularizers == (
        ZeroCentredPenalty(3.0, "real"), ZeroCentredPenalty(2.0, "fake"),
    )  # fmt: skip
    assert made.weight_clipping == WeightClipping(0.01)


def test_noise_is_annealed_in_steps():
    made = losses.loss_of(
        settings(instance_noise=0.3, noise_annealing_steps=10)
    )
    assert made.instance_noise == InstanceNoise(0.3, Annealing(10))


@pytest.mark.parametrize(
    "name, value",
    [
        ("penalized_function", "witness"),
        ("burn_in_first", 3),
        ("burn_in_every", 3),
        ("noise_annealing_steps", 3),
        ("spectral_scale", 2.0),
        ("learnable_spectral_scale", True),
    ],
)
def test_settings_without_what_they_belong_to_are_refused(name, value):
    alone = settings(objective="gan", **{name: value})
    with pytest.raises(errors.UsageError, match=f"--{name} needs --"):
        methods.settings_of(alone)


def test_objectives_published_with_batch_norm_do_without_it():
    other = settings(objective="gan", architecture="sngan")
    assert not methods.settings_of(other).critic_batch_norm
    with pytest.raises(errors.UsageError, match="leave it out"):
        methods.make_model(
            settings(
                objective="gan", architecture="sngan", critic_batch_norm=True
            ),
            (16, 16, 1),
        )


def test_burn_in_of_the_configuration():
    model = methods.make_model(
        settings(
            burn_in_critic_steps=9, burn_in_first=3, burn_in_every=7, **TINY
        ),
        (16, 16, 1),
    )
    assert model.burn_in == BurnIn(9, 3, 7)
    model = methods.make_model(settings(objective="wgan", **TINY), (16, 16, 1))
    assert model.burn_in == BurnIn(100, 25, 500)


@pytest.mark.parametrize(
    "given, form, scale, learnable",
    [
        ({"objective": "sn_smmd"}, "matrix", 1.0, True),
        ({"objective": "sn_gan"}, "matrix", 1.0, False),
        ({"objective": "repulsive_mmd"}, "operator", 1 / 0.55, False),
        (
            {
                "spectral_norm": "operator",
                "spectral_scale": 1.5,
                "learnable_spectral_scale": True,
            },
            "operator", 1.5, True,
        ),
    ],
    ids=str,
)  # fmt: skip
def test_spectral_settings_reach_the_layers(
    monkeypatch, given, form, scale, learnable
):
    # The steps of the start are most of the time of a build.
    monkeypatch.setattr(spectral_normalization, "_WARM_START", 1)
    model = methods.make_model(settings(**given, **TINY), (16, 16, 1))
    layers = spectral_layers(model.critic)
    assert len(layers) == 5
    for layer in layers:
        assert layer.form == form
        assert float(layer.scale.value) == pytest.approx(scale)
        assert layer.scale.trainable == learnable
        assert layer.vectors == 8


def test_critic_of_li_mmd_is_an_auto_encoder(rng):
    model = methods.make_model(
        settings(objective="li_mmd", critic_output=3, **TINY), (16, 16, 1)
    )
    images = rng.uniform(-1, 1, (4, 16, 16, 1)).astype("float32")
    output = model.critic(images, training=True)
    decoder = model.critic.get_layer("decoder")
    np.testing.assert_allclose(
        output["reconstruction"],
        decoder(output["features"], training=True),
        rtol=1e-4,
        atol=1e-5,
    )
    for weight in model.critic.trainable_variables:
        weight.assign(np.full(weight.shape, 0.5))
    model.critic_update(images, np.int64(0))
    # The optimizer's step is 1e-4 at most, before clipping.
    in_decoder = {id(weight) for weight in decoder.trainable_variables}
    assert 0 < len(in_decoder) < len(model.critic.trainable_variables)
    for weight in model.critic.trainable_variables:
        expected = 0.5 if id(weight) in in_decoder else 0.01
        np.testing.assert_allclose(weight.numpy(), expected, atol=2e-4)


def test_critic_batch_norm_is_fine_without_penalty(rng):
    model = methods.make_model(
        settings(critic_batch_norm=True, gradient_penalty=0.0, **TINY),
        (16, 16, 1),
    )
    images = rng.uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
    moving = model.critic.get_layer("bn2").moving_mean
    terms = model.critic_update(images, np.int64(0))
    assert np.isfinite([float(value) for value in terms.values()]).all()
    # They start at 0, and a tenth of the batches' means is taken each time.
    assert np.abs(moving.numpy()).max() > 0
    assert spectral_layers(model.critic) == []
